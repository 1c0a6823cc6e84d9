"""The clock of a case stands still while somebody is consulted: each pause is a row."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0016_editions_are_never_emptied'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ClockInterval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('identification', 'Identification of the goods'), ('expert', 'Expert consultation'), ('state_council', 'Approval by the State Council'), ('site_visit', 'Visit to the site')], max_length=20)),
                ('notice', models.TextField()),
                ('begins_on', models.DateField()),
                ('ends_on', models.DateField(blank=True, null=True)),
                ('opened_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pauses', to='licensing.application')),
                ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on', None), ('ends_on__gte', models.F('begins_on')), _connector='OR'), name='pause_in_order'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ended_by', None), ('ends_on', None)), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False), ('ends_on__isnull', False)), _connector='OR'), name='pause_ended_by_somebody'), models.CheckConstraint(condition=models.Q(('notice', ''), _negated=True), name='pause_says_why'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('application', '='), (models.Func(models.F('begins_on'), models.F('ends_on'), function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='pause_one_at_a_time')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='clockinterval',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."ends_on" IS NOT NULL)', execute='guard_insert_only()', func='RETURN NULL;', hash='574daf442b90cae6ba102317d61376b082331e24', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_78e80', table='licensing_clockinterval', when='BEFORE')),
        ),
    ]
