"""Cases, declarations and licenses: each refusal at the verb itself, with nothing changed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from config.local import demo
from core.access import clock as clock_actor
from core.errors import DomainError
from core.legal_time import legal_now, legal_today
from core.models import Document, HistoryLine
from licensing.actions import applications, decisions, declarations, drafts, licenses, questions
from licensing.models import (
    Application,
    ControlItem,
    DecisionStep,
    Declaration,
    License,
    Suspension,
)
from licensing.models.balances import LicenseLine
from tests import make
from tests.make import seen

KG = 1000
PAPER = ("paper.pdf", demo.pdf("x"))
MODELS = (Application, Declaration, DecisionStep, License, LicenseLine, Suspension, HistoryLine)


def everything():
    return [list(model.objects.order_by("pk").values()) for model in MODELS] + [Document.objects.count()]


def refused(verb, *args, **kwargs):
    """The codes of the verb's refusal, each with its place; it changed nothing."""
    before = everything()
    with pytest.raises(DomainError) as refusal:
        verb(*args, **kwargs)
    assert everything() == before
    return [(problem.pointer, problem.code) for problem in refusal.value.errors] or [("", refusal.value.code)]


WRONG_STATE, STALE, NOT_FOUND = [("", "wrong-state")], [("", "stale")], [("", "not-found")]


# --- applications --------------------------------------------------------------------------------------------


@pytest.fixture
def draft(world):
    return world.application()


def test_a_case_that_was_sent_is_not_changed_and_neither_are_its_papers(world, draft):
    row = Application.objects.get(ref=draft)
    applications.submit(draft, seen=seen(draft), by=world.exporter)
    facts, paper = applications.Draft("annual"), row.documents.first()
    by = world.exporter
    assert refused(applications.change, draft, facts, version=row.version, by=by) == WRONG_STATE
    assert refused(applications.add_document, draft, type="contract", file=PAPER, by=by) == WRONG_STATE
    assert refused(applications.remove_document, draft, paper.pk, by=by) == WRONG_STATE
    assert row.documents.count() == 4


def test_a_label_that_is_no_official_code_is_not_applied_for(world, draft):
    label = ControlItem.objects.filter(official=False).first()
    facts = applications.Draft("annual", lines=[drafts.LineDraft(label, "Magnets", 1, label.unit)])
    wrong = [("/lines/0/code", "not-official")]
    assert refused(applications.start, facts, by=world.exporter) == wrong
    opened = Application.objects.get(ref=draft).version
    assert refused(applications.change, draft, facts, version=opened, by=world.exporter) == wrong


def test_a_draft_that_somebody_changed_is_not_overwritten(world, draft):
    by, facts = world.exporter, applications.Draft("annual", remarks="first")
    opened = Application.objects.get(ref=draft).version
    assert applications.change(draft, facts, version=opened, by=by).version == opened + 1
    for version in (opened, opened + 2):
        second = replace(facts, remarks="second")
        assert refused(applications.change, draft, second, version=version, by=by) == STALE


def test_a_paper_of_another_case_is_not_taken_off_this_one(world, draft):
    other = Application.objects.get(ref=world.application())
    assert refused(applications.remove_document, draft, other.documents.first().pk, by=world.exporter) == NOT_FOUND
    assert other.documents.count() == 4


def test_a_clerk_does_not_file_not_even_what_is_incomplete(world):
    clerk = make.colleague(world.exporter, "clerk")
    row = applications.start(applications.Draft("annual"), by=clerk)
    assert refused(applications.submit, row.ref, seen=seen(row.ref), by=clerk) == [("", "forbidden")]


def missing(ref):
    row = Application.objects.get(ref=ref)
    return [(p.pointer, p.code) for p in applications.what_is_missing(row, at=legal_now())]


def test_a_company_that_is_not_verified_files_nothing(world):
    newcomer = make.exporter(None, "Newcomer Co., Ltd.")
    row = applications.start(applications.Draft("annual"), by=newcomer)
    assert ("", "exporter-not-active") in missing(row.ref)


def test_a_per_shipment_license_has_one_end_user_and_an_annual_one_several(world):
    two = [world.declaration(), world.declaration()]
    assert missing(world.application(kind="per_shipment", by_whom=two)) == [("/end_users", "max-items")]
    assert missing(world.application(by_whom=two)) == []
    assert missing(world.application(kind="per_shipment", by_whom=two[:1])) == []


def test_what_the_rules_forbid_on_every_day_is_not_filed(world, draft):
    make.edition(forbidding)
    assert missing(draft) == [("/lines", "policy-prohibits")]


def forbidding(rules, document):
    """Whatever goes to Germany is prohibited."""
    rules["R033"]["match"] = {"destination.country": ["DE"]}


# --- decisions -----------------------------------------------------------------------------------------------


@pytest.fixture
def reviewed(world, draft):
    return world.under_review(draft)


@pytest.fixture
def waiting(world, reviewed):
    """A case that waits for its decision."""
    decisions.recommend(reviewed, seen=seen(reviewed), outcome="approve", by=world.ministry.reviewer)
    return reviewed


