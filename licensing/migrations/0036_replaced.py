"""An amendment names the license that it asks to change, and a license the one whose place it took."""

from pathlib import Path

import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("post", "ledger", "books", "guards", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('exporters', '0004_bars'),
        ('licensing', '0035_paper_original'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='license',
            name='state_moves',
        ),
        migrations.AddField(
            model_name='application',
            name='amends',
            field=models.ForeignKey(help_text='The license that it asks to change.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='amendments', to='licensing.license'),
        ),
        migrations.AddField(
            model_name='license',
            name='replaces',
            field=models.OneToOneField(help_text='Whose place it took, by an amendment.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='licensing.license'),
        ),
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
        migrations.AlterField(
            model_name='application',
            name='kind',
            field=models.CharField(choices=[('per_shipment', 'Per shipment'), ('annual', 'Annual'), ('amendment', 'Change of a license')], max_length=12, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='license',
            name='kind',
            field=models.CharField(choices=[('per_shipment', 'Per shipment'), ('annual', 'Annual'), ('amendment', 'Change of a license')], max_length=12),
        ),
        migrations.AlterField(
            model_name='license',
            name='state',
            field=django_fsm.FSMField(choices=[('active', 'In force'), ('suspended', 'Suspended'), ('exhausted', 'Used up'), ('expired', 'Expired'), ('surrendered', 'Handed back'), ('replaced', 'Replaced'), ('revoked', 'Ended by the ministry')], default='active', editable=False, max_length=50, protected=True),
        ),
        migrations.AlterField(
            model_name='movement',
            name='kind',
            field=models.CharField(choices=[('authorize', 'Authorize'), ('credit', 'Credit'), ('reserve', 'Reserve'), ('release', 'Release'), ('draw', 'Draw'), ('over_clear', 'Over Clear'), ('adjust', 'Adjust'), ('lapse', 'Lapse'), ('unlapse', 'Unlapse'), ('tolerance', 'Tolerance'), ('carry', 'Carry'), ('pass_on', 'Pass On')], max_length=10),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='replaces_what_it_amends', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_replaces_what_it_amends()', func='RETURN NULL;', hash='978c33fdc3a3776beb49df5a987dcd2203ba7af3', operation='INSERT', pgid='pgtrigger_replaces_what_it_amends_973bd', table='licensing_license', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='succeeded_by_one', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" = \'replaced\' AND OLD."state" IS DISTINCT FROM (NEW."state"))', execute='guard_succeeded_by_one()', func='RETURN NULL;', hash='fc3032d512a4e7c8ffe826ef969ad120503cb4ab', operation='UPDATE', pgid='pgtrigger_succeeded_by_one_dfb31', table='licensing_license', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='license',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('active:exhausted', 'active:expired', 'active:replaced', 'active:revoked', 'active:surrendered', 'active:suspended', 'exhausted:active', 'suspended:active', 'suspended:expired', 'suspended:revoked')", func='RETURN NULL;', hash='1470332df43fdc6be89ebcbe8c298ea7c1cd2295', operation='UPDATE', pgid='pgtrigger_state_moves_df82a', table='licensing_license', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amends__isnull', False), ('kind', 'amendment')), models.Q(models.Q(('kind', 'amendment'), _negated=True), ('amends', None)), _connector='OR'), name='application_amends_as_its_kind'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('draft', 'submitted', 'supplement_required', 'accepted', 'under_review', 'awaiting_applicant', 'awaiting_decision', 'under_reconsideration', 'approved'))), fields=('amends',), name='application_amends_one_at_a_time'),
        ),
    ]
