"""What one officer proposes and a second countersigns."""

from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql" / "proposals.sql"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0009_proof_of_a_key'),
    ]

    operations = [
        migrations.RunSQL([(SQL.read_text(encoding="utf-8"), None)]),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject_kind', models.CharField(max_length=20)),
                ('subject_id', models.BigIntegerField()),
                ('subject_ref', models.CharField(max_length=40)),
                ('verb', models.CharField(max_length=40)),
                ('reason', models.TextField()),
                ('facts', models.JSONField(blank=True, default=dict)),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('carried', models.BooleanField(null=True)),
                ('decision_reason', models.TextField(blank=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('document', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.document')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['subject_kind', 'subject_id', 'verb'], name='proposal_of_subject')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('decided_at', None)), fields=('subject_kind', 'subject_id', 'verb'), name='proposal_one_open'), models.CheckConstraint(condition=models.Q(models.Q(('carried', None), ('decided_at', None), ('decided_by', None), ('decision_reason', '')), models.Q(('carried__isnull', False), ('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='proposal_decided_as_a_whole'), models.CheckConstraint(condition=models.Q(('carried', None), ('carried', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='proposal_carried_by_another')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='proposal',
            trigger=pgtrigger.compiler.Trigger(name='proposal_decided_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.decided_at IS NOT NULL)', execute='guard_decided_once()', func='RETURN NULL;', hash='182e5439edd7fc20cd1af10986ae5ff0aff6d0ba', operation='UPDATE', pgid='pgtrigger_proposal_decided_once_460e8', table='core_proposal', when='BEFORE')),
        ),
    ]
