"""What each clearance of before said of each line of its shipment, so that it can be corrected; and what is
returned and credited is checked."""

from pathlib import Path

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

BOOKS = Path(__file__).parent.parent / "sql" / "books.sql"
SQL = """
    INSERT INTO shipments_resolution (line_id, message_id, quantity)
    SELECT line.id, message.id,
           (item->>'quantity')::numeric * CASE item->>'unit' WHEN 'kg' THEN 1000 ELSE 1 END
    FROM shipments_customsmessage message, jsonb_array_elements(message.body->'lines') item, shipments_shipmentline line
    WHERE message.event = 'cleared' AND line.shipment_id = message.shipment_id
      AND line.line_number = (item->>'license_line')::int
      AND (item->>'unit' = line.unit OR item->>'unit' IN ('kg', 'g') AND line.unit IN ('kg', 'g'))
    ORDER BY message.id, line.line_number;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('shipments', '0009_corrections'),
    ]

    operations = [
        ValidateConstraint(model_name='shipmentline', name='shipment_line_returned_crossed'),
        ValidateConstraint(model_name='shipmentline', name='shipment_line_credited_returned'),
        migrations.RunSQL(SQL, "DELETE FROM shipments_resolution WHERE drawn IS NULL;"),
        migrations.RunSQL([(BOOKS.read_text(encoding="utf-8"), None)]),
    ]
