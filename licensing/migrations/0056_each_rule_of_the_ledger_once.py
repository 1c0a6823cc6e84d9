"""What a step grants, a tolerance gives, is left of an account, and a movement does to it: each is said by one function. So
are the hash of a history's line that PostgreSQL writes, whether a company acts, and whether a key opens something."""

from pathlib import Path

from django.db import migrations

APPS = Path(__file__).parent.parent.parent
FILES = ("post", "pools", "ledger", "guards", "sweeps", "doors", "books")
CHANGED = ("core/sql/history", "core/sql/keys", *(f"licensing/sql/{name}" for name in FILES))


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0055_no_pool_is_opened_beside_a_reservation'),
    ]

    operations = [
        migrations.RunSQL([((APPS / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
