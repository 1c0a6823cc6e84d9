"""A case is received when it is filed, and again when its supplement comes; so far it was received once."""

from django.db import migrations, models

RECEIVED = "UPDATE licensing_application SET received_at = submitted_at WHERE submitted_at IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = [("licensing", "0017_pauses_of_a_case")]

    operations = [
        migrations.AddField(
            model_name="application",
            name="received_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunSQL(RECEIVED, migrations.RunSQL.noop),
    ]
