"""What the role that serves requests tries in order to do alone what takes two people: a license, its end, the end of a
declaration, a bar, what goods are, a lift, two steps of a case. Each attempt is a transaction of its own; all are
refused."""

from itertools import permutations, product

import pytest
from django.db import connection
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
    "UPDATE {table} SET {moved} WHERE {key} = {pk}",
    "UPDATE {table} t SET {moved} FROM (SELECT {pk} AS pk) x WHERE t.{key} = x.pk",
    "WITH moved AS (UPDATE {table} SET {moved} WHERE {key} = {pk} RETURNING 1) SELECT count(*) FROM moved",
    "MERGE INTO {table} t USING (SELECT {pk} AS pk) x ON t.{key} = x.pk WHEN MATCHED THEN UPDATE SET {moved}",
    "DO $$ BEGIN UPDATE {table} SET {moved} WHERE {key} = {pk}; END $$",
)
WITH = {  # what is written with the state
    "inquiry": ", edition_id = (SELECT max(id) FROM licensing_policyedition), signed_at = now(), reason = 'x'",
}
COLUMNS = "subject_kind, subject_id, subject_ref, verb, reason, facts, proposed_by_id, proposed_at, decision_reason"


FACTS = '{{"end_reason": "quash", "provision": "x"}}'


def named(kind, pk, **people):
    """What the statements of a row of this kind name."""
    table, key, verb, state = KINDS[kind]
    moved = f"state = '{state}'{WITH.get(kind, '')}"
    return people | {"kind": kind, "pk": pk, "table": table, "key": key, "verb": verb, "moved": moved}


def proposed(kind="'{kind}'", pk="{pk}", verb="'{verb}'"):
    said = f"{kind}, {pk}, 'x', {verb}, 'x', '{FACTS}'::jsonb, {{one}}, now(), ''"
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


def why(license="{pk}", end_reason="quash", provision="x", reason="x", heard_on="NULL", hearing="NULL"):
    """What stands beside a license that the ministry ends, of whatever was proposed last."""
    return (
        "INSERT INTO licensing_revocation (license_id, proposal_id, end_reason, provision, reason, heard_on,"
        f" hearing_id, revoked_at) SELECT {license}, id, '{end_reason}', '{provision}', '{reason}', {heard_on},"
        f" {hearing}, now() FROM core_proposal ORDER BY id DESC LIMIT 1"
    )


LAST = {"license": [why()]}
OTHERWISE = {  # two people countersigned the end of a license, and nothing says so, or something else
    "nothing says why": [],
    "another license's does": [why(license="{suspended}")],
    "it says another reason": [why(reason="y")],
    "it says another provision": [why(provision="y")],
    "it ends in another way": [why(end_reason="cancel")],
    "what it says waits": [proposed(), why()],
    "it was heard on another day": [why(heard_on="current_date")],
    "the record of a hearing is another": [why(hearing="(SELECT min(id) FROM core_document)")],
}
COPY = (
    "INSERT INTO licensing_license SELECT (jsonb_populate_record(l, {changes})).*"
    " FROM licensing_license l WHERE id = {license}"
)
STEP = (
    "INSERT INTO licensing_decisionstep (application_id, round, step, outcome, actor_id, at, conditions, factors, text,"
    " note, presumed, departure, tolerance_mode, tolerance_pct) SELECT id, round, '{step}', '{outcome}', {who}, now(),"
    " '{{{{}}}}', '{{{{SECURITY}}}}', 'x', '', '', '', 'none', 0 FROM licensing_application WHERE ref = '{{case}}'"
)


def steps(*said, order=("recommend", "decide")):
    """Of the case, and it is approved. said: each an outcome, of these steps in turn, by two people."""
    turns = zip(order * 2, ("{one}", "{other}") * 2, said, strict=False)
    moved = "UPDATE licensing_application SET state = '{}' WHERE ref = '{{case}}'"
    return [
        *(STEP.format(step=step, who=who, outcome=outcome) for step, who, outcome in turns if outcome),
        *(moved.format(state) for state in ("awaiting_decision", "approved")),
    ]


