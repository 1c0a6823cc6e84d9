"""An intake officer may have one province. Nothing wrote the free text that stood here."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0006_documents_are_insert_only'),
    ]

    operations = [
        migrations.AddField(
            model_name='rolegrant',
            name='province',
            field=models.CharField(blank=True, default='', max_length=2),
        ),
        migrations.AlterField(
            model_name='membership',
            name='province',
            field=models.CharField(blank=True, default='', max_length=2),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('province', ''), ('roles__contains', ['intake']), _connector='OR'), name='membership_province_of_intake'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('province__in', ['', '11', '12', '13', '14', '15', '21', '22', '23', '31', '32', '33', '34', '35', '36', '37', '41', '42', '43', '44', '45', '46', '50', '51', '52', '53', '54', '61', '62', '63', '64', '65', '71', '81', '82'])), name='membership_province_known'),
        ),
    ]
