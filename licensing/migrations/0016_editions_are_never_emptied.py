"""Nobody empties the table of editions at one stroke, its owner neither."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0015_editions_are_texts'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='policyedition',
            trigger=pgtrigger.compiler.Trigger(name='never_emptied', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='a218ee473c81412a463b5426ae157f7121defb7e', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_never_emptied_f5157', table='licensing_policyedition', when='BEFORE')),
        ),
    ]
