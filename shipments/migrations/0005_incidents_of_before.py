"""Each incident of before has its row too: nobody follows it yet."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('shipments', '0004_incidents_are_followed'),
    ]

    operations = [
        migrations.RunSQL(
            "INSERT INTO shipments_handling (incident_id) SELECT id FROM shipments_incident"
            " ON CONFLICT (incident_id) DO NOTHING",
            migrations.RunSQL.noop,
        ),
    ]
