"""No license comes to be in force while a cause of its own is open."""

from pathlib import Path

import pgtrigger.compiler
import pgtrigger.migrations

from django.db import migrations


SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0032_guard_of_changed'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in ("guards", "doors")]),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='no_cause_open', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" = \'active\' AND OLD."state" IS DISTINCT FROM (NEW."state"))', execute='guard_no_cause_open()', func='RETURN NULL;', hash='9b9d1b1bfc0bc48b46a476fef9dcb99877fe5cf0', operation='UPDATE', pgid='pgtrigger_no_cause_open_99f96', table='licensing_license', when='BEFORE')),
        ),
    ]
