"""No national pool is opened while a reservation is judged, and one that waited for its lines meets those opened meanwhile."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("ledger", "hold", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0054_asked_of_one_function'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
