"""A penalty decision of two people bars a company through a day."""

from pathlib import Path

import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


GUARDS = Path(__file__).parent.parent / "sql" / "guards.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0010_proposals'),
        ('exporters', '0003_closed'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='exporter',
            name='state_moves',
        ),
        migrations.RemoveConstraint(
            model_name='stop',
            name='stop_ended_by_another',
        ),
        migrations.RemoveConstraint(
            model_name='stop',
            name='stop_open_once',
        ),
        migrations.AddField(
            model_name='stop',
            name='kind',
            field=models.CharField(choices=[('suspend', 'Suspend'), ('bar', 'Bar')], db_default='suspend', default='suspend', max_length=7),
        ),
        migrations.AddField(
            model_name='stop',
            name='last_day',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='stop',
            name='proposed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='exporter',
            name='state',
            field=django_fsm.FSMField(choices=[('draft', 'Draft'), ('pending', 'Being verified'), ('active', 'Active'), ('suspended', 'Suspended'), ('barred', 'Barred'), ('closed', 'Closed')], default='draft', editable=False, max_length=50, protected=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exporter',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('active:barred', 'active:closed', 'active:suspended', 'barred:suspended', 'draft:pending', 'pending:active', 'pending:draft', 'suspended:active', 'suspended:barred')", func='RETURN NULL;', hash='4f537377e06443017dbc53e4d832dd70eebe13b3', operation='UPDATE', pgid='pgtrigger_state_moves_ca9c8', table='exporters_exporter', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exporter',
            trigger=pgtrigger.compiler.Trigger(name='takes_two_to_bar', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state") AND NEW."state" = \'barred\')', execute="guard_countersigned('exporter', 'organization_id', 'bar')", func='RETURN NULL;', hash='489acdc7c797bf08f8bd44583d928c5f9ce7d5bd', operation='UPDATE', pgid='pgtrigger_takes_two_to_bar_442b1', table='exporters_exporter', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='stop',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), models.Q(('ended_by__isnull', False), models.Q(('ended_by', models.F('opened_by')), _negated=True), models.Q(('proposed_by', None), models.Q(('ended_by', models.F('proposed_by')), _negated=True), _connector='OR')), _connector='OR'), name='stop_ended_by_another'),
        ),
        migrations.AddConstraint(
            model_name='stop',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'suspend'), ('last_day', None), ('proposed_by', None)), models.Q(('kind', 'bar'), ('last_day__isnull', False), ('proposed_by__isnull', False), models.Q(('proposed_by', models.F('opened_by')), _negated=True)), _connector='OR'), name='stop_bars_by_two_until_a_day'),
        ),
        migrations.AddConstraint(
            model_name='stop',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('exporter', 'kind'), name='stop_of_a_kind_open_once'),
        ),
        migrations.RunSQL([(GUARDS.read_text(encoding="utf-8"), None)]),
    ]
