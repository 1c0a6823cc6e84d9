"""What a clearance takes, in which order, and what a reservation uses of pools are said once; no tolerance is used twice."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("post", "pools", "ledger", "doors", "corrections")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0013_pool_shares'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
