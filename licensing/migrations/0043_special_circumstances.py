"""A case may ask for a license under special circumstances, and says what these are."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exporters', '0004_bars'),
        ('licensing', '0042_renewals'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='application',
            name='circumstances',
            field=models.TextField(blank=True, db_default='', default='', help_text='Why it should be licensed in spite of a prohibition: of what asks for such a license.', verbose_name='special circumstances'),
        ),
        migrations.AlterField(
            model_name='application',
            name='kind',
            field=models.CharField(choices=[('per_shipment', 'Per shipment'), ('annual', 'Annual'), ('amendment', 'Change of a license'), ('special', 'Special circumstances')], max_length=12, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='license',
            name='kind',
            field=models.CharField(choices=[('per_shipment', 'Per shipment'), ('annual', 'Annual'), ('amendment', 'Change of a license'), ('special', 'Special circumstances')], max_length=12),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'special'), _negated=True), ('submitted_at', None), ('circumstances__regex', '.{50}'), _connector='OR'), name='application_special_says_why'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['special', 'amendment']), ('circumstances', ''), _connector='OR'), name='application_usual_says_none'),
        ),
    ]
