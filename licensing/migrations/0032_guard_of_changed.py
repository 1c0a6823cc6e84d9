"""A license rests on a recommendation that another person approved, or on what another changed a refusal to."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("guards", "doors")


class Migration(migrations.Migration):
    dependencies = [("licensing", "0031_changed_refusals")]
    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
    ]
