"""What the role that serves requests tries in order to do alone what takes two people: a license, its end, the end of a
declaration, a bar, what goods are, a lift. Each attempt is a transaction of its own; all are refused."""

from itertools import product

import pytest
from psycopg2 import errors

from exporters.models import Exporter
from licensing.actions import licenses
from licensing.models import Declaration, Inquiry, License, Suspension
from tests import make
from tests.make import seen

AT_LEAST = 200
KINDS = {  # its table, key, verb and the state that the verb leads to
    "license": ("licensing_license", "id", "revoke", "revoked"),
    "declaration": ("licensing_declaration", "id", "invalidate", "invalid"),
    "exporter": ("exporters_exporter", "organization_id", "bar", "barred"),
    "inquiry": ("licensing_inquiry", "id", "sign", "signed"),
}
MOVES = (
    "UPDATE {table} SET state = '{state}' WHERE {key} = {pk}",
    "UPDATE {table} t SET state = x.state FROM (SELECT '{state}' AS state) x WHERE t.{key} = {pk}",
    "WITH moved AS (UPDATE {table} SET state = '{state}' WHERE {key} = {pk} RETURNING 1) SELECT count(*) FROM moved",
    "MERGE INTO {table} t USING (SELECT {pk} AS pk) x ON t.{key} = x.pk WHEN MATCHED THEN UPDATE SET state = '{state}'",
    "DO $$ BEGIN UPDATE {table} SET state = '{state}' WHERE {key} = {pk}; END $$",
)
COLUMNS = "subject_kind, subject_id, subject_ref, verb, reason, facts, proposed_by_id, proposed_at, decision_reason"


def proposed(kind="'{kind}'", pk="{pk}", verb="'{verb}'"):
    said = f"{kind}, {pk}, 'x', {verb}, 'x', '{{{{}}}}'::jsonb, {{one}}, now(), ''"
    return f"INSERT INTO core_proposal ({COLUMNS}) VALUES ({said})"


def decided(who="{other}", carried="true"):
    said = f"decided_by_id = {who}, decided_at = now(), carried = {carried}"
    return f"UPDATE core_proposal SET {said} WHERE decided_at IS NULL"


AT_ONCE = (
    f"INSERT INTO core_proposal ({COLUMNS}, decided_by_id, decided_at, carried) VALUES"
    " ('{kind}', {pk}, 'x', '{verb}', 'x', '{{}}'::jsonb, {one}, now(), '', {other}, now(), true)"
)
BEFORE = {
    "nothing": [],
    "it waits": [proposed()],
    "it was declined": [proposed(), decided(carried="false")],
    "another verb was carried": [proposed(verb="'suspend'"), decided()],
    "another row's was": [proposed(pk="{pk} + 1000000"), decided()],
    "another kind's was": [proposed(kind="'party'"), decided()],
    "by whoever proposed it": [proposed(), decided(who="{one}")],
    "by nobody": [proposed(), decided(who="NULL")],
    "it was proposed and decided at once": [AT_ONCE],
    "whoever proposed it is another now": [
        proposed(),
        "UPDATE core_proposal SET proposed_by_id = {other}",
        decided("{one}"),
    ],
}
ORDER = (  # without which no account is stopped, whoever countersigned
    "INSERT INTO exporters_stop (exporter_id, kind, number, reason, last_day, proposed_by_id, opened_by_id, opened_at,"
    " end_reason) VALUES ({pk}, 'bar', '7', 'x', current_date + 30, {one}, {other}, now(), '')"
)
FIRST = {"exporter": [ORDER]}
COPY = (
    "INSERT INTO licensing_license SELECT (jsonb_populate_record(l, {changes})).*"
    " FROM licensing_license l WHERE id = {license}"
)
CAUSE = (
    "UPDATE licensing_suspension SET ended_at = now(), ended_by_id = {one}",
    "UPDATE licensing_suspension SET ended_at = now(), ended_by_id = NULL",
    "UPDATE licensing_suspension SET ended_by_id = opened_by_id, ended_at = now()",
    "UPDATE licensing_suspension SET opened_by_id = {other}",
    "UPDATE licensing_suspension SET cause = 'ledger', ended_at = now(), ended_by_id = {one}",
    "DELETE FROM licensing_suspension",
    "TRUNCATE licensing_suspension CASCADE",
    "UPDATE licensing_license SET state = 'active' WHERE id = {suspended}",
)
REFUSALS = (errors.CheckViolation, errors.InsufficientPrivilege, errors.NotNullViolation)


def refused(application, statements):
    application.execute("BEGIN")
    try:
        for statement in statements:
            application.execute(statement)
    except REFUSALS:
        return True
    finally:
        application.execute("ROLLBACK")
    return False


def test_what_takes_two_people_is_done_by_none_alone(application, world, license):
    m, stopped, alone = world.ministry, world.license(kilograms=10), world.under_review(world.application())
    licenses.suspend(stopped.ref, seen=seen(stopped.ref), reason="Inspection", by=m.decider)
    rows = {
        "license": license,
        "declaration": license.end_users.get().declaration,
        "exporter": Exporter.objects.get(pk=world.exporter.organization_id),
        "inquiry": make.inquiry(world),
    }
    people = {"one": m.decider.user.pk, "other": m.other_decider.user.pk, "suspended": stopped.pk}
    attempts = []
    for (kind, (table, key, verb, state)), (name, before), move in product(KINDS.items(), BEFORE.items(), MOVES):
        of = people | {"kind": kind, "pk": rows[kind].pk, "table": table, "key": key, "verb": verb, "state": state}
        attempts.append((f"{kind}: {name}", [one.format(**of) for one in (*FIRST.get(kind, ()), *before, move)]))
    attempts += [("a cause", [one.format(**people)]) for one in CAUSE]
    for case in (0, f"(SELECT id FROM licensing_application WHERE ref = '{alone}')"):
        changes = f"jsonb_build_object('id', 0, 'ref', 'EL-2', 'verify_code', '', 'application_id', {case})"
        attempts.append(("a license", [COPY.format(changes=changes, license=license.pk)]))
    done = [(name, statements) for name, statements in attempts if not refused(application, statements)]
    assert done == []
    assert len(attempts) >= AT_LEAST
    states = {model: set(model.objects.values_list("state", flat=True)) for model in (License, Declaration, Inquiry)}
    assert states[License] == {"active", "suspended"} and "invalid" not in states[Declaration]
    assert (states[Inquiry], Exporter.objects.filter(state="barred").count()) == ({"asked"}, 0)
    assert Suspension.objects.get().ended_at is None


@pytest.mark.parametrize("kind", ["license", "declaration", "exporter"])
def test_twin_with_another_who_countersigned_it_is_done(kind, application, world, license):
    table, key, verb, state = KINDS[kind]
    user = license.end_users.get()
    pk = {"license": license.pk, "declaration": user.declaration_id, "exporter": license.exporter_id}[kind]
    of = {"kind": kind, "pk": pk, "table": table, "key": key, "verb": verb, "state": state}
    of |= {"one": world.ministry.decider.user.pk, "other": world.ministry.other_decider.user.pk}
    before = [*FIRST.get(kind, ()), proposed(), decided()]
    for move in MOVES:
        assert not refused(application, [one.format(**of) for one in (*before, move)]), move
