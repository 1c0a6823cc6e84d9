"""The sweep over reservations goes in batches."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "sweeps.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0004_sweeps'),
        ('shipments', '0002_reserve'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
