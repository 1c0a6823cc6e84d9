"""Months of the movement table, made ahead by the sweep; the application's role may call for them and no more."""

from pathlib import Path

from django.db import migrations

FUNCTIONS = (Path(__file__).parent.parent / "sql" / "0007_months.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("licensing", "0006_recommended_lines_are_insert_only")]

    operations = [migrations.RunSQL([(FUNCTIONS, None)], "DROP FUNCTION movement_months(), movement_month(date);")]
