"""The sums of ten million movements are made by hashing, as those of few are."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("licensing", "0018_facts_of_suspensions")]
    operations = [migrations.RunSQL([((SQL / "books.sql").read_text(encoding="utf-8"), None)])]
