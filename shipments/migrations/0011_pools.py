"""Shipments count against national quotas by what they contain."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
FUNCTIONS = ("pools", "reserve", "bulk", "sweeps", "books")
# what was stated before it counted
STATED = """
    UPDATE shipments_shipmentline SET contents = (
        SELECT jsonb_object_agg(key, jsonb_build_object('share', value, 'basis', 'declared')) FROM jsonb_each_text(composition))
    WHERE composition <> '{}'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0010_pools'),
        ('shipments', '0010_resolutions_of_before'),
    ]

    operations = [
        migrations.AddField(
            model_name='shipmentline',
            name='contents',
            field=models.JSONField(db_default={}, default=dict, help_text='What of it counts: {symbol: {share, basis}}, where something was stated.'),
        ),
        migrations.AlterField(
            model_name='shipmentline',
            name='composition',
            field=models.JSONField(blank=True, default=dict, help_text='As stated: {symbol: fraction}.'),
        ),
        migrations.AlterField(
            model_name='incident',
            name='kind',
            field=models.CharField(choices=[('unknown_shipment', 'Message about an unknown shipment'), ('license_not_usable', 'Declared while the license was not usable'), ('rules_forbade', 'Declared when the rules forbade it'), ('reservation_gone', 'Declared after the reservation was gone'), ('over_used', 'More used than a national quota has'), ('over_cleared', 'More cleared than the license had'), ('declaration_used', 'Declaration number of another shipment'), ('after_final', 'Cleared after the last clearance'), ('cleared_and_rejected', 'Both cleared and rejected'), ('unknown_line', 'Cleared on a line or unit that the license does not have')], max_length=20),
        ),
        migrations.RunSQL(STATED, migrations.RunSQL.noop),
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in FUNCTIONS]),
    ]
