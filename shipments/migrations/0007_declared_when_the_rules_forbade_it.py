"""Goods that customs declared when the rules forbade it open an incident of that kind."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shipments', '0006_values_of_an_incident'),
    ]

    operations = [
        migrations.AlterField(
            model_name='incident',
            name='kind',
            field=models.CharField(choices=[('unknown_shipment', 'Message about an unknown shipment'), ('license_not_usable', 'Declared while the license was not usable'), ('rules_forbade', 'Declared when the rules forbade it'), ('reservation_gone', 'Declared after the reservation was gone'), ('over_cleared', 'More cleared than the license had'), ('declaration_used', 'Declaration number of another shipment'), ('after_final', 'Cleared after the last clearance'), ('unknown_line', 'Cleared on a line or unit that the license does not have')], max_length=20),
        ),
    ]