@pytest.fixture
def approved(world, waiting):
    decisions.approve(waiting, seen=seen(waiting), by=world.ministry.decider)
    return waiting


def recommending(world, ref, **facts):
    facts = {"outcome": "approve", "by": world.ministry.reviewer, "seen": seen(ref)} | facts
    return refused(decisions.recommend, ref, **facts)


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"quantities_": {1: 0}}, ("/lines", "min-items")),
        ({"end_users": []}, ("/end_users", "min-items")),
        ({"max_clearances": 0}, ("/max_clearances", "out-of-range")),
        ({"max_clearances": -1}, ("/max_clearances", "out-of-range")),
        ({"quantities_": {1: 60_000 * KG + 1}}, ("/quantity_1", "more-than-asked")),
        ({"outcome": "refuse", "text": "No."}, ("/factors", "required")),
        ({"outcome": "refuse", "factors": ["END_USE"], "text": " "}, ("/text", "required")),
    ],
)
def test_a_recommendation_that_can_not_be_right_is_refused(facts, problem, world, reviewed):
    assert recommending(world, reviewed, **facts) == [problem]


def test_one_clearance_one_month_and_the_last_gram_may_be_recommended(world, reviewed):
    facts = {"quantities_": {1: 60_000 * KG}, "max_clearances": 1, "months": 1, "text": "Short"}
    decisions.recommend(reviewed, seen=seen(reviewed), outcome="approve", by=world.ministry.reviewer, **facts)
    step = DecisionStep.objects.get()
    assert (step.max_clearances, step.lines.get().quantity) == (1, 60_000 * KG)


def test_an_end_user_of_another_case_is_not_kept(world, reviewed):
    other = Application.objects.get(ref=world.application())
    assert recommending(world, reviewed, end_users=[other.end_users.get().pk]) == [("/end_users", "min-items")]


def test_the_state_is_looked_at_before_what_was_typed(world, waiting):
    m = world.ministry
    assert recommending(world, waiting, quantities_={1: 0}) == WRONG_STATE
    assert refused(questions.ask, waiting, text="x", due_on=legal_today(), by=m.reviewer) == WRONG_STATE
    decisions.send_back(waiting, seen=seen(waiting), reason="Again", by=m.decider)
    facts = {"seen": seen(waiting), "factors": [], "text": "", "by": m.decider}
    assert refused(decisions.refuse, waiting, **facts) == WRONG_STATE


def test_rules_that_closed_the_channel_after_approval_stop_the_license(world, approved):
    make.edition(lambda rules, document: rules["R001"].update(enabled=False))
    assert refused(decisions.issue, approved, seen=seen(approved), by=world.ministry.decider) == [
        ("", "channel-closed")
    ]


def test_no_license_rests_on_a_declaration_that_is_not_verified(world, monkeypatch):
    ref = world.under_review(world.application(by_whom=[world.declaration(verified=False)]))
    m = world.ministry
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    with monkeypatch.context() as careless:
        careless.setattr(decisions, "require_verified", lambda declarations, step: None)
        decisions.approve(ref, seen=seen(ref), by=m.decider)
    assert refused(decisions.issue, ref, seen=seen(ref), by=m.decider) == [("", "declaration-not-verified")]


def test_no_license_is_issued_to_a_company_that_is_not_active(world, approved, monkeypatch):
    real = decisions.lock_with_exporter

    def not_active(ref, by):
        row = real(ref, by)
        vars(row.exporter)["state"] = "pending"
        return row

    monkeypatch.setattr(decisions, "lock_with_exporter", not_active)
    found = refused(decisions.issue, approved, seen=seen(approved), by=world.ministry.decider)
    assert found == [("", "exporter-not-active")]


# --- declarations --------------------------------------------------------------------------------------------


def facts_of(row):
    return {name: getattr(row, name) for name in declarations.FIELDS}


@pytest.fixture
def begun(world):
    facts = facts_of(world.declaration())
    return declarations.draft(by=world.exporter, items=[ControlItem.objects.first()], **facts)


def sign(ref, by, **facts):
    signer = {"certificate": PAPER, "signer_name": "J", "signer_post": "Head", "signed_on": legal_today()}
    return declarations.attach_signed(ref, seen=seen(ref), by=by, **signer | facts)


def test_a_signed_declaration_is_neither_changed_nor_signed_again(world, begun):
    sign(begun.ref, world.exporter)
    facts = {"version": begun.version, "by": world.exporter, "items": []}
    assert refused(declarations.change, begun.ref, **facts, **facts_of(begun)) == WRONG_STATE
    later = legal_today() + timedelta(days=1)
    assert refused(sign, begun.ref, world.exporter, signed_on=later) == WRONG_STATE


def test_a_declaration_that_somebody_changed_is_not_overwritten(world, begun):
    facts = facts_of(begun) | {"by": world.exporter, "items": []}
    assert declarations.change(begun.ref, version=begun.version, **facts).version == begun.version + 1
    for version in (begun.version, begun.version + 2):
        assert refused(declarations.change, begun.ref, version=version, **facts) == STALE


