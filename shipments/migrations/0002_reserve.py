"""Nothing: what it wrote is written by the migration that follows."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_claims'),
        ('shipments', '0001_initial'),
    ]

    operations = []
