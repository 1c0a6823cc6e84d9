"""An end-user of a license is sent what he declared, to where he lives."""

from pathlib import Path

import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
CHANGED = ("guards", "ledger", "doors")
# Where he lived when it was issued, of the destinations of the license: the countries that the rules looked at then (his
# own, and those of a re-export); of these the one where he signed, or is entered now. Where the rules looked at none of
# them, as he signed, else as he is entered. The only destination is his; of several, none is taken that may be another's
# alone: he is sent nothing until an amendment says where. His goods are the license's that he declared. Who declared none
# of them keeps all: they could be sent to him until now, for the license was issued so, and a migration takes nothing away
# that two officers granted.
OWN = """
    UPDATE licensing_licenseenduser u SET
        destination = coalesce((
            SELECT found.country FROM (
                SELECT d.as_signed->'party'->>'country', false, 1
                UNION ALL SELECT p.country_id, false, 2
                UNION ALL SELECT looked.country, true, CASE looked.country
                    WHEN d.as_signed->'party'->>'country' THEN 1 WHEN p.country_id THEN 2 ELSE 3 END
                FROM licensing_verdict v
                CROSS JOIN jsonb_array_elements_text(v.facts->'destination.country') looked (country)
                WHERE v.end_user_id = u.id
            ) found (country, looked_at, n)
            WHERE found.country = ANY (l.destinations) ORDER BY found.looked_at DESC, found.n, found.country LIMIT 1),
            CASE cardinality(l.destinations) WHEN 1 THEN l.destinations[1] ELSE '' END),
        goods = coalesce(nullif(ARRAY(
            SELECT DISTINCT n.control_item_id FROM licensing_licenseline n
            JOIN licensing_declarationitem i ON i.declaration_id = d.id AND i.control_item_id = n.control_item_id
            WHERE n.license_id = l.id ORDER BY 1), '{}'), ARRAY(
            SELECT DISTINCT n.control_item_id FROM licensing_licenseline n WHERE n.license_id = l.id ORDER BY 1))
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
