"""Many reservations in one transaction, each by the function that makes one."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0004_claims_many'),
        ('licensing', '0008_hold'),
        ('shipments', '0007_bulk'),
    ]

    operations = [
        migrations.RunSQL([((SQL / name).read_text(encoding="utf-8"), None) for name in ("reserve.sql", "bulk.sql")]),
    ]
