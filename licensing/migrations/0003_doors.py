"""Nothing: what it wrote is written by the migration that follows."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0002_simulations_done_once'),
    ]

    operations = []
