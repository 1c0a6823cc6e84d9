"""Shipments count against national quotas by what they contain."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
FUNCTIONS = ("pools", "reserve", "sweeps", "books")


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
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in FUNCTIONS]),
    ]
