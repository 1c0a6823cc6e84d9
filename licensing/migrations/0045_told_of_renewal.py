"""The holder of an annual license is told when it may be renewed, as well."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "sweeps.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0044_modes'),
    ]

    operations = [
        migrations.RunSQL(
            [
                ("DROP FUNCTION IF EXISTS license_warn(int, bigint, boolean, int[])", None),
                ("DROP FUNCTION IF EXISTS license_to_warn(int[], date)", None),
                (SQL.read_text(encoding="utf-8"), None),
            ]
        ),
    ]
