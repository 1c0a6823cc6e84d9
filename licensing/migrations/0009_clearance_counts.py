"""Clearances are counted in a row of the ledger's own, and take tolerance last; licenses are written by verbs alone.

It does what an 0008, never released, did before it.
"""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
FUNCTIONS = (SQL / "0009_clearances.sql").read_text(encoding="utf-8")
OLD_FUNCTIONS = [
    (SQL / "0002_ledger.sql").read_text(encoding="utf-8"),
    "DROP FUNCTION ledger_count(bigint, int), movement_partitions(date, int);",  # the latter was dropped by 0007
]
MOVE = """
INSERT INTO licensing_clearancecount (license_id, taken)
    SELECT id, clearances_taken FROM licensing_license WHERE max_clearances IS NOT NULL;
"""
BACK = """
UPDATE licensing_license l SET clearances_taken = c.taken FROM licensing_clearancecount c WHERE c.license_id = l.id;
"""


class Migration(migrations.Migration):
    dependencies = [("licensing", "0007_months")]

    operations = [
        migrations.CreateModel(
            name="ClearanceCount",
            fields=[
                (
                    "license",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="licensing.license",
                    ),
                ),
                ("taken", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.RunSQL(MOVE, BACK),
        # the foreign key's check of the new rows is due at the end, and the table is changed before that
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;", migrations.RunSQL.noop),
        migrations.RunSQL([(FUNCTIONS, None)], [(text, None) for text in OLD_FUNCTIONS]),
        migrations.RemoveField(model_name="license", name="clearances_taken"),
    ]
