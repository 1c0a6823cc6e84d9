"""Shipments are witnesses of allotments, values and clearances too."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0012_books'),
        ('shipments', '0014_fewer_indexes'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in ("pools", "books")]),
    ]
