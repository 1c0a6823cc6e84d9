"""What a license ends by, and what it stands on, is what two people signed last."""

from pathlib import Path

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("guards", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0048_own_goods'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='tells_why_it_ended', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" = \'revoked\' AND OLD."state" IS DISTINCT FROM (NEW."state"))', execute='guard_tells_why_it_ended()', func='RETURN NULL;', hash='20c9b7d20c21d4ce813f7285e3c7dbe8dc2a84ea', operation='UPDATE', pgid='pgtrigger_tells_why_it_ended_29523', table='licensing_license', when='BEFORE')),
        ),
    ]
