"""History lines of many rows at once, for sweeps."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "history.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_claims'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