ANEW = "UPDATE licensing_application SET round = round + 1 WHERE ref = '{case}'"
CONTESTED = (
    "INSERT INTO licensing_reconsideration (decision_id, filed_by_id, filed_at, grounds)"
    " SELECT max(id), {one}, now(), 'x' FROM licensing_decisionstep"
)
REFUSED = {
    "nobody recommended": steps(),
    "nobody decided": steps("approve"),
    "it was recommended after that": steps("approve", "approve", order=("decide", "recommend")),
    "it was recommended to be refused": steps("refuse", "approve"),
    "it was refused": steps("approve", "refuse"),
    "it was recommended anew, to be refused": steps("approve", "approve", "refuse", "approve"),
    "it was refused since": steps("approve", "approve", "approve", "refuse"),
    "it was approved, and that was contested by nobody": steps("approve", "approve", order=("recommend", "reconsider")),
    "it was approved, and contested all the same": [
        *steps("approve", "approve"),
        CONTESTED,
        STEP.format(step="reconsider", who="{third}", outcome="approve"),
    ],
    "it was a round ago": [*steps("approve", "approve"), ANEW],
    "it was recommended a round ago": [*steps("approve")[:1], ANEW, *steps(None, "approve")],
}
APPROVED = steps("approve", "approve")
UNMOVED = {"the case is not approved": APPROVED[:-1]}  # the ledger leaves that to the license
OF_THE_CASE = "(SELECT id FROM licensing_application WHERE ref = '{case}')"
CHANGES = "jsonb_build_object('id', 0, 'ref', 'EL-2', 'verify_code', '', 'application_id', {case})"
IN_FORCE = "UPDATE licensing_license SET state = 'active' WHERE id = {suspended}"
CAUSE = (
    "UPDATE licensing_suspension SET ended_at = now(), ended_by_id = {one}",
    "UPDATE licensing_suspension SET ended_at = now(), ended_by_id = NULL",
    "UPDATE licensing_suspension SET ended_by_id = opened_by_id, ended_at = now()",
    "UPDATE licensing_suspension SET opened_by_id = {other}",
    "UPDATE licensing_suspension SET cause = 'ledger', ended_at = now(), ended_by_id = {one}",
    "DELETE FROM licensing_suspension",
    "TRUNCATE licensing_suspension CASCADE",
    IN_FORCE,
)
REFUSALS = (errors.CheckViolation, errors.InsufficientPrivilege, errors.NotNullViolation)
TWICE = (errors.ExclusionViolation, errors.UniqueViolation)


def refused(application, statements, by=REFUSALS):
    """The constraint that refuses them, or in which words something else does; nothing where they are done."""
    application.execute("BEGIN")
    try:
        for statement in statements:
            application.execute(statement)
    except by as refusal:
        return refusal.diag.constraint_name or refusal.diag.message_primary
    finally:
        application.execute("ROLLBACK")
    return ""


def on_the_case(ref, license, people, said):
    copy = COPY.format(changes=CHANGES.format(case=OF_THE_CASE), license=license.pk)
    return [one.format(**people, case=ref) for one in (*said, copy)]


def test_what_takes_two_people_is_done_by_none_alone(application, world, license):
    m, stopped, alone = world.ministry, world.license(kilograms=10), world.under_review(world.application())
    licenses.suspend(stopped.ref, seen=seen(stopped.ref), reason="Inspection", by=m.decider)
    rows = {
        "license": license,
        "declaration": license.end_users.get().declaration,
        "exporter": Exporter.objects.get(pk=world.exporter.organization_id),
        "inquiry": make.inquiry(world),
    }
    people = {"one": m.decider.user.pk, "other": m.other_decider.user.pk, "third": m.reconsiderer.user.pk}
    people |= {"suspended": stopped.pk}
    attempts = []
    for kind, (name, before), move in product(KINDS, BEFORE.items(), MOVES):
        tried = (*FIRST.get(kind, ()), *before, *LAST.get(kind, ()), move)
        of = named(kind, rows[kind].pk, **people)
        attempts.append((f"{kind}: {name}", [one.format(**of) for one in tried]))
    ends = named("license", license.pk, **people)
    for (name, said), move in product(OTHERWISE.items(), MOVES):
        attempts.append((name, [one.format(**ends) for one in (proposed(), decided(), *said, move)]))
    attempts += [("a cause", [one.format(**people)]) for one in CAUSE]
    for case in (0, OF_THE_CASE.format(case=alone)):
        attempts.append(("a license", [COPY.format(changes=CHANGES.format(case=case), license=license.pk)]))
    for name, said in (REFUSED | UNMOVED).items():
        attempts.append((f"a license: {name}", on_the_case(alone, license, people, said)))
    done = [(name, statements) for name, statements in attempts if not refused(application, statements)]
    assert done == []
    assert len(attempts) >= AT_LEAST
    states = {model: set(model.objects.values_list("state", flat=True)) for model in (License, Declaration, Inquiry)}
    assert states[License] == {"active", "suspended"} and "invalid" not in states[Declaration]
    assert (states[Inquiry], Exporter.objects.filter(state="barred").count()) == ({"asked"}, 0)
    assert Suspension.objects.get().ended_at is None


