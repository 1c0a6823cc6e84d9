"""What screening an end-user against the lists of parties found: rows that are only added."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exporters', '0006_kind_of_a_party_is_said'),
        ('licensing', '0021_what_the_rules_ask_of_a_case'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Screening',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('party_version', models.IntegerField()),
                ('hit', models.CharField(max_length=20)),
                ('list_version', models.CharField(max_length=80)),
                ('screened_on', models.DateField()),
                ('reason', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='screenings', to='licensing.application')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='screenings', to='exporters.party')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('list_version', ''), _negated=True), name='screening_names_its_list'), models.CheckConstraint(condition=models.Q(('hit', 'none'), models.Q(('reason', ''), _negated=True), _connector='OR'), name='screening_hit_has_a_reason')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='screening',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='92bfbd0b97df62a19eb7bda5ac6744fccd77e336', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_ecb75', table='licensing_screening', when='BEFORE')),
        ),
    ]
