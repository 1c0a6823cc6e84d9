"""Sweeps over licenses go in batches."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "sweeps.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_history_lines'),
        ('licensing', '0006_report_days_of_conditions'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
