"""A party's kind is unknown until somebody says it. Every party was commercial unless its exporter chose otherwise, and
no row tells which of them meant it: these are asked again."""

from django.db import migrations, models

KINDS = ["Commercial", "Government", "Military", "Academic", "Individual"]


class Migration(migrations.Migration):
    dependencies = [("exporters", "0005_province_is_a_code")]

    operations = [
        migrations.AlterField(
            model_name="party",
            name="nature",
            field=models.CharField(
                blank=True, choices=[(kind.lower(), kind) for kind in KINDS], max_length=12, verbose_name="kind"
            ),
        ),
        migrations.RunSQL(
            "UPDATE exporters_party SET nature = '' WHERE nature = 'commercial'",
            "UPDATE exporters_party SET nature = 'commercial' WHERE nature = ''",
        ),
    ]
