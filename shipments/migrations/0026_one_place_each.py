"""As licensing 0020: what several functions decided they ask of one."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("pools", "books", "reports", "reserve", "doors")


class Migration(migrations.Migration):
    dependencies = [("licensing", "0020_one_place_each"), ("shipments", "0025_queues")]
    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
