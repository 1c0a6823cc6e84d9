"""A reservation asks less: license, exporter, end-user and count by one statement, each line once."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
FUNCTIONS = ("post", "ledger", "doors")


class Migration(migrations.Migration):
    dependencies = [("licensing", "0010_pools")]
    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in FUNCTIONS]),
    ]
