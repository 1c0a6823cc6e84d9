"""What is proposed begins undecided."""

from pathlib import Path

import pgtrigger.compiler
import pgtrigger.migrations

from django.db import migrations


SQL = Path(__file__).parent.parent / "sql" / "proposals.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0012_papers'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
        pgtrigger.migrations.AddTrigger(
            model_name='proposal',
            trigger=pgtrigger.compiler.Trigger(name='proposal_begins_open', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.decided_at IS NOT NULL)', execute='guard_begins_open()', func='RETURN NULL;', hash='10ca82f705922e1233904c5c593cd33658f30939', operation='INSERT', pgid='pgtrigger_proposal_begins_open_df8e9', table='core_proposal', when='BEFORE')),
        ),
    ]
