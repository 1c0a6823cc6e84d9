"""A license is suspended with the account of its company."""

from pathlib import Path

import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("guards", "doors")


class Migration(migrations.Migration):

    dependencies = [
        ('exporters', '0002_stopped'),
        ('licensing', '0025_declaration_ends'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL([((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED]),
        migrations.AlterField(
            model_name='suspension',
            name='cause',
            field=models.CharField(choices=[('enforcement', 'Enforcement'), ('over_clearance', 'More was cleared than the license had'), ('policy', 'The rules in force'), ('screening', 'A question about the end-user'), ('ledger', 'The books of the license do not agree'), ('exporter', 'The company’s account is stopped')], max_length=20),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='suspension',
            trigger=pgtrigger.compiler.Trigger(name='ended_with_the_account', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW."cause" = \'exporter\' AND NEW."ended_at" IS NOT NULL)', execute='guard_ended_with_the_account()', func='RETURN NULL;', hash='1bf637044c64957ae8536b4f14ca118a6df90750', operation='UPDATE', pgid='pgtrigger_ended_with_the_account_5aa3f', table='licensing_suspension', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause', 'exporter'), _negated=True), ('end_user', None), _connector='OR'), name='suspension_exporter_of_a_license'),
        ),
        migrations.AddConstraint(
            model_name='suspension',
            constraint=models.UniqueConstraint(condition=models.Q(('cause', 'exporter'), ('ended_at', None)), fields=('license',), name='suspension_of_an_exporter_once'),
        ),
    ]
