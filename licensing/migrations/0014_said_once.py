"""What a clearance takes, in which order, and what a reservation uses of pools are said once; no tolerance is used twice."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
BELIEVED = ("take(jsonb, boolean)", "settle(jsonb)", "correct(jsonb)", "credit(jsonb)")
CHANGED = ("post", "pools", "ledger", "doors", "corrections")


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0013_pool_shares'),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
        # Their files say nothing of these rights any more; whatever served before needs them until 0015 has run.
        *(
            migrations.RunSQL(f"ALTER FUNCTION ledger_{one} SECURITY DEFINER SET search_path = public, pg_temp")
            for one in BELIEVED
        ),
    ]
