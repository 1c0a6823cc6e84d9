"""Lines of a shipment that crossed and were never reserved are told from the others."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shipments', '0007_declared_when_the_rules_forbade_it'),
    ]

    operations = [
        migrations.AddField(
            model_name='shipmentline',
            name='added',
            field=models.BooleanField(db_default=False, help_text='It crossed, and was never reserved.'),
        ),
    ]
