"""Whoever owes a report for long reserves nothing new: guard 8, and the reservation that asks it."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('shipments', '0004_reports'),
    ]

    operations = [
        migrations.RunSQL([((SQL / name).read_text(encoding="utf-8"), None) for name in ("reports.sql", "reserve.sql")]),
    ]
