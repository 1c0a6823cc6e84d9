"""A clearance takes free authorization, then what lapsed, and tolerance last."""

from pathlib import Path

from django.db import migrations

FUNCTIONS = (Path(__file__).parent.parent / "sql" / "0008_settle.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("licensing", "0007_months")]

    operations = [migrations.RunSQL([(FUNCTIONS, None)], migrations.RunSQL.noop)]
