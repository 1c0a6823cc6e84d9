"""Documents are insert-only: their bytes and hashes are what was handed in."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0005_answers'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='document',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='340373015baccc575d5733e8fb805a97aa4bd3cb', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_777ab', table='core_document', when='BEFORE')),
        ),
    ]
