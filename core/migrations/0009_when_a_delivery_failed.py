"""Which error of waiting mail is the last one."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0008_one_delivery_a_reader'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='failed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
