"""What lapses with a license does so at the instant at which that ended."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("ledger", "corrections", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0001_squashed_0051_goods_described'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
