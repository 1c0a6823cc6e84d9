"""Those who want the same line stand in queues.

What 0024 left for statements that waited meanwhile goes.
"""

from pathlib import Path

from django.db import migrations

ROOT = Path(__file__).parents[1] / "sql"
FILES = ("reserve.sql", "bulk.sql", "doors.sql")

DROP = """
DO $$
DECLARE
    old regprocedure;
BEGIN
    FOR old IN SELECT oid FROM pg_proc WHERE proname IN ('shipment_wrong', 'shipment_open', 'shipment_opened', 'shipment_wrong_day')
            AND NOT 'shipment_read'::regtype = ANY (proargtypes) LOOP
        EXECUTE 'DROP FUNCTION ' || old;
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0009_proof_of_a_key"), ("shipments", "0024_taken")]
    operations = [
        migrations.RunSQL([((ROOT / file).read_text(encoding="utf-8"), None) for file in FILES]),
        migrations.RunSQL(DROP, migrations.RunSQL.noop),
    ]
