"""Customs declarations are insert-only: each was judged once."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('shipments', '0002_guards_that_no_setting_ignores'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='customsdeclaration',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='df5f1b260ce1d255cd9813eb42424701bc7ad1b6', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_37e4c', table='shipments_customsdeclaration', when='BEFORE')),
        ),
    ]
