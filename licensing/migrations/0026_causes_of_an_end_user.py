"""Rules for licenses in force, or a hit, close an end-user of a license: each such cause is a row."""

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exporters', '0007_qualifications'),
        ('licensing', '0025_verdicts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='license',
            name='next_turn_at',
            field=models.DateTimeField(help_text='When a verdict of it next begins or ends to prohibit, by the editions known.', null=True),
        ),
        migrations.AddField(
            model_name='suspension',
            name='edition',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.policyedition'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='end_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='causes', to='licensing.licenseenduser'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='rules',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None),
        ),
        migrations.AlterField(
            model_name='suspension',
            name='cause',
            field=models.CharField(choices=[('enforcement', 'Enforcement'), ('over_clearance', 'More was cleared than the license had'), ('policy', 'The rules in force'), ('screening', 'A question about the end-user')], max_length=20),
        ),
        migrations.AddIndex(
            model_name='license',
            index=models.Index(condition=models.Q(('state__in', ['active', 'suspended'])), fields=['judged_by'], name='license_judged'),
        ),
        migrations.AddIndex(
            model_name='license',
            index=models.Index(condition=models.Q(('state__in', ['active', 'suspended'])), fields=['next_turn_at'], name='license_turning'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policyedition',
            trigger=pgtrigger.compiler.Trigger(name='in_order', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_in_order()', func='RETURN NULL;', hash='743e65f152be95816bf790bf5f458dcb5d9eee5e', operation='INSERT', pgid='pgtrigger_in_order_de012', table='licensing_policyedition', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), models.Q(('cause', 'policy'), _negated=True), models.Q(('ended_by', models.F('opened_by')), ('ended_by__isnull', False)), _connector='OR'), name='suspension_policy_ended_by_a_turn'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause', 'policy'), _negated=True), models.Q(('edition__isnull', False), ('end_user__isnull', False), ('rules__len__gt', 0)), _connector='OR'), name='suspension_policy_names_its_rules'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause', 'screening'), _negated=True), ('end_user__isnull', False), _connector='OR'), name='suspension_screening_of_an_end_user'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.UniqueConstraint(condition=models.Q(('end_user__isnull', False), ('ended_at', None)), fields=('end_user', 'cause'), name='suspension_of_an_end_user_once'),
        ),
    ]
