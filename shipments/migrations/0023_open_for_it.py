"""A shipment that was just accepted is not on hold, whomever else its license is closed for."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("shipments", "0022_one_request")]
    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in ("reserve", "doors")]),
    ]
