"""National quotas: pools, their changes and movements; what goods of a line contain."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
FUNCTIONS = ("pools", "ledger", "doors", "hold")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0009_corrections'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='applicationline',
            name='composition',
            field=models.JSONField(blank=True, db_default={}, default=dict, help_text="By mass: {symbol: fraction as a decimal string}. The license's line has it as its upper bound.", verbose_name='contained elements, at most'),
        ),
        migrations.AddField(
            model_name='licenseline',
            name='composition',
            field=models.JSONField(db_default={}, default=dict, help_text='At most so much of each element it contains, by mass: {symbol: fraction}.'),
        ),
        migrations.CreateModel(
            name='QuotaPool',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(max_length=30, verbose_name='number')),
                ('measure', models.CharField(choices=[('content', 'Contained element'), ('gross', 'Mass of the goods')], max_length=10, verbose_name='what is counted')),
                ('element', models.CharField(blank=True, max_length=2, verbose_name='element')),
                ('category', models.CharField(blank=True, max_length=40, verbose_name='category')),
                ('list_name', models.CharField(blank=True, max_length=20, verbose_name='list')),
                ('destinations', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, default=list, size=None)),
                ('end_uses', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, size=None)),
                ('period_from', models.DateField(verbose_name='first day')),
                ('period_until', models.DateField(verbose_name='last day')),
                ('opened_on', models.DateField(help_text='The first day on which use counts: that of its first terms.')),
                ('used', models.BigIntegerField()),
                ('over_used', models.BigIntegerField()),
                ('frozen', models.BooleanField(default=False, help_text='Its books did not agree, and nobody has lifted that yet.')),
                ('chain_seq', models.BigIntegerField()),
                ('chain_digest', models.BinaryField()),
            ],
            options={
                'ordering': ['period_from', 'ref'],
                'constraints': [models.UniqueConstraint(fields=('ref',), name='quota_pool_once'), models.CheckConstraint(condition=models.Q(('over_used__gte', 0), ('used__gte', models.F('over_used'))), name='quota_pool_not_negative'), models.CheckConstraint(condition=models.Q(models.Q(('measure', 'gross'), models.Q(('category', ''), ('element', ''), ('list_name', ''), _negated=True)), models.Q(('measure', 'content'), models.Q(('element', ''), _negated=True)), _connector='OR'), name='quota_pool_of_something')],
            },
        ),
        migrations.CreateModel(
            name='PoolCheck',
            fields=[
                ('pool', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='licensing.quotapool')),
                ('seq', models.BigIntegerField()),
                ('digest', models.BinaryField()),
                ('used', models.BigIntegerField()),
                ('over_used', models.BigIntegerField()),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='PoolMovement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('kind', models.CharField(choices=[('terms', 'Terms'), ('use', 'Use'), ('free', 'Free')], max_length=5)),
                ('cap', models.BigIntegerField(null=True)),
                ('state', models.CharField(blank=True, choices=[('open', 'Open'), ('blocked', 'Blocked'), ('suspended', 'Suspended')], max_length=10)),
                ('public', models.BooleanField(null=True)),
                ('from_day', models.DateField(null=True)),
                ('change_id', models.BigIntegerField(null=True)),
                ('license_id', models.BigIntegerField(null=True)),
                ('shipment_id', models.BigIntegerField(null=True)),
                ('shipment_ref', models.CharField(blank=True, max_length=16)),
                ('line_number', models.PositiveSmallIntegerField(null=True)),
                ('gross', models.BigIntegerField(null=True)),
                ('share', models.DecimalField(decimal_places=10, max_digits=12, null=True)),
                ('basis', models.CharField(blank=True, max_length=40)),
                ('amount', models.BigIntegerField()),
                ('over', models.BigIntegerField()),
                ('used_after', models.BigIntegerField()),
                ('digest', models.BinaryField()),
                ('pool', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='licensing.quotapool')),
            ],
            options={
                'ordering': ['pool', 'seq'],
            },
        ),
        migrations.CreateModel(
            name='PoolChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(max_length=30, verbose_name='number')),
                ('measure', models.CharField(choices=[('content', 'Contained element'), ('gross', 'Mass of the goods')], max_length=10, verbose_name='what is counted')),
                ('element', models.CharField(blank=True, max_length=2, verbose_name='element')),
                ('category', models.CharField(blank=True, max_length=40, verbose_name='category')),
                ('list_name', models.CharField(blank=True, max_length=20, verbose_name='list')),
                ('destinations', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, default=list, size=None)),
                ('end_uses', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, size=None)),
                ('period_from', models.DateField(verbose_name='first day')),
                ('period_until', models.DateField(verbose_name='last day')),
                ('cap', models.BigIntegerField()),
                ('state', models.CharField(choices=[('open', 'Open'), ('blocked', 'Blocked'), ('suspended', 'Suspended')], default='open', max_length=10, verbose_name='state')),
                ('public', models.BooleanField(help_text='Does everybody read whether something is left of it?', verbose_name='public')),
                ('from_day', models.DateField(verbose_name='from')),
                ('reason', models.TextField(verbose_name='reason')),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('approved', models.BooleanField(null=True)),
                ('decision_reason', models.TextField(blank=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('pool', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='licensing.quotapool')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in FUNCTIONS]),
        pgtrigger.migrations.AddTrigger(
            model_name='quotapool',
            trigger=pgtrigger.compiler.Trigger(name='pool_has_room', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.used - NEW.over_used > OLD.used - OLD.over_used)', execute='guard_pool_has_room()', func='RETURN NULL;', hash='386b435354af1bde22d4c44954f5660c28e1f668', operation='UPDATE', pgid='pgtrigger_pool_has_room_4c67d', table='licensing_quotapool', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='poolmovement',
            index=models.Index(condition=models.Q(('shipment_id__isnull', False)), fields=['shipment_id'], name='pool_movement_of_shipment'),
        ),
        migrations.AddIndex(
            model_name='poolmovement',
            index=models.Index(condition=models.Q(('license_id__isnull', False)), fields=['license_id'], name='pool_movement_of_license'),
        ),
        migrations.AddIndex(
            model_name='poolmovement',
            index=models.Index(condition=models.Q(('kind', 'terms')), fields=['pool', 'from_day', 'seq'], name='pool_terms'),
        ),
        migrations.AddConstraint(
            model_name='poolmovement',
            constraint=models.UniqueConstraint(fields=('pool', 'seq'), name='pool_movement_once'),
        ),
        migrations.AddConstraint(
            model_name='poolmovement',
            constraint=models.UniqueConstraint(condition=models.Q(('change_id__isnull', False)), fields=('change_id',), name='pool_movement_of_a_change'),
        ),
        migrations.AddConstraint(
            model_name='poolmovement',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', models.F('over')), ('over__gte', 0)), name='pool_movement_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='poolchange',
            constraint=models.UniqueConstraint(condition=models.Q(('decided_at', None)), fields=('ref',), name='pool_change_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='poolchange',
            constraint=models.CheckConstraint(condition=models.Q(('from_day__lte', models.F('period_until'))), name='pool_change_in_its_period'),
        ),
        migrations.AddConstraint(
            model_name='poolchange',
            constraint=models.CheckConstraint(condition=models.Q(('cap__gte', 0)), name='pool_change_cap'),
        ),
        migrations.AddConstraint(
            model_name='poolchange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved', None), ('decided_at', None), ('decided_by', None)), models.Q(('approved__isnull', False), ('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='pool_change_two_people'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='poolchange',
            trigger=pgtrigger.compiler.Trigger(name='pool_change_decided_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.decided_at IS NOT NULL)', execute='guard_pool_change_decided_once()', func='RETURN NULL;', hash='30583f65ebbb2373db5d95b1077d828dbae28e2b', operation='UPDATE', pgid='pgtrigger_pool_change_decided_once_eb638', table='licensing_poolchange', when='BEFORE')),
        ),
    ]
