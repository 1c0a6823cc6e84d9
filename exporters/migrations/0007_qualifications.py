"""Who may file for annual licenses, and through which day: rows that are only added."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exporters', '0006_kind_of_a_party_is_said'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Qualification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_day', models.DateField()),
                ('reason', models.TextField()),
                ('granted_at', models.DateTimeField()),
                ('exporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='qualifications', to='exporters.exporter')),
                ('granted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='qualification_says_why')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='qualification',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='13c9df2d604188c4c56dcf4171ea5ca9df82c6fd', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_430dd', table='exporters_qualification', when='BEFORE')),
        ),
    ]
