"""Every guard runs a plain function, so that the setting `pgtrigger.ignore` switches none off."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0004_two_people'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='application',
            name='state_moves',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='application',
            name='state_begins',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='decisionstep',
            name='insert_only',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='declaration',
            name='state_moves',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='declaration',
            name='state_begins',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='finding',
            name='insert_only',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='license',
            name='two_people',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='license',
            name='state_moves',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='license',
            name='state_begins',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='movement',
            name='insert_only',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='application',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('accepted:under_review', 'accepted:withdrawn', 'approved:issued', 'approved:under_review', 'awaiting_applicant:under_review', 'awaiting_applicant:withdrawn', 'awaiting_decision:approved', 'awaiting_decision:refused', 'awaiting_decision:under_review', 'awaiting_decision:withdrawn', 'draft:submitted', 'draft:withdrawn', 'submitted:accepted', 'submitted:not_accepted', 'submitted:withdrawn', 'under_review:awaiting_applicant', 'under_review:awaiting_decision', 'under_review:withdrawn')", func='RETURN NULL;', hash='7d178b4eeb0e9f9e3ebdd785d8ca74507378be9d', operation='UPDATE', pgid='pgtrigger_state_moves_1b73f', table='licensing_application', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='application',
            trigger=pgtrigger.compiler.Trigger(name='state_begins', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" IS DISTINCT FROM \'draft\')', execute="guard_state_begins('draft')", func='RETURN NULL;', hash='75a95c6ffada7e5b6b12497c877ee5f032545ad0', operation='INSERT', pgid='pgtrigger_state_begins_5d92a', table='licensing_application', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='decisionstep',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='359674b901b0ef6ab5045dc82ba4e357aa74b3a8', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_33d17', table='licensing_decisionstep', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='declaration',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('draft:signed', 'signed:submitted', 'submitted:rejected', 'submitted:verified', 'verified:in_force')", func='RETURN NULL;', hash='b17538be5e0a07b6ad84757d071e8af42ad77815', operation='UPDATE', pgid='pgtrigger_state_moves_5e908', table='licensing_declaration', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='declaration',
            trigger=pgtrigger.compiler.Trigger(name='state_begins', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" IS DISTINCT FROM \'draft\')', execute="guard_state_begins('draft')", func='RETURN NULL;', hash='951ec0e49ad7b43145dad486e3d13cd5380340b2', operation='INSERT', pgid='pgtrigger_state_begins_b34c9', table='licensing_declaration', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='finding',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='0156fd7c5deb2bcc855a5d356ce2fbd97d02bc63', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_3afd5', table='licensing_finding', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='two_people', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_two_people()', func='RETURN NULL;', hash='79a51e4261a1da2d31e6018a151c16bb38075919', operation='INSERT', pgid='pgtrigger_two_people_3f196', table='licensing_license', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('active:exhausted', 'active:expired', 'active:suspended', 'suspended:active', 'suspended:expired')", func='RETURN NULL;', hash='532ecbc5fff66a58f09adb4da523c0ecab85a7fb', operation='UPDATE', pgid='pgtrigger_state_moves_df82a', table='licensing_license', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='state_begins', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" IS DISTINCT FROM \'active\')', execute="guard_state_begins('active')", func='RETURN NULL;', hash='616269e1ce908ff0a5f2f726ed3beaecb5b29d09', operation='INSERT', pgid='pgtrigger_state_begins_84e49', table='licensing_license', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='movement',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='0760875bb69a90d817d2b5cfcdc58a0684e84550', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_b0074', table='licensing_movement', when='BEFORE')),
        ),
    ]
