"""The functions behind guards: plain ones, which ask no setting."""

from pathlib import Path

from django.db import migrations

FUNCTIONS = (Path(__file__).parent.parent / "sql" / "0003_guards.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("core", "0002_ground")]

    operations = [
        migrations.RunSQL(
            [(FUNCTIONS, None)], "DROP FUNCTION guard_state_moves(), guard_state_begins(), guard_insert_only();"
        ),
    ]
