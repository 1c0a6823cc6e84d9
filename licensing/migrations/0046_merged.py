"""Which cases an annual application was merged of."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0045_told_of_renewal'),
    ]

    operations = [
        migrations.CreateModel(
            name='Merged',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('application', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='licensing.application')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merged_into', to='licensing.application')),
                ('license', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.license')),
            ],
            options={
                'ordering': ['case_id'],
                'constraints': [models.UniqueConstraint(fields=('application', 'case'), name='merged_once'), models.CheckConstraint(condition=models.Q(('application', models.F('case')), _negated=True), name='merged_of_others')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='merged',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='3c561ac6ee41d27f643da6000ec3bfcc06c7a13e', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_09596', table='licensing_merged', when='BEFORE')),
        ),
    ]
