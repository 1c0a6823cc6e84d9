"""What a clearance takes, in which order, is said once, and no tolerance twice."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("post", "ledger", "doors", "corrections")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0013_pool_shares'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
