"""A company's province is one of the 34 codes, or not stated."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exporters', '0004_provinces_as_codes'),
    ]

    operations = [
        migrations.AlterField(
            model_name='exporter',
            name='province',
            field=models.CharField(blank=True, default='', max_length=2, verbose_name='province'),
        ),
        migrations.AddConstraint(
            model_name='exporter',
            constraint=models.CheckConstraint(condition=models.Q(('province__in', ['', '11', '12', '13', '14', '15', '21', '22', '23', '31', '32', '33', '34', '35', '36', '37', '41', '42', '43', '44', '45', '46', '50', '51', '52', '53', '54', '61', '62', '63', '64', '65', '71', '81', '82'])), name='exporter_province_known'),
        ),
    ]
