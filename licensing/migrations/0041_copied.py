"""A draft may begin with a license, or with an earlier case."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exporters', '0004_bars'),
        ('licensing', '0040_keeps_its_case'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='application',
            name='copied_case',
            field=models.ForeignKey(db_index=False, help_text='The case that its draft began with.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.application'),
        ),
        migrations.AddField(
            model_name='application',
            name='copied_license',
            field=models.ForeignKey(db_index=False, help_text='The license that its draft began with.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='licensing.license'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('copied_case', None), ('copied_license', None)), models.Q(('amends', None), models.Q(('copied_license', None), ('copied_case', None), _connector='OR')), _connector='OR'), name='application_begins_with_one'),
        ),
    ]
