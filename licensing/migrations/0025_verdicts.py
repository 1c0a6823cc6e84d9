"""Each line of a license has a verdict for each end-user, which a reservation reads; it evaluates no rules."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
BEFORE = (SQL / "0009_clearances.sql").read_text(encoding="utf-8")
FUNCTION = (SQL / "0025_verdicts.sql").read_text(encoding="utf-8")
IN_ORDER = (SQL / "0025_editions_in_order.sql").read_text(encoding="utf-8")

# Of a license that was issued before, the facts that were judged at its issue; a turn judges it by the rules of now.
FROZEN = """
INSERT INTO licensing_verdict (line_id, end_user_id, facts, prohibited, forbidden)
    SELECT DISTINCT ON (l.id, u.id) l.id, u.id, f.record::jsonb->'facts', '[]', false
    FROM licensing_licenseline l
    JOIN licensing_controlitem i ON i.id = l.control_item_id
    JOIN licensing_license c ON c.id = l.license_id
    JOIN licensing_licenseenduser u ON u.license_id = c.id
    JOIN exporters_party p ON p.id = u.party_id
    JOIN licensing_finding f ON f.application_id = c.application_id AND f.moment = 'issue' AND f.party_ref = p.ref
        AND f.record <> '' AND f.record::jsonb->'facts'->>'item.control_code' = i.code
    ORDER BY l.id, u.id, f.as_of;
"""


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
                ("forbidden", models.BooleanField(default=False)),
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
        migrations.RunSQL(FROZEN, migrations.RunSQL.noop),
        migrations.RunSQL([(FUNCTION, None)], [(BEFORE, None)]),
        migrations.RunSQL([(IN_ORDER, None)], "DROP FUNCTION guard_in_order();"),
    ]
