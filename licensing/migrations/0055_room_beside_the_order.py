"""What a shipment may reserve of a line is said beside the order in which what crossed is taken."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("ledger", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0054_used_up_in_one_place'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
