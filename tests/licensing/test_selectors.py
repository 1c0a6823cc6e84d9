"""What somebody does not see is not there for any verb; what each list holds and leaves out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from config.local import demo
from core.access import NOBODY, Actor
from core.access import clock as clock_actor
from core.errors import DomainError
from core.legal_time import legal_today
from core.models import HistoryLine
from core.selectors import documents_for
from exporters.states import ACTING, ExporterState
from licensing import selectors
from licensing.actions import applications, decisions, declarations, licenses, questions, receipts
from licensing.models import Application, ControlItem, License
from licensing.models.declarations import CONFIRMATIONS
from licensing.states import IN_FORCE, LicenseState
from tests import make
from tests.make import seen

ELSEWHERE = "33"
CONFIRMED = CONFIRMATIONS
PAPER = ("paper.pdf", demo.pdf("x"))


def answers(verbs: dict[str, Callable[[], object]]) -> dict[str, str]:
    """The code of each verb's refusal, "done" where there was none. No refusal wrote a line of history."""
    found = {}
    for name, verb in verbs.items():
        before = HistoryLine.objects.count()
        try:
            verb()
        except DomainError as refusal:
            found[name] = refusal.code
            assert HistoryLine.objects.count() == before
        else:
            found[name] = "done"
    return found


@pytest.fixture
def stranger(world):
    return make.exporter(world.ministry, "Other Co., Ltd.")


def of_elsewhere(officer: Actor) -> Actor:
    """The officer, were he limited to a province that the exporter is not of."""
    return replace(officer, province=ELSEWHERE)


def test_another_companys_case_or_declaration_is_not_there_for_any_verb(world, stranger):
    case, declaration = world.application(), world.declaration(verified=False)
    paper = Application.objects.get(ref=case).documents.first().pk
    signer = {"signer_name": "J", "signer_post": "Head", "signed_on": legal_today()}
    draft = applications.Draft("annual")
    verbs = {
        "change": lambda: applications.change(case, draft, version=0, by=stranger),
        "add_document": lambda: applications.add_document(case, type="contract", file=PAPER, by=stranger),
        "remove_document": lambda: applications.remove_document(case, paper, by=stranger),
        "submit": lambda: applications.submit(case, seen=seen(case), by=stranger),
        "withdraw": lambda: applications.withdraw(case, by=stranger),
        "answer": lambda: questions.answer(case, question=0, text="x", by=stranger),
        "redeclare": lambda: applications.redeclare(case, seen=0, declaration="x", by=stranger),
        "change it": lambda: declarations.change(
            declaration.ref, version=0, items=[], end_user=declaration.end_user, by=stranger
        ),
        "attach_signed": lambda: declarations.attach_signed(
            declaration.ref, seen=seen(declaration.ref), certificate=PAPER, by=stranger, **signer
        ),
        "submit it": lambda: declarations.submit(declaration.ref, seen=seen(declaration.ref), by=stranger),
        "answer of it": lambda: declarations.answer(declaration.ref, seen=0, text="x", by=stranger),
        "redo it": lambda: declarations.redo(declaration.ref, seen=0, changes=["signature"], reason="x", by=stranger),
    }
    assert answers(verbs) == dict.fromkeys(verbs, "not-found")


def test_a_case_of_another_province_is_not_there_for_any_verb_of_the_desk(world):
    case = world.application()
    applications.submit(case, seen=seen(case), by=world.exporter)
    reviewer, decider = of_elsewhere(world.ministry.reviewer), of_elsewhere(world.ministry.decider)
    intake = of_elsewhere(world.ministry.intake)
    now = seen(case)
    verbs = {
        "accept": lambda: receipts.accept(case, by=intake),
        "not_accept": lambda: receipts.not_accept(case, reason="x", by=intake),
        "assign": lambda: decisions.assign(case, seen=now, by=reviewer),
        "ask": lambda: questions.ask(case, text="x", due_on=legal_today(), by=reviewer),
        "close": lambda: questions.close_question(case, seen=now, question=0, reason="x", by=reviewer),
        "read": lambda: questions.read_answer(case, question=0, by=reviewer),
        "recommend": lambda: decisions.recommend(case, seen=now, outcome="approve", by=reviewer),
        "send_back": lambda: decisions.send_back(case, seen=now, reason="x", by=decider),
        "approve": lambda: decisions.approve(case, seen=now, by=decider),
        "refuse": lambda: decisions.refuse(case, seen=now, factors=["END_USE"], text="x", by=decider),
        "reopen": lambda: decisions.reopen(case, seen=now, reason="x", by=decider),
        "issue": lambda: decisions.issue(case, seen=now, by=decider),
    }
    assert answers(verbs) == dict.fromkeys(verbs, "not-found")


