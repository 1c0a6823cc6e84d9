"""What a shipment uses of pools is said once."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "pools.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0014_said_once'),
        ('shipments', '0016_answer_kept_at_once'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
