"""The ledger judges one request, and whoever asks it brings one: both functions change in the same transaction."""

from pathlib import Path

from django.db import migrations

ROOT = Path(__file__).parents[2]
FILES = ("licensing/sql/ledger.sql", "licensing/sql/doors.sql", "shipments/sql/reserve.sql", "shipments/sql/doors.sql")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0017_chains_that_moved'),
        ('shipments', '0021_questioned'),
    ]

    operations = [
        migrations.RunSQL([((ROOT / file).read_text(encoding="utf-8"), None) for file in FILES]),
    ]
