"""Many reservations hold all their lines before the first of them is judged."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "hold.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0007_sweeps'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
