"""A license is read once for each reservation of a bulk, and what may be opened for it is no part of a request.

shipment_wrong, shipment_open and shipment_opened of before stay for statements that wait meanwhile; the next drops them.
"""

from pathlib import Path

from django.db import migrations

ROOT = Path(__file__).parents[2]
FILES = (
    "licensing/sql/ledger.sql",
    "licensing/sql/doors.sql",
    "shipments/sql/reserve.sql",
    "shipments/sql/bulk.sql",
    "shipments/sql/doors.sql",
)


class Migration(migrations.Migration):
    dependencies = [("licensing", "0019_sums_by_hashing"), ("shipments", "0023_open_for_it")]
    operations = [
        migrations.RunSQL([((ROOT / file).read_text(encoding="utf-8"), None) for file in FILES]),
    ]
