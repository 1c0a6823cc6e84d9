"""An index that is the beginning of another goes; as a field's change, Django would also make its foreign key anew."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("core", "0004_claims_many")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="idempotency",
                    name="organization",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.organization",
                    ),
                )
            ],
            database_operations=[
                # it waits for whoever uses the table, and stops nobody meanwhile
                migrations.RunSQL("SET lock_timeout = 0"),
                migrations.RunSQL("SET statement_timeout = 0"),
                migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS core_idempotency_organization_id_7959987e"),
                migrations.RunSQL("RESET lock_timeout"),
                migrations.RunSQL("RESET statement_timeout"),
            ],
        )
    ]