def test_a_declaration_is_of_an_end_user_of_ones_own(world, begun):
    other = make.exporter(world.ministry, "Other Co., Ltd.")
    foreign = demo.party(other, "Elsewhere", "DE", "Motors")
    facts = facts_of(begun) | {"by": world.exporter, "items": [], "end_user": foreign}
    wrong = [("/end_user", "unknown-reference")]
    assert refused(declarations.draft, **facts) == wrong
    assert refused(declarations.change, begun.ref, version=begun.version, **facts) == wrong


def test_a_re_export_names_its_countries(world, begun):
    facts = facts_of(begun) | {"by": world.exporter, "items": [], "re_export": True, "re_export_countries": []}
    assert refused(declarations.draft, **facts) == [("/re_export_countries", "required")]
    named = facts | {"re_export_countries": ["FR"]}
    assert declarations.draft(**named).re_export_countries == ["FR"]


@pytest.mark.parametrize(
    "name", ["no_other_use", "no_transfer", "no_mass_destruction", "no_military_use", "verification_consent"]
)
def test_a_certificate_without_a_confirmation_is_not_attached(name, world, begun):
    Declaration.objects.filter(pk=begun.pk).update(**{name: False})
    assert refused(sign, begun.ref, world.exporter) == [(f"/{name}", "required")]


# --- licenses ------------------------------------------------------------------------------------------------


def test_whoever_may_not_suspend_hears_that_first(world, license):
    facts = {"seen": seen(license.ref) - 1, "reason": "x", "by": world.ministry.reviewer}
    assert refused(licenses.suspend, license.ref, **facts) == [("", "forbidden")]


def test_a_license_that_has_ended_is_not_suspended_for_that_however_old_the_page(world, license, clock):
    facts = {"seen": seen(license.ref), "reason": "x", "by": world.ministry.decider}
    clock.shift(days=400)
    licenses.expire(license.pk, by=clock_actor())
    assert seen(license.ref) > facts["seen"]
    assert refused(licenses.suspend, license.ref, **facts) == WRONG_STATE


def test_a_cause_that_has_ended_or_is_another_licenses_is_not_lifted(world, license):
    by, other = world.ministry.decider, world.license(kilograms=100)
    for row in (license, license, other):
        licenses.suspend(row.ref, seen=seen(row.ref), reason="x", by=by)
    first = license.suspensions.order_by("pk").first().pk
    by = world.ministry.other_decider
    licenses.lift(license.ref, seen=seen(license.ref), suspension=first, reason="x", by=by)
    for pk in (first, other.suspensions.get().pk):
        facts = {"seen": seen(license.ref), "suspension": pk, "reason": "x", "by": by}
        assert refused(licenses.lift, license.ref, **facts) == NOT_FOUND


def unmoved(verb, pk):
    """What the sweep's verb answers where there is nothing to do; it changed nothing."""
    before = everything()
    answer = verb(pk, by=clock_actor())
    assert everything() == before
    return answer


def test_the_sweeps_verbs_do_nothing_to_a_license_that_has_ended(world, license, clock):
    shipment = world.shipment(license, 100 * KG)
    world.clear(shipment.ref, 100 * KG)
    license.refresh_from_db()
    assert license.state == "exhausted"
    clock_actor()
    clock.shift(days=(license.usable_until - legal_today()).days - 5)
    assert unmoved(licenses.warn_of_end, license.pk) is None
    clock.shift(days=400)
    assert unmoved(licenses.expire, license.pk) is False


def test_a_holder_is_warned_once_of_each_threshold_by_the_verb_itself(world, license, clock):
    ends = (license.usable_until - legal_today()).days
    answers = {}
    for left in (151, 150, 91, 90, 31, 30, 8, 7, 0, -1):
        clock.shift(days=ends - left)
        answers[left] = licenses.warn_of_end(license.pk, by=clock_actor())
        assert unmoved(licenses.warn_of_end, license.pk) is None
    assert answers == {151: None, 150: 150, 91: None, 90: 90, 31: None, 30: 30, 8: None, 7: 7, 0: None, -1: None}


def test_a_holder_whom_nothing_warned_before_is_warned_on_the_last_day(world, license, clock):
    clock.shift(days=(license.usable_until - legal_today()).days)
    assert legal_today() == license.usable_until
    assert licenses.warn_of_end(license.pk, by=clock_actor()) == 7


def test_nobody_is_warned_of_an_end_that_has_come(world, license, clock):
    clock.shift(days=(license.usable_until - legal_today()).days + 1)
    assert unmoved(licenses.warn_of_end, license.pk) is None


def test_holders_of_two_licenses_are_warned_of_each(world, license, clock):
    other = world.license(kilograms=100)
    clock.shift(days=(license.usable_until - legal_today()).days - 90)
    assert [licenses.warn_of_end(row.pk, by=clock_actor()) for row in (license, other)] == [90, 90]


def test_a_holder_is_warned_of_the_end_of_a_suspended_license_too(world, license, clock):
    """Its days run on while it is suspended."""
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    actor = clock_actor()
    clock.shift(days=(license.usable_until - legal_today()).days - 5)
    assert licenses.warn_of_end(license.pk, by=actor) == 7
