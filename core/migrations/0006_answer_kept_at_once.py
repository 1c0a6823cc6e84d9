"""A statement that takes a key can keep its answer as well."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "claims.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0005_fewer_indexes'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
