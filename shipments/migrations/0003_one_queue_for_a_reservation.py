"""A reservation stands in the queue of its first line alone."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("reserve", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0054_asked_of_one_function'),
        ('shipments', '0002_until_when_it_counts'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
