"""Keys and grants of one instant stand in one order."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0012_legal_days")]

    operations = [
        migrations.AlterModelOptions("apikey", {"ordering": ["-created_at", "-pk"]}),
        migrations.AlterModelOptions("rolegrant", {"ordering": ["-proposed_at", "-pk"]}),
    ]
