"""A shipment's line says what it reserved of a capped value; a reservation is one statement."""

from pathlib import Path

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0004_accounts'),
        ('shipments', '0002_reserve'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='shipmentline',
            name='value_held',
        ),
        migrations.AddField(
            model_name='shipmentline',
            name='worth',
            field=models.BigIntegerField(db_default=0, default=0, help_text='Hundredths reserved of a capped value.'),
        ),
        migrations.AddField(
            model_name='shipmentline',
            name='worth_drawn',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='shipmentline',
            name='worth_held',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddConstraintNotValid(
            model_name='shipmentline',
            constraint=models.CheckConstraint(condition=models.Q(('worth__gte', 0), ('worth_drawn__gte', 0), ('worth_held__gte', 0)), name='shipment_line_worth'),
        ),
        ValidateConstraint(model_name='shipmentline', name='shipment_line_worth'),
        migrations.RunSQL([((SQL / "reserve.sql").read_text(encoding="utf-8"), None)]),
    ]
