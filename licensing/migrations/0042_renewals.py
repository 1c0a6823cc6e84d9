"""A renewal goes on after the last day of an annual license, once for each."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exporters', '0004_bars'),
        ('licensing', '0041_copied'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='application',
            name='application_begins_with_one',
        ),
        migrations.AddField(
            model_name='application',
            name='renews',
            field=models.ForeignKey(db_index=False, help_text='The license after whose last day it asks for another.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='renewals', to='licensing.license'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amends', None), ('copied_license', None), ('renews', None)), models.Q(('amends', None), ('copied_case', None), ('renews', None)), models.Q(('amends', None), ('copied_case', None), ('copied_license', None)), models.Q(('copied_case', None), ('copied_license', None), ('renews', None)), _connector='OR'), name='application_begins_with_one'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(('renews', None), ('kind', 'annual'), _connector='OR'), name='application_renews_annual'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('draft', 'submitted', 'supplement_required', 'accepted', 'under_review', 'awaiting_applicant', 'awaiting_decision', 'under_reconsideration', 'approved', 'issued'))), fields=('renews',), name='application_renews_once'),
        ),
    ]
