"""PostgreSQL sees what is reserved on the licenses whose place one took that is handed back."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("guards", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0046_merged'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
