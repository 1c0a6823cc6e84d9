"""How many rows of a bulk were refused is asked of an index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('shipments', '0003_one_queue_for_a_reservation'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='bulkrow',
            index=models.Index(condition=models.Q(('status__gte', 400)), fields=['bulk'], name='bulk_row_refused'),
        ),
    ]
