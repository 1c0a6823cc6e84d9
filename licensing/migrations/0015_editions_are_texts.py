"""An edition is one canonical text, and no row is changed. What stood before named a list and had no text."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0014_who_opened_an_enforcement_does_not_end_it'),
    ]

    operations = [
        migrations.DeleteModel(name='PolicyEdition'),
        migrations.CreateModel(
            name='PolicyEdition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, unique=True)),
                ('title', models.CharField(max_length=200)),
                ('text', models.TextField()),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('engine', models.PositiveSmallIntegerField()),
                ('starts_at', models.DateTimeField(unique=True)),
            ],
            options={'ordering': ['starts_at']},
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policyedition',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='41360028e8d78ca0456ff026d07fa0e1a6a8c21d', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_5e374', table='licensing_policyedition', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='policyedition',
            constraint=models.CheckConstraint(condition=models.Q(('digest', models.Func(models.F('text'), output_field=models.CharField(), template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')"))), name='policy_edition_is_its_text'),
        ),
    ]
