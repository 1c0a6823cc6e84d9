"""A license is handed back, of which nothing is reserved."""

from pathlib import Path

import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("guards", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0027_revocations'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
        pgtrigger.migrations.RemoveTrigger(
            model_name='license',
            name='state_moves',
        ),
        migrations.AlterField(
            model_name='license',
            name='state',
            field=django_fsm.FSMField(choices=[('active', 'In force'), ('suspended', 'Suspended'), ('exhausted', 'Used up'), ('expired', 'Expired'), ('surrendered', 'Handed back'), ('revoked', 'Ended by the ministry')], default='active', editable=False, max_length=50, protected=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='surrendered_as_a_whole', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" = \'surrendered\' AND OLD."state" IS DISTINCT FROM (NEW."state"))', execute='guard_nothing_reserved()', func='RETURN NULL;', hash='c32844b3e4469ae04ef2465f9715e17d9f28b671', operation='UPDATE', pgid='pgtrigger_surrendered_as_a_whole_dec6a', table='licensing_license', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('active:exhausted', 'active:expired', 'active:revoked', 'active:surrendered', 'active:suspended', 'exhausted:active', 'suspended:active', 'suspended:expired', 'suspended:revoked')", func='RETURN NULL;', hash='68928fd420ea0a3177ddbe576fdfcd1487d185e5', operation='UPDATE', pgid='pgtrigger_state_moves_df82a', table='licensing_license', when='BEFORE')),
        ),
    ]
