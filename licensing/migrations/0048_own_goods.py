"""An end-user of a license is sent what he declared, to where he lives."""

from pathlib import Path

import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("guards", "ledger", "doors")
# Where he lived when it was issued: as he signed, else as he is entered now, whichever is a destination of the license.
OWN = """
    UPDATE licensing_licenseenduser u SET
        destination = coalesce((
            SELECT found.country FROM unnest(ARRAY[d.as_signed->'party'->>'country', p.country_id])
                WITH ORDINALITY found (country, n)
            WHERE found.country = ANY (l.destinations) ORDER BY found.n LIMIT 1),
            l.destinations[1], p.country_id),
        goods = ARRAY(
            SELECT DISTINCT n.control_item_id FROM licensing_licenseline n
            JOIN licensing_declarationitem i ON i.declaration_id = d.id AND i.control_item_id = n.control_item_id
            WHERE n.license_id = l.id ORDER BY 1)
    FROM licensing_license l, licensing_declaration d, exporters_party p
    WHERE l.id = u.license_id AND d.id = u.declaration_id AND p.id = u.party_id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('licensing', '0047_surrendered_with_those_before'),
    ]

    operations = [
        migrations.AddField(
            model_name='licenseenduser',
            name='destination',
            field=models.CharField(default='', help_text='His country at issue: he is sent nothing elsewhere.', max_length=2),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='licenseenduser',
            name='goods',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=[], help_text="The control items, of the license's, that his declaration named at issue.", size=None),
            preserve_default=False,
        ),
        migrations.RunSQL(
            [(OWN, None), *(((SQL / f"{name}.sql").read_text(encoding="utf-8"), None) for name in CHANGED)]
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='licenseenduser',
            trigger=pgtrigger.compiler.Trigger(name='as_declared', sql=pgtrigger.compiler.UpsertTriggerSql(execute='guard_as_declared()', func='RETURN NULL;', hash='91320cdcb86a83ae40fd6accfc85a384f55054db', operation='INSERT', pgid='pgtrigger_as_declared_8bb5f', table='licensing_licenseenduser', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='licenseenduser',
            trigger=pgtrigger.compiler.Trigger(name='as_issued', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."declaration_id" IS DISTINCT FROM (NEW."declaration_id") OR OLD."destination" IS DISTINCT FROM (NEW."destination") OR OLD."goods" IS DISTINCT FROM (NEW."goods") OR OLD."license_id" IS DISTINCT FROM (NEW."license_id") OR OLD."party_id" IS DISTINCT FROM (NEW."party_id"))', execute='guard_as_issued()', func='RETURN NULL;', hash='ed6f81f9fec8253b5c1d1555887613fd5dc0d746', operation='UPDATE', pgid='pgtrigger_as_issued_8fb1f', table='licensing_licenseenduser', when='BEFORE')),
        ),
    ]
