"""What a step grants, a tolerance gives, is left of an account, and a movement does to it: each is said by one function."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("post", "pools", "ledger", "sweeps", "doors", "books")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0055_no_pool_is_opened_beside_a_reservation'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
