"""A finding keeps all of its judgement as one text, and names the end-user; a paper is named as a rule names it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0022_results_of_screening'),
    ]

    operations = [
        migrations.AddField(
            model_name='finding',
            name='party_ref',
            field=models.CharField(blank=True, default='', max_length=16),
        ),
        migrations.AddField(
            model_name='finding',
            name='record',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AlterField(
            model_name='applicationdocument',
            name='type',
            field=models.CharField(max_length=60),
        ),
    ]
