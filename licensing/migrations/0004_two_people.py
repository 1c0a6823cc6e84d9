"""Four eyes at issue, as a plain function."""

from pathlib import Path

from django.db import migrations

FUNCTION = (Path(__file__).parent.parent / "sql" / "0004_two_people.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("licensing", "0003_insert_only_and_last_cleared"), ("core", "0003_guards")]

    operations = [migrations.RunSQL([(FUNCTION, None)], "DROP FUNCTION guard_two_people();")]
