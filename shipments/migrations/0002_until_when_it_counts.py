"""Until when a shipment takes a clearance of its license is asked of one function."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("reserve", "sweeps", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0054_asked_of_one_function'),
        ('shipments', '0001_squashed_0027_closed_out_after_a_return'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