def test_a_declaration_or_license_of_another_province_is_not_there_for_any_verb(world):
    license, submitted = world.license(kilograms=100), world.declaration(verified=False)
    reviewer, decider = of_elsewhere(world.ministry.reviewer), of_elsewhere(world.ministry.decider)
    now = seen(submitted.ref)
    verbs = {
        "verify": lambda: declarations.verify(submitted.ref, seen=now, quantity_fit=True, by=reviewer),
        "query": lambda: declarations.query(submitted.ref, seen=now, reason="x", by=reviewer),
        "reject": lambda: declarations.reject(submitted.ref, seen=now, reason="x", by=reviewer),
        "suspend": lambda: licenses.suspend(license.ref, seen=seen(license.ref), reason="x", by=decider),
        "lift": lambda: licenses.lift(license.ref, seen=seen(license.ref), suspension=0, reason="x", by=decider),
    }
    assert answers(verbs) == dict.fromkeys(verbs, "not-found")


def refs(rows) -> set[str]:
    return {row.ref for row in rows}


def test_each_list_holds_a_companys_own_and_an_officers_province(world, stranger):
    license, waiting = world.license(kilograms=100), world.declaration(verified=False)
    case = license.application.ref
    mine, m = world.exporter, world.ministry
    lists = (selectors.applications_for, selectors.declarations_for, selectors.licenses_for, selectors.in_force)
    assert [refs(seen_by(stranger)) for seen_by in lists] == [set()] * 4
    assert [refs(seen_by(of_elsewhere(m.reviewer))) for seen_by in lists] == [set()] * 4
    assert [refs(seen_by(NOBODY)) for seen_by in lists] == [set()] * 4
    assert [refs(seen_by(m.admin)) for seen_by in lists] == [set()] * 4
    assert [refs(selectors.applications_for(who)) for who in (mine, m.reviewer)] == [{case}, {case}]
    for who in (mine, m.reviewer):
        assert waiting.ref in refs(selectors.declarations_for(who))
        assert refs(selectors.licenses_for(who)) == {license.ref}
    assert refs(selectors.licenses_for(world.customs)) == {license.ref}
    assert refs(selectors.applications_for(world.customs)) == refs(selectors.declarations_for(world.customs)) == set()


def test_officers_see_nothing_that_was_never_sent(world):
    draft, signed = world.application(), world.declaration(verified=False)
    begun = declarations.draft(by=world.exporter, items=[], end_user=signed.end_user, end_use=signed.end_use)
    assert refs(selectors.applications_for(world.ministry.reviewer)) == set()
    assert begun.ref not in refs(selectors.declarations_for(world.ministry.reviewer))
    assert draft in refs(selectors.applications_for(world.exporter))
    assert begun.ref in refs(selectors.declarations_for(world.exporter))


def test_a_rejected_declaration_is_offered_to_no_application(world):
    row = world.declaration(verified=False)
    assert refs(selectors.usable_declarations(world.exporter)) == {row.ref}
    declarations.reject(row.ref, seen=seen(row.ref), reason="x", by=world.ministry.reviewer)
    assert refs(selectors.usable_declarations(world.exporter)) == set()


