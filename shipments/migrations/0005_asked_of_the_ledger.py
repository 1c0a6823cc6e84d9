"""What a movement does to a balance or a pool, and the day on which a shipment counts, are asked of the ledger's functions."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("books", "pools", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0058_which_day_a_pool_counts_on'),
        ('shipments', '0004_refused_rows_of_a_bulk'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
