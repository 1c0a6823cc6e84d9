"""The key that a call brings is found by a statement that a session plans once."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "keys.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0007_planned_once'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
