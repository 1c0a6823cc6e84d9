"""A question is never changed: its answers stand in its thread, and several may be open."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("licensing", "0012_answers_are_entries")]

    operations = [
        migrations.RemoveConstraint(
            model_name='question',
            name='question_one_open',
        ),
        migrations.RemoveField(
            model_name='question',
            name='answer',
        ),
        migrations.RemoveField(
            model_name='question',
            name='answered_at',
        ),
        migrations.RemoveField(
            model_name='question',
            name='answered_by',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='question',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='54aa5cb4441665ebddc04bc207c6ce0016f03e2b', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_528be', table='licensing_question', when='BEFORE')),
        ),
    ]
