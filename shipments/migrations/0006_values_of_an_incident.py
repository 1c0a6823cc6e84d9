"""An incident keeps the values that customs reported, so that each reader has it in his own language."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shipments', '0005_incidents_of_before'),
    ]

    operations = [
        migrations.AddField(
            model_name='incident',
            name='facts',
            field=models.JSONField(null=True),
        ),
    ]
