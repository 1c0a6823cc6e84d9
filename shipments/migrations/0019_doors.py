"""What moves of a shipment's quota is told by functions that read and write the shipment's lines.

Before the ledger's own functions lose their owner's rights, so that a reservation meanwhile finds one or the other.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0014_said_once'),
        ('shipments', '0018_clearances'),
    ]
    run_before = [('licensing', '0015_doors')]

    operations = [
        migrations.RunSQL([((SQL / "doors.sql").read_text(encoding="utf-8"), None)]),
    ]
