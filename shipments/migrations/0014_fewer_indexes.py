"""Indexes that no query uses go, or that another begins with (core.0005 says why not as a change of their fields)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

PROTECT = django.db.models.deletion.PROTECT
GONE = (
    ("shipment", "exporter", "exporters.exporter", "shipments", "shipments_shipment_exporter_id_fdc20704"),
    ("shipment", "consignee", "exporters.party", "+", "shipments_shipment_consignee_id_66a303a9"),
    ("shipment", "created_by", settings.AUTH_USER_MODEL, "+", "shipments_shipment_created_by_id_e43b88d2"),
    ("shipmentline", "shipment", "shipments.shipment", "lines", "shipments_shipmentline_shipment_id_45f5a45a"),
)

LIKE = "shipments_shipment_ref_3a03803c_like"  # beside each unique text; nobody looks for the beginning of a number


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("shipments", "0013_sheets")]
    operations = [
        migrations.RunSQL("SET lock_timeout = 0"),  # it waits for whoever uses the table, and stops nobody meanwhile
        migrations.RunSQL("SET statement_timeout = 0"),
        *(
            migrations.SeparateDatabaseAndState(
                state_operations=[
                    migrations.AlterField(
                        model_name=model,
                        name=field,
                        field=models.ForeignKey(db_index=False, on_delete=PROTECT, related_name=related, to=to),
                    )
                ],
                database_operations=[migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")],
            )
            for model, field, to, related, index in GONE
        ),
        migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {LIKE}"),
        migrations.RunSQL("RESET lock_timeout"),
        migrations.RunSQL("RESET statement_timeout"),
    ]
