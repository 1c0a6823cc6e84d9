"""Every guard runs a plain function, so that the setting `pgtrigger.ignore` switches none off."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_guards'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='historyline',
            name='insert_only',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='historyline',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='8db38d02321b8402d767fe971851d90e9074664e', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_9031d', table='core_historyline', when='BEFORE')),
        ),
    ]
