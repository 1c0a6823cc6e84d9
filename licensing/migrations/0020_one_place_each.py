"""What several functions decided, each for itself, they ask of one."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("post", "pools", "ledger", "corrections", "sweeps", "guards", "hold", "doors", "books")


class Migration(migrations.Migration):
    dependencies = [("licensing", "0019_sums_by_hashing")]
    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
