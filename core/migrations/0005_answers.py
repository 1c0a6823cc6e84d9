"""Answers that were given stay as they are, and for 400 days."""

from pathlib import Path

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

FUNCTIONS = (Path(__file__).parent.parent / "sql" / "0005_answers.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("core", "0004_guards_that_no_setting_ignores")]

    operations = [
        migrations.RunSQL([(FUNCTIONS, None)], "DROP FUNCTION end_answers(), guard_answered_once();"),
        pgtrigger.migrations.AddTrigger(
            model_name='idempotency',
            trigger=pgtrigger.compiler.Trigger(name='answered_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.status IS NOT NULL)', execute='guard_answered_once()', func='RETURN NULL;', hash='7e04e232157b16df252c35669925e7df16071998', operation='UPDATE', pgid='pgtrigger_answered_once_ffdf4', table='core_idempotency', when='BEFORE')),
        ),
    ]
