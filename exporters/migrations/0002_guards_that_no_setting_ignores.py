"""Every guard runs a plain function, so that the setting `pgtrigger.ignore` switches none off."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('exporters', '0001_initial'),
        ('core', '0003_guards'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='exporter',
            name='state_moves',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='exporter',
            name='state_begins',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exporter',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('draft:pending', 'pending:active', 'pending:draft')", func='RETURN NULL;', hash='62c3c7e08eddbefdd6c9a7ee5eaa92a04ed3235a', operation='UPDATE', pgid='pgtrigger_state_moves_ca9c8', table='exporters_exporter', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exporter',
            trigger=pgtrigger.compiler.Trigger(name='state_begins', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" IS DISTINCT FROM \'draft\')', execute="guard_state_begins('draft')", func='RETURN NULL;', hash='6430d0c4ec6e18c68151a3d2cc28465671132bd5', operation='INSERT', pgid='pgtrigger_state_begins_e3b2c', table='exporters_exporter', when='BEFORE')),
        ),
    ]
