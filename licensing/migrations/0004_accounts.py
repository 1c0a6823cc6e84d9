"""A line has a chain of movements, and further ceilings: its value, and what an end-user may take."""

from pathlib import Path

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
FUNCTIONS = ("post", "ledger", "doors", "books")
# Constants where there were rows, so that none is written anew; what comes later has its own.
MOVEMENT = """
    DROP FUNCTION IF EXISTS ledger_post(licensing_licenseline, text, bigint, boolean, bigint, text, timestamptz, bigint);
    ALTER TABLE licensing_movement
        ADD COLUMN account varchar(10) NOT NULL DEFAULT 'quantity',
        ADD COLUMN end_user_id bigint NULL,
        ADD COLUMN rate numeric(18, 8) NULL,
        ADD COLUMN seq bigint NULL,
        ADD COLUMN digest bytea NULL,
        ADD COLUMN transaction bigint NOT NULL DEFAULT 0;
    ALTER TABLE licensing_movement ALTER COLUMN transaction SET DEFAULT pg_current_xact_id()::text::bigint;
    DROP INDEX movement_of_license;
    CREATE INDEX movement_of_license ON licensing_movement (license_id, transaction, id);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0003_doors'),
    ]

    operations = [
        migrations.CreateModel(
            name='LineCheck',
            fields=[
                ('line', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='licensing.licenseline')),
                ('seq', models.BigIntegerField()),
                ('digest', models.BinaryField()),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.AlterField(
            model_name='suspension',
            name='cause',
            field=models.CharField(choices=[('enforcement', 'Enforcement'), ('over_clearance', 'More was cleared than the license had'), ('policy', 'The rules in force'), ('screening', 'A question about the end-user'), ('ledger', 'The books of the license do not agree')], max_length=20),
        ),
        migrations.CreateModel(
            name='Allotted',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.BigIntegerField()),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Ceiling',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account', models.CharField(choices=[('value', 'Value'), ('allotment', 'Allotment')], max_length=10)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('authorized', models.BigIntegerField()),
                ('reserved', models.BigIntegerField()),
                ('drawn', models.BigIntegerField()),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('cny', models.DecimalField(decimal_places=8, max_digits=18)),
            ],
            options={
                'ordering': ['-month', 'currency'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='licenseline',
            name='license_line_value_not_negative',
        ),
        migrations.RemoveField(
            model_name='licenseline',
            name='currency',
        ),
        migrations.RemoveField(
            model_name='licenseline',
            name='value_authorized',
        ),
        migrations.RemoveField(
            model_name='licenseline',
            name='value_drawn',
        ),
        migrations.RemoveField(
            model_name='licenseline',
            name='value_reserved',
        ),
        migrations.AddField(
            model_name='decisionstep',
            name='tolerance_mode',
            field=models.CharField(choices=[('none', 'None'), ('pct_line', 'Percent of each line'), ('pct_remaining_final', 'Percent of what remains, for the last shipment')], db_default='none', max_length=20),
        ),
        migrations.AddField(
            model_name='decisionstep',
            name='tolerance_pct',
            field=models.DecimalField(db_default=0, decimal_places=2, max_digits=5),
        ),
        migrations.AddField(
            model_name='licenseline',
            name='capped',
            field=models.BooleanField(db_default=False, help_text='It has ceilings besides its quantity.'),
        ),
        migrations.AddField(
            model_name='licenseline',
            name='chain_digest',
            field=models.BinaryField(db_default=b'', help_text='Of the last one; each is hashed with that before it.'),
        ),
        migrations.AddField(
            model_name='licenseline',
            name='chain_seq',
            field=models.BigIntegerField(db_default=0, help_text="How many movements it has, its ceilings' included."),
        ),
        migrations.AddField(
            model_name='licenseline',
            name='final_pct',
            field=models.PositiveSmallIntegerField(db_default=0, help_text='In hundredths of a percent of what remains: what the last shipment may take beyond it.'),
        ),
        migrations.AddField(
            model_name='recommendedline',
            name='currency',
            field=models.CharField(db_default='', max_length=3),
        ),
        migrations.AddField(
            model_name='recommendedline',
            name='value',
            field=models.DecimalField(decimal_places=2, max_digits=18, null=True),
        ),
        migrations.AlterField(
            model_name='license',
            name='tolerance_mode',
            field=models.CharField(choices=[('none', 'None'), ('pct_line', 'Percent of each line'), ('pct_remaining_final', 'Percent of what remains, for the last shipment')], default='none', max_length=20),
        ),
        migrations.AddConstraint(
            model_name='recommendedline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('currency', ''), ('value', None)), models.Q(('value__gt', 0), models.Q(('currency', ''), _negated=True)), _connector='OR'), name='recommended_line_value'),
        ),
        migrations.AddField(
            model_name='allotted',
            name='end_user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.applicationenduser'),
        ),
        migrations.AddField(
            model_name='allotted',
            name='line',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.applicationline'),
        ),
        migrations.AddField(
            model_name='allotted',
            name='step',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allotments', to='licensing.decisionstep'),
        ),
        migrations.AddField(
            model_name='ceiling',
            name='end_user',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.licenseenduser'),
        ),
        migrations.AddField(
            model_name='ceiling',
            name='line',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='ceilings', to='licensing.licenseline'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.UniqueConstraint(fields=('month', 'currency'), name='exchange_rate_once'),
        ),
        migrations.AddConstraint(
            model_name='exchangerate',
            constraint=models.CheckConstraint(condition=models.Q(('cny__gt', 0), ('month__day', 1), models.Q(('currency', 'CNY'), _negated=True)), name='exchange_rate_of_a_month'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='exchangerate',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='74aebf3a9d25fb1aca9e6fbb812ea19e697a5833', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_ae448', table='licensing_exchangerate', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='allotted',
            constraint=models.UniqueConstraint(fields=('step', 'line', 'end_user'), name='allotted_once'),
        ),
        migrations.AddConstraint(
            model_name='allotted',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='allotted_quantity'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='allotted',
            trigger=pgtrigger.compiler.Trigger(name='insert_only', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_insert_only()', func='RETURN NULL;', hash='44d4cef6606a3428076bc3b0d8c22013086578b3', operation='UPDATE OR DELETE', pgid='pgtrigger_insert_only_9347f', table='licensing_allotted', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='ceiling',
            constraint=models.UniqueConstraint(fields=('line', 'account', 'end_user'), name='ceiling_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='ceiling',
            constraint=models.CheckConstraint(condition=models.Q(('authorized__gte', 0), ('drawn__gte', 0), ('reserved__gte', 0)), name='ceiling_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='ceiling',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('account', 'value'), ('end_user', None), models.Q(('currency', ''), _negated=True)), models.Q(('account', 'allotment'), ('currency', ''), ('end_user__isnull', False)), _connector='OR'), name='ceiling_of_somebody_or_a_value'),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(MOVEMENT)],
            state_operations=[
                migrations.RemoveIndex(
                    model_name='movement',
                    name='movement_of_license',
                ),
                migrations.AddField(
                    model_name='movement',
                    name='account',
                    field=models.CharField(choices=[('quantity', 'Quantity'), ('value', 'Value'), ('allotment', 'Allotment')], default='quantity', max_length=10),
                ),
                migrations.AddField(
                    model_name='movement',
                    name='digest',
                    field=models.BinaryField(null=True),
                ),
                migrations.AddField(
                    model_name='movement',
                    name='end_user_id',
                    field=models.BigIntegerField(help_text='Whose allotment.', null=True),
                ),
                migrations.AddField(
                    model_name='movement',
                    name='rate',
                    field=models.DecimalField(decimal_places=8, help_text='At which a value was converted.', max_digits=18, null=True),
                ),
                migrations.AddField(
                    model_name='movement',
                    name='seq',
                    field=models.BigIntegerField(help_text="Which of its line's; none, where no chain was yet.", null=True),
                ),
                migrations.AddField(
                    model_name='movement',
                    name='transaction',
                    field=models.BigIntegerField(default=0, help_text='Readers go by it: ids follow no order of commits.'),
                ),
                migrations.AddIndex(
                    model_name='movement',
                    index=models.Index(fields=['license_id', 'transaction', 'id'], name='movement_of_license'),
                ),
            ],
        ),
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in FUNCTIONS]),
        pgtrigger.migrations.AddTrigger(
            model_name='ceiling',
            trigger=pgtrigger.compiler.Trigger(name='ceiling_has_room', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.reserved > OLD.reserved AND NEW.reserved + NEW.drawn > NEW.authorized)', execute='guard_ceiling_has_room()', func='RETURN NULL;', hash='962ee7f20e779981262c5afe01b2e3c95c771567', operation='UPDATE', pgid='pgtrigger_ceiling_has_room_7233f', table='licensing_ceiling', when='BEFORE')),
        ),
    ]
