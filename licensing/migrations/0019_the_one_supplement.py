"""What is missing of a case is named at once, and once; it comes, or the case lapses."""

import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0012_legal_days'),
        ('exporters', '0005_province_is_a_code'),
        ('licensing', '0018_when_a_case_was_last_received'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Supplement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('requested_at', models.DateTimeField()),
                ('due_on', models.DateField()),
                ('application', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='supplement', to='licensing.application')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='SupplementPoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('text', models.TextField()),
                ('supplement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='points', to='licensing.supplement')),
            ],
            options={
                'ordering': ['supplement', 'number'],
                'constraints': [
                    models.UniqueConstraint(fields=('supplement', 'number'), name='supplement_point_once'),
                    models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='supplement_point_in_words'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SupplementAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('text', models.TextField(blank=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('files', models.ManyToManyField(blank=True, related_name='+', to='core.document')),
                ('point', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='answer', to='licensing.supplementpoint')),
            ],
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='application',
            name='state_moves',
        ),
        migrations.RemoveIndex(
            model_name='application',
            name='application_open',
        ),
        migrations.AlterField(
            model_name='application',
            name='state',
            field=django_fsm.FSMField(choices=[('draft', 'Draft'), ('submitted', 'Submitted'), ('supplement_required', 'Supplement needed'), ('accepted', 'Accepted'), ('under_review', 'Under review'), ('awaiting_applicant', 'Waiting for you'), ('awaiting_decision', 'With second officer'), ('approved', 'Approved'), ('issued', 'License issued'), ('refused', 'Refused'), ('not_accepted', 'Not accepted'), ('withdrawn', 'Withdrawn'), ('lapsed', 'Lapsed')], default='draft', editable=False, max_length=50, protected=True),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(condition=models.Q(('state__in', ('submitted', 'supplement_required', 'accepted', 'under_review', 'awaiting_applicant', 'awaiting_decision'))), fields=['accepted_on', 'id'], name='application_open'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='application',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('accepted:under_review', 'accepted:withdrawn', 'approved:issued', 'approved:under_review', 'awaiting_applicant:under_review', 'awaiting_applicant:withdrawn', 'awaiting_decision:approved', 'awaiting_decision:refused', 'awaiting_decision:under_review', 'awaiting_decision:withdrawn', 'draft:submitted', 'draft:withdrawn', 'submitted:accepted', 'submitted:not_accepted', 'submitted:supplement_required', 'submitted:withdrawn', 'supplement_required:lapsed', 'supplement_required:submitted', 'supplement_required:withdrawn', 'under_review:awaiting_applicant', 'under_review:awaiting_decision', 'under_review:withdrawn')", func='RETURN NULL;', hash='1c2c69d4a8da447588a4aaac172c82606c28e61e', operation='UPDATE', pgid='pgtrigger_state_moves_1b73f', table='licensing_application', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supplement',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='e1b18a7de994b4775bba84825ce4e75dec43b8e2', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_e5558', table='licensing_supplement', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supplementpoint',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='f4a16821f6f396877b648eaddde41e9a615a51ab', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_37a89', table='licensing_supplementpoint', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='supplementanswer',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='6a32c3d4e5a659aba7e5893280bae9590fcb4a1d', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_6982f', table='licensing_supplementanswer', when='BEFORE')),
        ),
    ]
