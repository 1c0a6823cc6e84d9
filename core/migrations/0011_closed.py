"""An organization that has closed: its people and keys read, and change nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0010_proposals'),
    ]

    operations = [
        migrations.AddField(
            model_name='organization',
            name='closed_at',
            field=models.DateTimeField(editable=False, help_text='From then on its people and keys read, and change nothing.', null=True),
        ),
    ]
