"""What a currency is in CNY, by the table of which month, is read by one function, for both currencies of a rate."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0056_each_rule_of_the_ledger_once'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in ("post", "doors")]),
    ]
