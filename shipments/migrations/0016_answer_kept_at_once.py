"""A reservation keeps its answer in the statement that makes it."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("pools", "reserve", "bulk")
GONE = (
    "shipment_reserve(jsonb, boolean)",
    "shipment_wrong(jsonb, licensing_license, bigint, bigint)",
    "shipment_contents(jsonb, bigint, bigint)",
    "shipment_lasts(jsonb, licensing_license)",
)


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0006_answer_kept_at_once'),
        ('shipments', '0015_books'),
    ]

    operations = [
        *(migrations.RunSQL(f"DROP FUNCTION IF EXISTS {function}") for function in GONE),
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
