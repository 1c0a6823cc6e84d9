"""A verdict also says when a hold stops reservations, and `ledger_take` refuses by it."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
BEFORE = (SQL / "0025_verdicts.sql").read_text(encoding="utf-8")
FUNCTION = (SQL / "0029_holds.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("licensing", "0028_turns_of_open_cases")]

    operations = [
        migrations.AddField(model_name="verdict", name="held", field=models.JSONField(default=list)),
        migrations.RunSQL([(FUNCTION, None)], [(BEFORE, None)]),
    ]
