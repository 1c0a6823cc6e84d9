"""A statement can ask whether a key is still what was read."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "keys.sql"


class Migration(migrations.Migration):
    dependencies = [("core", "0008_keys")]
    operations = [migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)])]
