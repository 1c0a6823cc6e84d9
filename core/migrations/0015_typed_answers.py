"""Answers to a page that saves by itself are kept for days, and found by an index."""

from pathlib import Path

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql" / "answers.sql"
INDEX = models.Index(
    name="idempotency_typed", fields=["created_at"], condition=models.Q(key__startswith="typed:")
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("core", "0014_credentials")]
    operations = [
        migrations.RunSQL("SET lock_timeout = 0"),  # it waits for whoever uses the table, and stops nobody meanwhile
        migrations.RunSQL("SET statement_timeout = 0"),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS idempotency_typed"),  # of a try that was broken off
        AddIndexConcurrently("idempotency", INDEX),
        migrations.RunSQL("RESET lock_timeout"),
        migrations.RunSQL("RESET statement_timeout"),
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
    ]
