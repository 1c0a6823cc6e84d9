"""The sweep over reservations goes in batches."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "sweeps.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0007_sweeps'),
        ('shipments', '0005_report_overdue'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
