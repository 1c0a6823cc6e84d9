"""Recommended quantities are insert-only, as the steps are that they belong to."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0005_guards_that_no_setting_ignores'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='recommendedline',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='3db5120ba7d6f0a70d00c8bed21ea8d9908d5c72', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_ec9f4', table='licensing_recommendedline', when='BEFORE')),
        ),
    ]
