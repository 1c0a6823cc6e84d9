"""A chain is followed where something came after the place up to which it was found right, or before its beginning."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0016_sums_in_two_steps'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in ("pools", "doors", "books")]),
    ]
