"""A company closes its account."""

import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('exporters', '0002_stopped'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='exporter',
            name='state_moves',
        ),
        migrations.AlterField(
            model_name='exporter',
            name='state',
            field=django_fsm.FSMField(choices=[('draft', 'Draft'), ('pending', 'Being verified'), ('active', 'Active'), ('suspended', 'Suspended'), ('closed', 'Closed')], default='draft', editable=False, max_length=50, protected=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exporter',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('active:closed', 'active:suspended', 'draft:pending', 'pending:active', 'pending:draft', 'suspended:active')", func='RETURN NULL;', hash='0eea7fde35eeb2bf817a6237651469df070ce84d', operation='UPDATE', pgid='pgtrigger_state_moves_ca9c8', table='exporters_exporter', when='BEFORE')),
        ),
    ]
