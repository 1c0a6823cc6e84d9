"""Every guard runs a plain function, so that the setting `pgtrigger.ignore` switches none off."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('shipments', '0001_initial'),
        ('core', '0003_guards'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='customsmessage',
            name='insert_only',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='incident',
            name='insert_only',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='shipment',
            name='state_moves',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='shipment',
            name='state_begins',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='customsmessage',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='f52788daf7891eab13ccb7262bb122911a38432c', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_65ab1', table='shipments_customsmessage', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='incident',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='9629b9dc1a175d5413c4404da6e1ad22ce489875', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_ecd8b', table='shipments_incident', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='shipment',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('cancelled:cleared', 'cancelled:declared', 'cancelled:part_cleared', 'declared:cleared', 'declared:part_cleared', 'expired:cleared', 'expired:declared', 'expired:part_cleared', 'part_cleared:cleared', 'reserved:cancelled', 'reserved:cleared', 'reserved:declared', 'reserved:expired', 'reserved:part_cleared')", func='RETURN NULL;', hash='0147e80d31c1980df3c28a52496d1b5ebb9c79b6', operation='UPDATE', pgid='pgtrigger_state_moves_478c5', table='shipments_shipment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='shipment',
            trigger=pgtrigger.compiler.Trigger(name='state_begins', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" IS DISTINCT FROM \'reserved\')', execute="guard_state_begins('reserved')", func='RETURN NULL;', hash='8cc31ab58c80e9699ab1165d38dadcbd52c9e7a1', operation='INSERT', pgid='pgtrigger_state_begins_478ac', table='shipments_shipment', when='BEFORE')),
        ),
    ]
