"""What several functions said is asked of one: which license is in force or used up, what it takes, which units are one."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("post", "pools", "ledger", "corrections", "sweeps", "doors", "books")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0053_used_up_is_not_expired'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
