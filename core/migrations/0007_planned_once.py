"""An answer is kept, and a history begun, by statements that a session plans once."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "claims.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0006_answer_kept_at_once'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
