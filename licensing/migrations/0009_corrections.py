"""Customs corrects what it cleared, goods come back, and a license that was used up is in force again."""

from pathlib import Path

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

SQL = Path(__file__).parent.parent / "sql" / "corrections.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0008_hold'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
        pgtrigger.migrations.RemoveTrigger(
            model_name='license',
            name='state_moves',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('active:exhausted', 'active:expired', 'active:suspended', 'exhausted:active', 'suspended:active', 'suspended:expired')", func='RETURN NULL;', hash='709bfaeb4843ba8a8909b679c64af469d816fd9b', operation='UPDATE', pgid='pgtrigger_state_moves_df82a', table='licensing_license', when='BEFORE')),
        ),
    ]
