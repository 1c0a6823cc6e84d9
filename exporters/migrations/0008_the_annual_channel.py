"""Each company has one row that says whether it may file for annual licenses; what was granted before stays granted."""

import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


BEFORE = """
    CREATE TEMPORARY TABLE granted_before ON COMMIT DROP AS
    SELECT DISTINCT ON (exporter_id) exporter_id, last_day FROM exporters_qualification ORDER BY exporter_id, id DESC
"""
FILL = """
    INSERT INTO exporters_qualification (exporter_id, state, last_day)
    SELECT e.organization_id, CASE WHEN b.last_day IS NULL THEN 'none' ELSE 'granted' END, b.last_day
    FROM exporters_exporter e LEFT JOIN granted_before b ON b.exporter_id = e.organization_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0013_one_order_of_keys_and_grants'),
        ('exporters', '0007_qualifications'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
        migrations.DeleteModel('Qualification'),
        migrations.CreateModel(
            name='PaperRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.IntegerField()),
                ('first_day', models.DateField()),
                ('last_day', models.DateField()),
                ('filed_at', models.DateTimeField()),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.document')),
                ('exporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='paper_records', to='exporters.exporter')),
                ('filed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='CompliancePaper',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('audited_on', models.DateField()),
                ('filed_at', models.DateTimeField()),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.document')),
                ('exporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='compliance_papers', to='exporters.exporter')),
                ('filed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='RecordAnswer',
            fields=[
                ('record', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='answer', serialize=False, to='exporters.paperrecord')),
                ('accepted', models.BooleanField()),
                ('reason', models.TextField()),
                ('answered_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Qualification',
            fields=[
                ('exporter', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='qualification', serialize=False, to='exporters.exporter')),
                ('state', django_fsm.FSMField(choices=[('none', 'Not qualified'), ('asked', 'Asked for'), ('granted', 'Qualified'), ('lapsed', 'Lapsed')], default='none', editable=False, max_length=50, protected=True)),
                ('last_day', models.DateField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['granted', 'lapsed']), _negated=True), ('last_day__isnull', False), _connector='OR'), name='qualification_granted_through_a_day')],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),  # before the guard that lets none begin as granted
        migrations.CreateModel(
            name='Examination',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('occasion', models.CharField(choices=[('ask', 'Ask'), ('grant', 'Grant'), ('decline', 'Decline'), ('renew', 'Renew')], max_length=8)),
                ('edition', models.CharField(max_length=40)),
                ('results', models.JSONField()),
                ('missing', models.IntegerField()),
                ('examined_at', models.DateTimeField()),
                ('examined_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('paper', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exporters.compliancepaper')),
                ('qualification', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='examinations', to='exporters.qualification')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='qualification',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('asked:granted', 'asked:none', 'granted:lapsed', 'lapsed:asked', 'none:asked')", func='RETURN NULL;', hash='c02461547346c7cbb01441525f73efd1b8f43843', operation='UPDATE', pgid='pgtrigger_state_moves_40b42', table='exporters_qualification', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='qualification',
            trigger=pgtrigger.compiler.Trigger(name='state_begins', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" IS DISTINCT FROM \'none\')', execute="guard_state_begins('none')", func='RETURN NULL;', hash='4fcdc420770a78161220131f4768bea938d147cb', operation='INSERT', pgid='pgtrigger_state_begins_50521', table='exporters_qualification', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='compliancepaper',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='cc8a52dac7b35856cfa3244f23bd6a0d9721ff1c', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_7f2a6', table='exporters_compliancepaper', when='BEFORE')),
        ),
        migrations.AddField(
            model_name='recordanswer',
            name='answered_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='paperrecord',
            constraint=models.CheckConstraint(condition=models.Q(('number__gt', 0)), name='paper_record_counts'),
        ),
        migrations.AddConstraint(
            model_name='paperrecord',
            constraint=models.CheckConstraint(condition=models.Q(('last_day__gte', models.F('first_day'))), name='paper_record_in_order'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='paperrecord',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='2d6b44a5fd8f7d43419304e48d1557a5aae87089', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_d61a9', table='exporters_paperrecord', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='examination',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('occasion__in', ['grant', 'renew']), _negated=True), models.Q(('missing', 0), ('paper__isnull', False)), _connector='OR'), name='examination_granted_when_met'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='examination',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='caed3c7392fac5fd91935dec721a1d6cc834bc9d', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_56962', table='exporters_examination', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='recordanswer',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='record_answer_says_why'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='recordanswer',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='9ab14dd943e3a5ee06883edea970cfe52a695683', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_2f333', table='exporters_recordanswer', when='BEFORE')),
        ),
    ]
