"""What the other tables stand on, people, documents, history, and answers kept."""

import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from pathlib import Path

from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


SQL = Path(__file__).parent.parent / "sql"


def run(name):
    return migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None)])


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        BtreeGistExtension(),
        run("ground"),
        run("guards"),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail')),
                ('name', models.CharField(max_length=120, verbose_name='your name')),
                ('nature', models.CharField(choices=[('person', 'Person'), ('service', 'Program'), ('clock', 'Clock')], default='person', max_length=8)),
                ('language', models.CharField(blank=True, db_default='', default='', max_length=10)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Country',
            fields=[
                ('code', models.CharField(max_length=2, primary_key=True, serialize=False)),
                ('name_en', models.CharField(max_length=100)),
                ('name_zh', models.CharField(blank=True, max_length=100)),
            ],
            options={
                'verbose_name_plural': 'countries',
                'ordering': ['name_en'],
            },
        ),
        migrations.CreateModel(
            name='Mail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('message_id', models.CharField(blank=True, max_length=200)),
                ('sender', models.CharField(max_length=200)),
                ('recipients', models.TextField()),
                ('subject', models.CharField(max_length=300)),
                ('body', models.TextField()),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='HistoryLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject_kind', models.CharField(max_length=20)),
                ('subject_id', models.BigIntegerField()),
                ('subject_ref', models.CharField(max_length=40)),
                ('seq', models.PositiveIntegerField()),
                ('verb', models.CharField(max_length=40)),
                ('from_state', models.CharField(blank=True, max_length=30)),
                ('to_state', models.CharField(blank=True, max_length=30)),
                ('at', models.DateTimeField()),
                ('reason', models.TextField(blank=True)),
                ('edition', models.CharField(blank=True, max_length=40)),
                ('facts', models.JSONField(blank=True, default=dict)),
                ('previous_hash', models.CharField(blank=True, max_length=64)),
                ('hash', models.CharField(max_length=64)),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['subject_kind', 'subject_id', 'seq'],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('consumer', models.CharField(default='mail', max_length=20)),
                ('to', models.CharField(blank=True, db_default='', default='', max_length=254)),
                ('due_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('failed_at', models.DateTimeField(blank=True, null=True)),
                ('refused', models.BooleanField(db_default=False, default=False)),
                ('delivered_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='core.historyline')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
            },
        ),
        migrations.CreateModel(
            name='KeptText',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('route', models.CharField(max_length=100)),
                ('data', models.TextField()),
                ('files', models.JSONField(default=list)),
                ('kept_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='LegalDay',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False)),
                ('working', models.BooleanField()),
                ('kind', models.CharField(choices=[('workday', 'Working day'), ('makeup_workday', 'Make-up working day'), ('weekend', 'Weekend'), ('public_holiday', 'Public holiday')], max_length=20)),
                ('name', models.CharField(blank=True, max_length=100)),
                ('provisional', models.BooleanField()),
                ('source', models.CharField(max_length=200)),
            ],
            options={
                'ordering': ['day'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('workday', 'makeup_workday')), ('working', True)), models.Q(('kind__in', ('weekend', 'public_holiday')), ('working', False)), _connector='OR'), name='legal_day_worked_as_its_kind_says')],
            },
        ),
        migrations.CreateModel(
            name='Organization',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('exporter', 'Exporter'), ('ministry', 'Ministry'), ('customs', 'Customs')], max_length=10)),
                ('name_en', models.CharField(max_length=200, verbose_name='name in English')),
                ('name_zh', models.CharField(blank=True, max_length=200, verbose_name='name in Chinese')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['exporter', 'ministry', 'customs'])), name='organization_kind')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('clerk', 'Clerk'), ('signatory', 'Signatory'), ('viewer', 'Viewer'), ('intake', 'Intake officer'), ('reviewer', 'Reviewing officer'), ('decider', 'Deciding officer'), ('reconsiderer', 'Reconsideration officer'), ('policy_officer', 'Policy officer'), ('policy_approver', 'Policy approver'), ('auditor', 'Auditor'), ('admin', 'Accounts administrator'), ('customs', 'Customs officer')], max_length=20), default=list, size=None)),
                ('province', models.CharField(blank=True, default='', max_length=2)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='membership', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='core.organization')),
            ],
        ),
        migrations.CreateModel(
            name='Idempotency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('content_type', models.CharField(blank=True, max_length=60)),
                ('body', models.TextField(blank=True)),
                ('created_at', models.DateTimeField()),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.organization')),
            ],
        ),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('media_type', models.CharField(max_length=100)),
                ('sha256', models.CharField(max_length=64)),
                ('size', models.PositiveIntegerField()),
                ('content', models.BinaryField()),
                ('uploaded_at', models.DateTimeField()),
                ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.organization')),
            ],
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('prefix', models.CharField(max_length=16)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='key', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='core.organization')),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='RoleGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('clerk', 'Clerk'), ('signatory', 'Signatory'), ('viewer', 'Viewer'), ('intake', 'Intake officer'), ('reviewer', 'Reviewing officer'), ('decider', 'Deciding officer'), ('reconsiderer', 'Reconsideration officer'), ('policy_officer', 'Policy officer'), ('policy_approver', 'Policy approver'), ('auditor', 'Auditor'), ('admin', 'Accounts administrator'), ('customs', 'Customs officer')], max_length=20), blank=True, size=None)),
                ('province', models.CharField(blank=True, default='', max_length=2)),
                ('proposed_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('dropped_at', models.DateTimeField(blank=True, null=True)),
                ('confirmed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('membership', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='core.membership')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-proposed_at', '-pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='historyline',
            constraint=models.UniqueConstraint(fields=('subject_kind', 'subject_id', 'seq'), name='history_one_chain'),
        ),
        run("answers"),
        pgtrigger.migrations.AddTrigger(
            model_name='historyline',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='8db38d02321b8402d767fe971851d90e9074664e', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_9031d', table='core_historyline', when='BEFORE')),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('delivered_at', None), ('ended_at', None)), fields=['due_at'], name='delivery_waiting'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('line', 'consumer', 'to'), name='delivery_once_a_reader'),
        ),
        migrations.AddIndex(
            model_name='kepttext',
            index=models.Index(fields=['user', '-kept_at'], name='kept_text_of_user'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('roles__contained_by', ['clerk', 'signatory', 'viewer', 'intake', 'reviewer', 'decider', 'reconsiderer', 'policy_officer', 'policy_approver', 'auditor', 'admin', 'customs'])), name='membership_roles_known'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('province', ''), ('roles__contains', ['intake']), _connector='OR'), name='membership_province_of_intake'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('province__in', ['', '11', '12', '13', '14', '15', '21', '22', '23', '31', '32', '33', '34', '35', '36', '37', '41', '42', '43', '44', '45', '46', '50', '51', '52', '53', '54', '61', '62', '63', '64', '65', '71', '81', '82'])), name='membership_province_known'),
        ),
        migrations.AddConstraint(
            model_name='idempotency',
            constraint=models.UniqueConstraint(fields=('organization', 'key'), name='idempotency_key_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='idempotency',
            trigger=pgtrigger.compiler.Trigger(name='answered_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.status IS NOT NULL)', execute='guard_answered_once()', func='RETURN NULL;', hash='7e04e232157b16df252c35669925e7df16071998', operation='UPDATE', pgid='pgtrigger_answered_once_ffdf4', table='core_idempotency', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='document',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='340373015baccc575d5733e8fb805a97aa4bd3cb', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_777ab', table='core_document', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='apikey',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__lte', django.db.models.expressions.CombinedExpression(models.F('created_at'), '+', models.Value(datetime.timedelta(days=365))))), name='key_lasts_at_most_365_days'),
        ),
        migrations.AddConstraint(
            model_name='rolegrant',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed_by', None), models.Q(('confirmed_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='grant_by_two_admins'),
        ),
        migrations.AddConstraint(
            model_name='rolegrant',
            constraint=models.UniqueConstraint(condition=models.Q(('confirmed_at', None), ('dropped_at', None)), fields=('membership',), name='grant_one_open'),
        ),
    ]
