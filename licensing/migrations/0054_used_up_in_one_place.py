"""Whether a license is used up is one function of the ledger."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("ledger", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0053_used_up_is_not_expired'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
