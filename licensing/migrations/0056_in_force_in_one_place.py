"""Whether a license is in force is asked of one function."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("ledger", "corrections", "sweeps", "doors", "books")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0055_room_beside_the_order'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
