"""Movements are summed by kind first, and a line's history is asked for from where it was found right."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "books.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0015_doors'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
