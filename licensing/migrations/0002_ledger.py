"""The ledger's functions, the months of its movements, and line rows that stay on their page when updated."""

from pathlib import Path

from django.db import migrations

FUNCTIONS = (Path(__file__).parent.parent / "sql" / "0002_ledger.sql").read_text(encoding="utf-8")
DROP = """
DROP FUNCTION IF EXISTS movement_partitions(date, int);
DROP FUNCTION ledger_lapse(bigint), ledger_settle(jsonb), ledger_take(jsonb, boolean),
    ledger_available(licensing_licenseline),
    ledger_post(licensing_licenseline, text, bigint, boolean, bigint, text, timestamptz, bigint);
DROP SEQUENCE licensing_movement_seq;
"""
# months from the first one that may hold anything to two years ahead; the default partition takes the rest
MONTHS = """
CREATE TABLE licensing_movement_default PARTITION OF licensing_movement DEFAULT;
SELECT movement_partitions('2025-12-01',
    24 + (extract(year FROM age(current_date, '2025-12-01')) * 12 + extract(month FROM age(current_date, '2025-12-01')))::int);
"""
HOT = "ALTER TABLE licensing_licenseline SET (fillfactor = 70);"


class Migration(migrations.Migration):
    dependencies = [("licensing", "0001_initial")]

    operations = [
        migrations.RunSQL([(FUNCTIONS, None)], DROP),
        migrations.RunSQL(MONTHS, migrations.RunSQL.noop),
        migrations.RunSQL(HOT, migrations.RunSQL.noop),
    ]