@pytest.mark.parametrize("kind", KINDS)
def test_twin_with_another_who_countersigned_it_is_done(kind, application, world, license):
    pk = {
        "license": license.pk,
        "declaration": license.end_users.get().declaration_id,
        "exporter": license.exporter_id,
        "inquiry": make.inquiry(world).pk,
    }[kind]
    of = named(kind, pk, one=world.ministry.decider.user.pk, other=world.ministry.other_decider.user.pk)
    before = [*FIRST.get(kind, ()), proposed(), decided(), *LAST.get(kind, ())]
    for move in MOVES:
        assert not refused(application, [one.format(**of) for one in (*before, move)]), move


def test_twin_a_cause_that_another_ended_is_lifted(application, world, license):
    m = world.ministry
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=m.decider)
    ended = CAUSE[0].format(one=m.other_decider.user.pk)
    assert not refused(application, [ended, IN_FORCE.format(suspended=license.pk)])


STEPS = ("recommend", "decide", "reconsider")
OF_ONE = [  # what somebody did in the first round, what he does then, in which round, and what refuses it
    *((was, now, 2, "step_nobody_in_two_rounds") for was, now in product(STEPS, STEPS)),
    *((was, now, 1, "step_nobody_takes_both") for was, now in permutations(STEPS, 2)),
    ("reconsider", "reconsider", 1, "step_reconsidered_once_by_each"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("who", "another"), list(permutations(("reviewer", "decider", "reconsiderer"), 2)))
def test_nobody_has_steps_in_two_rounds_or_reconsiders_his_own(who, another, application, world):
    """What is refused to one is done by another: the twin."""
    ref, m = world.under_review(world.application()), world.ministry
    one, other = getattr(m, who).user.pk, getattr(m, another).user.pk

    def step(name, number, by):
        said = STEP.format(step=name, outcome="refuse", who=by).format(case=ref)
        return said.replace("SELECT id, round,", f"SELECT id, {number},")

    for was, now, number, guard in OF_ONE:
        before = step(was, 1, one)
        assert refused(application, [before, step(now, number, one)], TWICE) == guard, (was, now, number)
        assert refused(application, [before, step(now, number, other)], TWICE) == "", (was, now, number)


@pytest.mark.parametrize("said", [("approve", "approve"), ("approve", "refuse", "approve", "approve")])
def test_twin_with_what_another_approved_last_is_a_license(said, application, world, license):
    alone = world.under_review(world.application())
    people = {"one": world.ministry.decider.user.pk, "other": world.ministry.other_decider.user.pk}
    assert not refused(application, on_the_case(alone, license, people, steps(*said)))


@pytest.mark.parametrize(("said", "rests"), [*((said, 0) for said in REFUSED.values()), (APPROVED, 1)])
def test_the_ledger_opens_lines_of_what_another_approved_last_alone(said, rests, world):
    ref = world.under_review(world.application())
    m = world.ministry
    people = {"one": m.decider.user.pk, "other": m.other_decider.user.pk, "third": m.reconsiderer.user.pk, "case": ref}
    with connection.cursor() as cursor:
        for one in said:
            cursor.execute(one.format(**people))
        cursor.execute(f"SELECT count(*) FROM ledger_step({OF_THE_CASE.format(case=ref)})")
        assert cursor.fetchone() == (rests,)
