"""Each question names what of the application it is about; what was asked so far says “other”."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("licensing", "0009_clearance_counts")]

    operations = [
        migrations.AddField(
            model_name='question',
            name='about',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('goods', 'Goods and their description'), ('hs_code', 'Customs goods codes'), ('quantity', 'Quantities'), ('end_user', 'End-users'), ('end_use', 'End-use'), ('consignee', 'Who receives the goods'), ('window', 'Planned dates'), ('ports', 'Customs ports'), ('declaration', 'End-use declaration'), ('contract', 'Contract or order history'), ('tech_desc', 'Technical description or test report'), ('company', 'Papers of the company'), ('other', 'Other')], max_length=12), default=['other'], size=None),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.CheckConstraint(condition=models.Q(('about__len__gte', 1)), name='question_about_something'),
        ),
    ]
