"""What customs asks of is found by an index: every page of the ministry counts it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

INDEX = models.Index(name="shipment_questioned", fields=["declared_at"], condition=models.Q(state="questioned"))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("shipments", "0020_opened")]
    operations = [
        migrations.RunSQL("SET lock_timeout = 0"),  # it waits for whoever uses the table, and stops nobody meanwhile
        migrations.RunSQL("SET statement_timeout = 0"),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS shipment_questioned"),  # of a try that was broken off
        AddIndexConcurrently("shipment", INDEX),
        migrations.RunSQL("RESET lock_timeout"),
        migrations.RunSQL("RESET statement_timeout"),
    ]
