"""A reservation is one statement."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "reserve.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_claims'),
        ('shipments', '0001_initial'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
