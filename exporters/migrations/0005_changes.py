"""A verified company's facts change as it asked and intake accepted; PostgreSQL holds them."""

from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


GUARDS = Path(__file__).parent.parent / "sql" / "guards.sql"

class Migration(migrations.Migration):

    dependencies = [
        ('core', '0014_credentials'),
        ('exporters', '0004_bars'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL([(GUARDS.read_text(encoding="utf-8"), None)]),
        migrations.CreateModel(
            name='AccountChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('before', models.JSONField()),
                ('after', models.JSONField()),
                ('is_license', models.BooleanField()),
                ('reason', models.TextField()),
                ('asked_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('outcome', models.CharField(blank=True, choices=[('accepted', 'Accepted'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn'), ('dropped', 'Dropped')], max_length=9)),
                ('answer', models.TextField(blank=True)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('exporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='exporters.exporter')),
                ('license_before', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.document')),
                ('paper', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.document')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Named',
            fields=[
            ],
            options={
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('core.organization',),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exporter',
            trigger=pgtrigger.compiler.Trigger(name='facts_stand', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."address" IS DISTINCT FROM (NEW."address") OR OLD."business_license_id" IS DISTINCT FROM (NEW."business_license_id") OR OLD."legal_representative" IS DISTINCT FROM (NEW."legal_representative") OR OLD."province" IS DISTINCT FROM (NEW."province") OR OLD."uscc" IS DISTINCT FROM (NEW."uscc"))', execute="guard_facts_stand('organization_id', 'uscc', 'province', 'address', 'legal_representative', 'business_license_id')", func='RETURN NULL;', hash='8b741c6db937daf52ff42385fd77e0e1110135a7', operation='UPDATE', pgid='pgtrigger_facts_stand_cacbf', table='exporters_exporter', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exporter',
            trigger=pgtrigger.compiler.Trigger(name='customs_code', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."customs_code" IS DISTINCT FROM (NEW."customs_code"))', execute='guard_customs_code()', func='RETURN NULL;', hash='2fd9b6a8c5c8781cb140f3eae8ab0838f71a5feb', operation='UPDATE', pgid='pgtrigger_customs_code_280fb', table='exporters_exporter', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='named',
            trigger=pgtrigger.compiler.Trigger(name='names_stand', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."name_en" IS DISTINCT FROM (NEW."name_en") OR OLD."name_zh" IS DISTINCT FROM (NEW."name_zh"))', execute="guard_facts_stand('id', 'name_zh', 'name_en')", func='RETURN NULL;', hash='dce0ab96e4619d0257cbcd6fd1b61ee6a13b0e1e', operation='UPDATE', pgid='pgtrigger_names_stand_2caff', table='core_organization', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='accountchange',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome', '')), fields=('exporter',), name='change_one_open'),
        ),
        migrations.AddConstraint(
            model_name='accountchange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('after', {}), _negated=True), ('is_license', True), _connector='OR'), name='change_of_something'),
        ),
        migrations.AddConstraint(
            model_name='accountchange',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='change_says_why'),
        ),
        migrations.AddConstraint(
            model_name='accountchange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('decided_at', None), ('decided_by', None), ('outcome', '')), models.Q(('decided_at__isnull', False), ('outcome__in', ['accepted', 'withdrawn', 'dropped']), ('decided_by__isnull', False)), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('outcome', 'declined'), models.Q(('answer', ''), _negated=True)), _connector='OR'), name='change_decided_as_a_whole'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accountchange',
            trigger=pgtrigger.compiler.Trigger(name='begins_open', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.decided_at IS NOT NULL)', execute='guard_begins_open()', func='RETURN NULL;', hash='840bef5d9786967cf3fb1d46e1b6afdfa54ab574', operation='INSERT', pgid='pgtrigger_begins_open_73794', table='exporters_accountchange', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accountchange',
            trigger=pgtrigger.compiler.Trigger(name='decided_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.decided_at IS NOT NULL)', execute='guard_decided_once()', func='RETURN NULL;', hash='2b403d03c43ac9b2e0bbb9444c3d4c4d5282a1c0', operation='UPDATE', pgid='pgtrigger_decided_once_ef882', table='exporters_accountchange', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='accountchange',
            trigger=pgtrigger.compiler.Trigger(name='change_answered', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_change_answered()', func='RETURN NULL;', hash='7bcde84be4f1ec9bd4c673ed589200a9d6507736', operation='UPDATE', pgid='pgtrigger_change_answered_6d1dd', table='exporters_accountchange', when='BEFORE')),
        ),
    ]
