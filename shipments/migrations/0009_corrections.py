"""Shipments are questioned, rejected, closed out, corrected, and come back."""

import django.db.models.deletion
import django.db.models.expressions
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shipments', '0008_reserve_many'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Resolution',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.BigIntegerField()),
                ('drawn', models.BigIntegerField(null=True)),
                ('over_cleared', models.BigIntegerField(null=True)),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='resolutions', to='shipments.shipmentline')),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='resolutions', to='shipments.customsmessage')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Return',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('declaration_no', models.CharField(max_length=18)),
                ('reported_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('approved', models.BooleanField(null=True)),
                ('reason', models.TextField(blank=True)),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='returned', to='shipments.customsmessage')),
                ('shipment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='shipments.shipment')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ReturnedLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.BigIntegerField()),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shipments.shipmentline')),
                ('of', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='shipments.return')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='shipment',
            name='state_moves',
        ),
        migrations.AddField(
            model_name='customsmessage',
            name='corrects',
            field=models.ForeignKey(help_text='The clearance that it corrects, also where it names a correction of it.', null=True, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shipments.customsmessage'),
        ),
        migrations.AddField(
            model_name='shipmentline',
            name='credited',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='shipmentline',
            name='returned',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='incident',
            name='kind',
            field=models.CharField(choices=[('unknown_shipment', 'Message about an unknown shipment'), ('license_not_usable', 'Declared while the license was not usable'), ('rules_forbade', 'Declared when the rules forbade it'), ('reservation_gone', 'Declared after the reservation was gone'), ('over_cleared', 'More cleared than the license had'), ('declaration_used', 'Declaration number of another shipment'), ('after_final', 'Cleared after the last clearance'), ('cleared_and_rejected', 'Both cleared and rejected'), ('unknown_line', 'Cleared on a line or unit that the license does not have')], max_length=20),
        ),
        migrations.AlterField(
            model_name='shipment',
            name='state',
            field=django_fsm.FSMField(choices=[('reserved', 'Reserved'), ('declared', 'Declared'), ('part_cleared', 'Partly cleared'), ('cleared', 'Cleared'), ('departed', 'Departed'), ('delivered', 'Delivered'), ('questioned', 'Questioned by customs'), ('returned', 'Returned'), ('cancelled', 'Cancelled'), ('expired', 'Reservation lapsed'), ('rejected', 'Rejected by customs')], default='reserved', editable=False, max_length=50, protected=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='shipment',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('cancelled:cleared', 'cancelled:declared', 'cancelled:part_cleared', 'cleared:departed', 'cleared:returned', 'declared:cancelled', 'declared:cleared', 'declared:part_cleared', 'declared:questioned', 'declared:rejected', 'delivered:returned', 'departed:delivered', 'departed:returned', 'expired:cleared', 'expired:declared', 'expired:part_cleared', 'part_cleared:cleared', 'questioned:cancelled', 'questioned:cleared', 'questioned:declared', 'questioned:part_cleared', 'questioned:rejected', 'reserved:cancelled', 'reserved:cleared', 'reserved:declared', 'reserved:expired', 'reserved:part_cleared')", func='RETURN NULL;', hash='c752c6715d4887a9d6e1d4877ac991e937373aca', operation='UPDATE', pgid='pgtrigger_state_moves_478c5', table='shipments_shipment', when='BEFORE')),
        ),
        AddConstraintNotValid(
            model_name='shipmentline',
            constraint=models.CheckConstraint(condition=models.Q(('returned__gte', 0), ('returned__lte', django.db.models.expressions.CombinedExpression(models.F('drawn'), '+', models.F('over_cleared')))), name='shipment_line_returned_crossed'),
        ),
        AddConstraintNotValid(
            model_name='shipmentline',
            constraint=models.CheckConstraint(condition=models.Q(('credited__gte', 0), ('credited__lte', models.F('returned')), ('credited__lte', models.F('drawn'))), name='shipment_line_credited_returned'),
        ),
        migrations.AddConstraint(
            model_name='resolution',
            constraint=models.UniqueConstraint(fields=('line', 'message'), name='resolution_once'),
        ),
        migrations.AddConstraint(
            model_name='resolution',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 0)), name='resolution_not_negative'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='resolution',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='9d7021ee3e499ae9e782c11caecd84495e66c1b7', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_4a3b3', table='shipments_resolution', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='return',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved', None), ('decided_at', None), ('decided_by', None)), models.Q(('approved__isnull', False), ('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='return_decided_whole'),
        ),
        migrations.AddConstraint(
            model_name='returnedline',
            constraint=models.UniqueConstraint(fields=('of', 'line'), name='returned_line_once'),
        ),
        migrations.AddConstraint(
            model_name='returnedline',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='returned_line_positive'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='returnedline',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='0fd15c8511e35813315c1816a78138b358aa7fe8', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_203aa', table='shipments_returnedline', when='BEFORE')),
        ),
    ]
