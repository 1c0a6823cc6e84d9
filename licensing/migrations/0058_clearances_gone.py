"""Whether all clearances of a license are taken is asked of one function."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("ledger", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0057_until_when_it_counts'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
