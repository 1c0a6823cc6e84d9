"""Shipments, what customs said of them, and incidents."""

import django.db.models.deletion
import django_fsm
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_initial'),
        ('exporters', '0001_initial'),
        ('licensing', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Shipment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(max_length=16, unique=True)),
                ('client_reference', models.CharField(max_length=64)),
                ('state', django_fsm.FSMField(choices=[('reserved', 'Reserved'), ('declared', 'Declared'), ('part_cleared', 'Partly cleared'), ('cleared', 'Cleared'), ('cancelled', 'Cancelled'), ('expired', 'Reservation lapsed')], default='reserved', editable=False, max_length=50, protected=True)),
                ('destination', models.CharField(max_length=2)),
                ('port', models.CharField(max_length=5)),
                ('planned_on', models.DateField()),
                ('reserved_until', models.DateField()),
                ('final', models.BooleanField(default=False)),
                ('declaration_no', models.CharField(blank=True, max_length=18)),
                ('declared_at', models.DateTimeField(blank=True, null=True)),
                ('cleared_at', models.DateTimeField(blank=True, null=True)),
                ('counted', models.BooleanField(default=True, help_text="Does it count against the license's number of clearances?")),
                ('created_at', models.DateTimeField()),
                ('consignee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exporters.party')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('end_user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='exporters.party')),
                ('exporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shipments', to='exporters.exporter')),
                ('license', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shipments', to='licensing.license')),
            ],
            options={
                'ordering': ['-id'],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(max_length=16, unique=True)),
                ('kind', models.CharField(choices=[('unknown_shipment', 'Message about an unknown shipment'), ('license_not_usable', 'Declared while the license was not usable'), ('rules_forbade', 'Declared when the rules forbade it'), ('reservation_gone', 'Declared after the reservation was gone'), ('over_cleared', 'More cleared than the license had'), ('declaration_used', 'Declaration number of another shipment'), ('after_final', 'Cleared after the last clearance'), ('unknown_line', 'Cleared on a line or unit that the license does not have')], max_length=20)),
                ('message_id', models.CharField(max_length=80)),
                ('text', models.TextField()),
                ('facts', models.JSONField(null=True)),
                ('opened_at', models.DateTimeField()),
                ('shipment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='incidents', to='shipments.shipment')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='CustomsMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message_id', models.CharField(max_length=80)),
                ('event', models.CharField(max_length=12)),
                ('fingerprint', models.CharField(max_length=64)),
                ('body', models.JSONField()),
                ('received_at', models.DateTimeField()),
                ('status', models.PositiveSmallIntegerField()),
                ('answer', models.TextField()),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.organization')),
                ('shipment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='shipments.shipment')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='CustomsDeclaration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=18, unique=True)),
                ('declared_at', models.DateTimeField()),
                ('lawful', models.BooleanField()),
                ('shipment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='declarations', to='shipments.shipment')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ShipmentLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line_number', models.PositiveSmallIntegerField()),
                ('quantity', models.BigIntegerField()),
                ('unit', models.CharField(max_length=10)),
                ('hs_code', models.CharField(blank=True, max_length=10)),
                ('value', models.DecimalField(blank=True, decimal_places=2, max_digits=18, null=True)),
                ('value_held', models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('composition', models.JSONField(blank=True, default=dict)),
                ('held', models.BigIntegerField()),
                ('drawn', models.BigIntegerField(default=0)),
                ('released', models.BigIntegerField(default=0)),
                ('over_cleared', models.BigIntegerField(default=0)),
                ('added', models.BooleanField(db_default=False, help_text='It crossed, and was never reserved.')),
                ('shipment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='shipments.shipment')),
            ],
            options={
                'ordering': ['shipment', 'line_number'],
            },
        ),
        migrations.CreateModel(
            name='Handling',
            fields=[
                ('incident', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='handling', serialize=False, to='shipments.incident')),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddIndex(
            model_name='shipment',
            index=models.Index(condition=models.Q(('state', 'reserved')), fields=['reserved_until'], name='shipment_reservation'),
        ),
        migrations.AddConstraint(
            model_name='shipment',
            constraint=models.UniqueConstraint(fields=('exporter', 'client_reference'), name='shipment_client_reference_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='shipment',
            trigger=pgtrigger.compiler.Trigger(name='state_moves', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."state" IS DISTINCT FROM (NEW."state"))', execute="guard_state_moves('cancelled:cleared', 'cancelled:declared', 'cancelled:part_cleared', 'declared:cleared', 'declared:part_cleared', 'expired:cleared', 'expired:declared', 'expired:part_cleared', 'part_cleared:cleared', 'reserved:cancelled', 'reserved:cleared', 'reserved:declared', 'reserved:expired', 'reserved:part_cleared')", func='RETURN NULL;', hash='0147e80d31c1980df3c28a52496d1b5ebb9c79b6', operation='UPDATE', pgid='pgtrigger_state_moves_478c5', table='shipments_shipment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='shipment',
            trigger=pgtrigger.compiler.Trigger(name='state_begins', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."state" IS DISTINCT FROM \'reserved\')', execute="guard_state_begins('reserved')", func='RETURN NULL;', hash='8cc31ab58c80e9699ab1165d38dadcbd52c9e7a1', operation='INSERT', pgid='pgtrigger_state_begins_478ac', table='shipments_shipment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='incident',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='9629b9dc1a175d5413c4404da6e1ad22ce489875', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_ecd8b', table='shipments_incident', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='customsmessage',
            constraint=models.UniqueConstraint(fields=('source', 'message_id'), name='customs_message_once'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='customsmessage',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='f52788daf7891eab13ccb7262bb122911a38432c', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_65ab1', table='shipments_customsmessage', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='customsdeclaration',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='df5f1b260ce1d255cd9813eb42424701bc7ad1b6', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_37e4c', table='shipments_customsdeclaration', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='shipmentline',
            constraint=models.UniqueConstraint(fields=('shipment', 'line_number'), name='shipment_line_once'),
        ),
        migrations.AddConstraint(
            model_name='shipmentline',
            constraint=models.CheckConstraint(condition=models.Q(('drawn__gte', 0), ('held__gte', 0), ('over_cleared__gte', 0), ('quantity__gt', 0), ('released__gte', 0)), name='shipment_line_not_negative'),
        ),
        migrations.AddIndex(
            model_name='handling',
            index=models.Index(condition=models.Q(('ended_at', None)), fields=['incident'], name='handling_open'),
        ),
        migrations.AddConstraint(
            model_name='handling',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), models.Q(('owner', None), _negated=True), _connector='OR'), name='handling_ended_by_owner'),
        ),
    ]
