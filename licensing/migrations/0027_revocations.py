"""The ministry ends a license, which two officers sign."""

import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0010_proposals'),
        ('licensing', '0026_company_stopped'),
    ]

    operations = [
        migrations.CreateModel(
            name='Revocation',
            fields=[
                ('license', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='revocation', serialize=False, to='licensing.license')),
                ('end_reason', models.CharField(choices=[('quash', 'Quashed'), ('withdraw', 'Withdrawn'), ('penalty', 'Revoked as penalty'), ('cancel', 'Cancelled')], max_length=8)),
                ('provision', models.CharField(max_length=200)),
                ('reason', models.TextField()),
                ('hearing', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.document')),
                ('heard_on', models.DateField(null=True)),
                ('revoked_at', models.DateTimeField()),
                ('proposal', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.proposal')),
            ],
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='license',
            name='state_moves',
        ),
        migrations.AlterField(
            model_name='license',
            name='state',
            field=django_fsm.FSMField(choices=[('active', 'In force'), ('suspended', 'Suspended'), ('exhausted', 'Used up'), ('expired', 'Expired'), ('revoked', 'Ended by the ministry')], default='active', editable=False, max_length=50, protected=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('active:exhausted', 'active:expired', 'active:revoked', 'active:suspended', 'exhausted:active', 'suspended:active', 'suspended:expired', 'suspended:revoked')", func='RETURN NULL;', hash='201014d7960606f3c1a9d87344264e672a684ebb', operation='UPDATE', pgid='pgtrigger_state_moves_df82a', table='licensing_license', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='takes_two_to_revoke', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state") AND NEW."state" = \'revoked\')', execute="guard_countersigned('license', 'id', 'revoke')", func='RETURN NULL;', hash='4b710bacc8fac2d2a0f79adef051ea76bf62011c', operation='UPDATE', pgid='pgtrigger_takes_two_to_revoke_7b6f3', table='licensing_license', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='revocation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('provision', ''), _negated=True)), name='revocation_says_why'),
        ),
        migrations.AddConstraint(
            model_name='revocation',
            constraint=models.CheckConstraint(condition=models.Q(('end_reason__in', ['quash', 'withdraw', 'penalty', 'cancel'])), name='revocation_end_reason'),
        ),
        migrations.AddConstraint(
            model_name='revocation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_reason', 'penalty'), _negated=True), models.Q(('heard_on__isnull', False), ('hearing__isnull', False)), _connector='OR'), name='revocation_penalty_was_heard'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='revocation',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='b3674c036fb020e057c84e68908b6fe2223374e6', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_28f3e', table='licensing_revocation', when='BEFORE')),
        ),
    ]
