"""Licenses in force keep what their condition said: a delivery is proved within 30 days."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0005_report_days'),
    ]

    operations = [
        migrations.RunSQL(
            "UPDATE licensing_license SET report_days = 30 WHERE id IN"
            " (SELECT c.license_id FROM licensing_licensecondition c WHERE c.code = 'DELIVERY_PROOF_30D')",
            "UPDATE licensing_license SET report_days = NULL",
        ),
    ]
