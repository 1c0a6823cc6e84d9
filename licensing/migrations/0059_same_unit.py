"""Which units are one is asked of one function."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("post", "pools", "ledger", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0058_clearances_gone'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
