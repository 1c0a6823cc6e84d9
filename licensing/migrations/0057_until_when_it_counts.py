"""Until when a shipment takes a clearance of its license is asked of one function."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("ledger", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0056_in_force_in_one_place'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
