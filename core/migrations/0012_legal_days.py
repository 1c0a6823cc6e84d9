"""The working-day table: a row for each legal day."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0011_language_of_a_person'),
    ]

    operations = [
        migrations.CreateModel(
            name='LegalDay',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False)),
                ('working', models.BooleanField()),
                ('kind', models.CharField(choices=[('workday', 'Working day'), ('makeup_workday', 'Make-up working day'), ('weekend', 'Weekend'), ('public_holiday', 'Public holiday')], max_length=20)),
                ('name', models.CharField(blank=True, max_length=100)),
                ('provisional', models.BooleanField()),
                ('source', models.CharField(max_length=200)),
            ],
            options={
                'ordering': ['day'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('workday', 'makeup_workday')), ('working', True)), models.Q(('kind__in', ('weekend', 'public_holiday')), ('working', False)), _connector='OR'), name='legal_day_worked_as_its_kind_says')],
            },
        ),
    ]
