"""On which day a shipment counts against national quotas is said by one function, of what is asked for, too."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("pools", "ledger", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0057_a_rate_is_read_in_one_place'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
