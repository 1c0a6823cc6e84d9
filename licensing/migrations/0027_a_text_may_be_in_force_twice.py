"""A change is undone by an edition of the earlier text, so that a text may be in force twice."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0026_causes_of_an_end_user'),
    ]

    operations = [
        migrations.AlterField(
            model_name='policyedition',
            name='digest',
            field=models.CharField(db_index=True, max_length=64),
        ),
    ]
