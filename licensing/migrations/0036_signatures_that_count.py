"""A signature counts until somebody changes the draft or its giver takes it back; a statement knows its text."""

from pathlib import Path

import django.contrib.postgres.constraints
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
BEFORE = (SQL / "0030_editions_are_signed.sql").read_text(encoding="utf-8")
SIGNED = (SQL / "0036_signatures_that_count.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("licensing", "0031_simulations")]

    operations = [
        migrations.RunSQL([(SIGNED, None)], [(BEFORE, None)]),
        migrations.RemoveConstraint(model_name="signature", name="signature_nobody_gives_both"),
        migrations.AddField(
            model_name="draft", name="stated_for", field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="signature",
            name="part",
            field=models.CharField(
                choices=[("author", "Author"), ("approver", "Approver"), ("withdrawn", "Took the signature back")],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("part", "withdrawn"), _negated=True),
                expressions=[("draft", "="), ("actor", "="), ("part", "<>")],
                name="signature_nobody_gives_both",
            ),
        ),
    ]
