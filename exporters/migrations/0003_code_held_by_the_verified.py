"""A credit code is held once, by the company that was verified under it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0004_guards_that_no_setting_ignores'),
        ('exporters', '0002_guards_that_no_setting_ignores'),
    ]

    operations = [
        migrations.AlterField(
            model_name='exporter',
            name='uscc',
            field=models.CharField(max_length=18, verbose_name='unified social credit code'),
        ),
        migrations.AddConstraint(
            model_name='exporter',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('draft', 'pending')), _negated=True), fields=('uscc',), name='exporter_code_held_once'),
        ),
    ]
