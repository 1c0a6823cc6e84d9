"""A license that ended before its last day was over says so after it, too."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("ledger", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0052_lapsed_when_it_ended'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
