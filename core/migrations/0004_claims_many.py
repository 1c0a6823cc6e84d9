"""Many keys are held at once."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "claims_many.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_history_lines'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
