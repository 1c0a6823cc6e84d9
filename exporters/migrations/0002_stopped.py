"""An account that the ministry stops by an order, until another officer ends it."""

from pathlib import Path

import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


GUARDS = Path(__file__).parent.parent / "sql" / "guards.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('exporters', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL([(GUARDS.read_text(encoding="utf-8"), None)]),
        migrations.CreateModel(
            name='Stop',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=60)),
                ('reason', models.TextField()),
                ('opened_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('end_reason', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='exporter',
            name='state_moves',
        ),
        migrations.AlterField(
            model_name='exporter',
            name='state',
            field=django_fsm.FSMField(choices=[('draft', 'Draft'), ('pending', 'Being verified'), ('active', 'Active'), ('suspended', 'Suspended')], default='draft', editable=False, max_length=50, protected=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exporter',
            trigger=pgtrigger.compiler.Trigger(name='stopped', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute='guard_stopped()', func='RETURN NULL;', hash='f4e30b9f05d4d6a6e39238b8e84d9524d8f86176', operation='UPDATE', pgid='pgtrigger_stopped_23246', table='exporters_exporter', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exporter',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('active:suspended', 'draft:pending', 'pending:active', 'pending:draft', 'suspended:active')", func='RETURN NULL;', hash='3d41d3da11c106fb8fc5730bf0c2fc587e872cef', operation='UPDATE', pgid='pgtrigger_state_moves_ca9c8', table='exporters_exporter', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='stop',
            name='ended_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='stop',
            name='exporter',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stops', to='exporters.exporter'),
        ),
        migrations.AddField(
            model_name='stop',
            name='opened_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='stop',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('number', ''), _negated=True), models.Q(('reason', ''), _negated=True)), name='stop_says_why'),
        ),
        migrations.AddConstraint(
            model_name='stop',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('opened_at')), _connector='OR'), name='stop_in_order'),
        ),
        migrations.AddConstraint(
            model_name='stop',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), models.Q(('ended_by__isnull', False), models.Q(('ended_by', models.F('opened_by')), _negated=True)), _connector='OR'), name='stop_ended_by_another'),
        ),
        migrations.AddConstraint(
            model_name='stop',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('exporter',), name='stop_open_once'),
        ),
    ]
