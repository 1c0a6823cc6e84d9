"""A key's claim and the first line of a history, for verbs that are one statement."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "claims.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