def test_a_certificate_is_seen_with_its_declaration(world):
    submitted = world.declaration(verified=False)
    facts = {"end_user": submitted.end_user, "end_use": submitted.end_use}
    begun = declarations.draft(
        by=world.exporter,
        items=[],
        **facts,
        **dict.fromkeys(CONFIRMED, True),
    )
    signer = {"signer_name": "J", "signer_post": "Head", "signed_on": legal_today()}
    signed = declarations.attach_signed(begun.ref, seen=seen(begun.ref), certificate=PAPER, by=world.exporter, **signer)
    found = documents_for(world.ministry.reviewer).values_list("pk", flat=True)
    assert submitted.certificate_id in found
    assert signed.certificate_id not in found
    assert not documents_for(of_elsewhere(world.ministry.reviewer)).exists()
    assert not documents_for(world.ministry.admin).exists()


def test_the_desk_has_each_case_in_the_view_of_its_state(world):
    m = world.ministry
    accepted, mine, waiting, decided = (world.application() for _ in range(4))
    applications.submit(accepted, seen=seen(accepted), by=world.exporter)
    receipts.accept(accepted, by=m.intake)
    for ref in (mine, waiting, decided):
        world.under_review(ref)
    other = world.under_review(world.application(), by=m.other_decider)
    decisions.recommend(waiting, seen=seen(waiting), outcome="approve", by=m.reviewer)
    applications.withdraw(decided, by=world.exporter)
    cases = selectors.applications_for(m.reviewer)
    views = ("mine", "unassigned", "waiting", "open", "decided")
    found = {view: refs(selectors.in_queue(cases, m.reviewer, view)) for view in views}
    assert found == {
        "mine": {mine},
        "unassigned": {accepted},
        "waiting": {waiting},
        "open": {accepted, mine, waiting, other},
        "decided": {decided},
    }


def test_countersigning_lists_what_waits_for_a_decision_or_a_license(world):
    m = world.ministry
    reviewed, waiting, approved = (world.under_review(world.application()) for _ in range(3))
    for ref in (waiting, approved):
        decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    decisions.approve(approved, seen=seen(approved), by=m.decider)
    assert refs(selectors.to_countersign(m.other_decider)) == {waiting, approved}
    assert reviewed not in refs(selectors.to_countersign(m.reviewer))


def test_what_is_in_force_is_active_or_suspended(world, clock):
    license, suspended = world.license(kilograms=100), world.license(kilograms=100)
    licenses.suspend(suspended.ref, seen=seen(suspended.ref), reason="x", by=world.ministry.decider)
    ended = world.license(kilograms=100)
    License.objects.filter(pk=ended.pk).update(usable_until=legal_today())
    clock.shift(days=1)
    licenses.expire(ended.pk, by=clock_actor())
    assert refs(selectors.in_force(world.exporter)) == {license.ref, suspended.ref}
    yesterday = legal_today() - timedelta(days=1)
    assert licenses.past(legal_today(), 9) == licenses.ending(yesterday, [0]) == []
    assert set(License.objects.filter(License.running_on(yesterday))) == {license, suspended}


@pytest.mark.parametrize("state", LicenseState.values)
def test_postgresql_says_as_python_which_license_is_in_force(state, db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT license_in_force(%s)", [state])
        assert cursor.fetchone()[0] is (state in IN_FORCE)


@pytest.mark.parametrize("state", ExporterState.values)
def test_postgresql_says_as_python_which_company_acts(state, db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT exporter_acts(%s), exporter_acts(NULL)", [state])
        assert cursor.fetchone() == (state in ACTING, False)


def codes(**asked: str) -> set[str]:
    return {item.code for item in selectors.search_items(**asked)}


def test_the_control_list_is_narrowed_by_words_code_and_list(reference):
    every = set(ControlItem.objects.values_list("code", flat=True))
    assert codes() == every
    assert "1C905.a.4" in codes(code="1c905") and all(code.startswith("1C905") for code in codes(code="1c905"))
    names = set(ControlItem.objects.values_list("list_name", flat=True))
    for name in names:
        assert codes(list_name=name) == set(ControlItem.objects.filter(list_name=name).values_list("code", flat=True))
    assert codes(q="no-such-word") == set()
    assert codes(q="1C905 no-such-word") == set()
    item = ControlItem.objects.exclude(hs_codes=[]).first()
    assert item.code in codes(q=item.hs_codes[0])


def test_only_official_items_are_applied_for(reference):
    assert ControlItem.objects.filter(official=False).exists()
    assert not selectors.items_for().filter(official=False).exists()
