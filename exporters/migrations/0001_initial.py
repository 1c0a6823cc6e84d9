"""Companies and their parties, and whether they may file for annual licenses."""

import django.core.validators
import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Exporter',
            fields=[
                ('organization', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='exporter', serialize=False, to='core.organization')),
                ('state', django_fsm.FSMField(choices=[('draft', 'Draft'), ('pending', 'Being verified'), ('active', 'Active')], default='draft', editable=False, max_length=50, protected=True)),
                ('uscc', models.CharField(max_length=18, verbose_name='unified social credit code')),
                ('customs_code', models.CharField(blank=True, max_length=10, verbose_name='customs registration code')),
                ('province', models.CharField(blank=True, default='', max_length=2, verbose_name='province')),
                ('address', models.CharField(blank=True, max_length=300, verbose_name='address')),
                ('legal_representative', models.CharField(blank=True, max_length=120, verbose_name='legal representative')),
                ('main_manager', models.CharField(blank=True, max_length=120, verbose_name='main manager')),
                ('handler', models.CharField(blank=True, max_length=120, verbose_name='handler')),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('business_license', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.document')),
            ],
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
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
                ('filed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('exporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='compliance_papers', to='exporters.exporter')),
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
            name='Party',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(max_length=16, unique=True)),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('name_local', models.CharField(blank=True, max_length=200, verbose_name='name in its own script')),
                ('address', models.CharField(max_length=300, verbose_name='address')),
                ('site_address', models.CharField(blank=True, max_length=300, verbose_name='site of use')),
                ('nature', models.CharField(blank=True, choices=[('commercial', 'Commercial'), ('government', 'Government'), ('military', 'Military'), ('academic', 'Academic'), ('individual', 'Individual')], max_length=12, verbose_name='kind')),
                ('business', models.CharField(help_text='What it makes or does.', max_length=300, validators=[django.core.validators.MinLengthValidator(3)], verbose_name='business')),
                ('registration_no', models.CharField(blank=True, max_length=60, verbose_name='registration number')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('country', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.country', verbose_name='country or region')),
                ('exporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parties', to='exporters.exporter')),
            ],
            options={
                'verbose_name_plural': 'parties',
                'ordering': ['name', 'pk'],
            },
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
        migrations.AddConstraint(
            model_name='exporter',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('draft', 'pending')), _negated=True), fields=('uscc',), name='exporter_code_held_once'),
        ),
        migrations.AddConstraint(
            model_name='exporter',
            constraint=models.CheckConstraint(condition=models.Q(('province__in', ['', '11', '12', '13', '14', '15', '21', '22', '23', '31', '32', '33', '34', '35', '36', '37', '41', '42', '43', '44', '45', '46', '50', '51', '52', '53', '54', '61', '62', '63', '64', '65', '71', '81', '82'])), name='exporter_province_known'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exporter',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('draft:pending', 'pending:active', 'pending:draft')", func='RETURN NULL;', hash='62c3c7e08eddbefdd6c9a7ee5eaa92a04ed3235a', operation='UPDATE', pgid='pgtrigger_state_moves_ca9c8', table='exporters_exporter', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exporter',
            trigger=pgtrigger.compiler.Trigger(name='state_begins', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" IS DISTINCT FROM \'draft\')', execute="guard_state_begins('draft')", func='RETURN NULL;', hash='6430d0c4ec6e18c68151a3d2cc28465671132bd5', operation='INSERT', pgid='pgtrigger_state_begins_e3b2c', table='exporters_exporter', when='BEFORE')),
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
