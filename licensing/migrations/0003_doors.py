"""Lines, counts and movements are written by the ledger's functions alone."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0002_simulations_done_once'),
    ]

    operations = [
        migrations.RunSQL([((SQL / name).read_text(encoding="utf-8"), None) for name in ("ledger.sql", "doors.sql")]),
    ]
