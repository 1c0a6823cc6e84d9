"""What a line counts against is found from the line, which is read once."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0012_books'),
    ]

    operations = [
        migrations.RunSQL([((SQL / "pools.sql").read_text(encoding="utf-8"), None)]),
    ]
