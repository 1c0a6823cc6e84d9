"""A case says at which price its goods are sold, and in which currency; what a line is worth follows. No form asked for
the value and the currency that a line had before."""

from decimal import Decimal

import django.db.models.expressions
import django.db.models.functions.math
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0049_revoked_as_said'),
    ]

    operations = [
        migrations.RemoveField(model_name='applicationline', name='value'),
        migrations.RemoveField(model_name='applicationline', name='currency'),
        migrations.AddField(
            model_name='application',
            name='contract_value',
            field=models.DecimalField(blank=True, decimal_places=2, help_text='As the contract says it; null where it is what the lines are worth.', max_digits=18, null=True, verbose_name='contract value'),
        ),
        migrations.AddField(
            model_name='application',
            name='currency',
            field=models.CharField(blank=True, db_default='', default='', help_text='Of its contract, and so of each of its prices: one of licensing.words.currencies.', max_length=3, verbose_name='currency'),
        ),
        migrations.AddField(
            model_name='application',
            name='payment_terms',
            field=models.CharField(blank=True, db_default='', default='', max_length=200, verbose_name='payment terms'),
        ),
        migrations.AddField(
            model_name='applicationline',
            name='unit_price',
            field=models.DecimalField(blank=True, decimal_places=4, max_digits=18, null=True, verbose_name='unit price'),
        ),
        migrations.AddField(
            model_name='applicationline',
            name='value',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.math.Round(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('quantity'), '*', models.F('unit_price')), '*', models.Case(models.When(then=Decimal('0.001'), unit='kg'), default=Decimal('1'))), precision=2), null=True, output_field=models.DecimalField(decimal_places=2, max_digits=18)),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(('currency__regex', '^([A-Z]{3})?$')), name='application_currency_known'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(('contract_value', None), models.Q(('contract_value__gt', 0), ('contract_value__lte', 1000000000000000)), _connector='OR'), name='application_contract_value'),
        ),
        migrations.AddConstraint(
            model_name='applicationline',
            constraint=models.CheckConstraint(condition=models.Q(('unit_price', None), models.Q(('unit_price__gt', 0), ('unit_price__lte', 1000000000000)), _connector='OR'), name='application_line_unit_price'),
        ),
        migrations.AddConstraint(
            model_name='applicationline',
            constraint=models.CheckConstraint(condition=models.Q(('value', None), ('value__lte', 1000000000000000), _connector='OR'), name='application_line_value'),
        ),
    ]
