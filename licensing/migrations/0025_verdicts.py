"""Each line of a license has a verdict for each end-user, which a reservation reads; it evaluates no rules."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
BEFORE = (SQL / "0009_clearances.sql").read_text(encoding="utf-8")
FUNCTION = (SQL / "0025_verdicts.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("licensing", "0024_why_a_decision_leaves_the_presumption")]

    operations = [
        migrations.AddField(
            model_name="license",
            name="judged_by",
            field=models.ForeignKey(
                db_index=False,
                help_text="The newest edition that its verdicts know.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="licensing.policyedition",
            ),
        ),
        migrations.CreateModel(
            name="Verdict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("facts", models.JSONField()),
                ("prohibited", models.JSONField(default=list)),
                (
                    "end_user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verdicts",
                        to="licensing.licenseenduser",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verdicts",
                        to="licensing.licenseline",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [models.UniqueConstraint(fields=("end_user", "line"), name="verdict_once")],
            },
        ),
        migrations.RunSQL([(FUNCTION, None)], [(BEFORE, None)]),
    ]
