"""A license keeps its application and what it replaces, and only one that was asked for takes its place."""

from pathlib import Path

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("guards", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0039_cited_inquiries'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='keeps_its_case', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."application_id" IS DISTINCT FROM (NEW."application_id") OR OLD."replaces_id" IS DISTINCT FROM (NEW."replaces_id"))', execute='guard_keeps_its_case()', func='RETURN NULL;', hash='bcd7f5a4dbf21f6e0886f348cfd73d3740d21ead', operation='UPDATE', pgid='pgtrigger_keeps_its_case_dc461', table='licensing_license', when='BEFORE')),
        ),
    ]
