"""The index of a license's shipments says which of them count, so that clearances are counted without reading the rows."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

GONE = "shipments_shipment_license_id_449059a6"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("shipments", "0017_uses_of_pools")]
    operations = [
        migrations.RunSQL("SET lock_timeout = 0"),  # it waits for whoever uses the table, and stops nobody meanwhile
        migrations.RunSQL("SET statement_timeout = 0"),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS shipment_clearance"),  # of a try that was broken off
        AddIndexConcurrently("shipment", models.Index(fields=["license", "counted", "state"], name="shipment_clearance")),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="shipment",
                    name="license",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shipments",
                        to="licensing.license",
                    ),
                )
            ],
            database_operations=[migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {GONE}")],
        ),
        migrations.RunSQL("RESET lock_timeout"),
        migrations.RunSQL("RESET statement_timeout"),
    ]
