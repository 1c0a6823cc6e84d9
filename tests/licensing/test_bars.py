"""Two deciders bar a company through a day; then it is suspended, and a third may reinstate it."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import IntegrityError, transaction

from config.local import demo
from core.deliveries import relay
from core.errors import DomainError, FourEyes, Invalid
from core.history import lines_of
from core.languages import day_in_words
from core.legal_time import legal_today, months_after
from core.models import Mail, Role
from exporters.models import Exporter, Qualification, Stop
from exporters.selectors import bars_over
from licensing import selectors, tasks
from licensing.actions import applications, consultations, decisions, receipts, reconsiderations, standing, supplements
from licensing.models import Application
from shipments.actions import closing
from tests import make
from tests.make import seen

KG = 1000
DAY = timedelta(days=1)


def company(world):
    return Exporter.objects.get(pk=world.exporter.organization_id)


def causes(license):
    return [(one.cause, one.reason, one.ended_at is None) for one in license.suspensions.order_by("pk")]


def page(client, actor, path):
    client.force_login(actor.user)
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


@pytest.fixture
def third(world):
    return demo.person("third", "Third", world.ministry.office, Role.DECIDER)


# --- two people ---------------------------------------------------------------------------------------------
def test_one_proposes_and_another_countersigns(world, license):
    make.bar_proposed(world)
    license.refresh_from_db()
    assert (company(world).state, license.state, Stop.objects.count()) == ("active", "active", 0)
    pk, m = world.exporter.organization_id, world.ministry
    with pytest.raises(FourEyes):
        standing.bar(pk, seen=seen(pk), by=m.decider)
    assert standing.bar(pk, seen=seen(pk), by=m.other_decider).state == "barred"
    license.refresh_from_db()
    stop = Stop.objects.get()
    assert (stop.kind, stop.number, stop.last_day) == ("bar", "P-9", legal_today() + 30 * DAY)
    assert (stop.proposed_by, stop.opened_by) == (m.decider.user, m.other_decider.user)
    assert (license.state, causes(license)) == ("suspended", [("exporter", "It sold to somebody else.", True)])
    assert list(license.lines.values_list("open", flat=True)) == [False]
    assert Qualification.objects.get(pk=pk).state == "lapsed"
    with pytest.raises(DomainError) as refusal:
        world.shipment(license, KG)
    assert [one.code for one in refusal.value.errors] == ["license-suspended", "exporter-not-active"]


@pytest.mark.parametrize("days", [0, -1])
def test_a_bar_that_ends_today_or_ended_yesterday_is_not_proposed(world, days):
    with pytest.raises(Invalid) as refusal:
        make.bar_proposed(world, days=days)
    (problem,) = refusal.value.errors
    assert (problem.pointer, problem.code) == ("/last_day", "date-out-of-range")
    assert "A bar ends on a day that lies ahead" in problem.message
    assert not lines_of(company(world)).filter(verb="propose_bar").exists()


def test_a_bar_lasts_five_years_at_most(world):
    latest = months_after(legal_today(), 60)
    with pytest.raises(Invalid, match="5 years at most") as refusal:
        make.bar_proposed(world, days=(latest - legal_today()).days + 1)
    assert [(one.pointer, one.code) for one in refusal.value.errors] == [("/last_day", "date-out-of-range")]
    assert not lines_of(company(world)).filter(verb="propose_bar").exists()
    make.bar_proposed(world, days=(latest - legal_today()).days)
    assert lines_of(company(world)).filter(verb="propose_bar").exists()


def test_one_whose_last_day_came_meanwhile_is_not_countersigned(world, clock):
    make.bar_proposed(world, days=2)
    clock.shift(days=2)
    pk = world.exporter.organization_id
    with pytest.raises(Invalid, match="A bar ends on a day that lies ahead"):
        standing.bar(pk, seen=seen(pk), by=world.ministry.other_decider)
    assert company(world).state == "active"
    standing.drop_bar(pk, seen=seen(pk), reason="Too late", by=world.ministry.decider)


def test_a_suspended_company_is_barred_and_its_licenses_keep_their_cause(world, license):
    make.stopped(world)
    make.barred(world)
    assert company(world).state == "barred"
    assert causes(license) == [("exporter", "Its records are looked into.", True)]
    assert list(Stop.objects.order_by("pk").values_list("kind", flat=True)) == ["suspend", "bar"]


def test_a_proposal_outlasts_that_the_company_closes_and_can_only_be_dropped(world):
    make.bar_proposed(world)
    pk, m = world.exporter.organization_id, world.ministry
    closing.close(seen=seen(pk), by=world.exporter)
    with pytest.raises(DomainError) as refusal:
        standing.bar(pk, seen=seen(pk), by=m.other_decider)
    assert refusal.value.code == "wrong-state"
    assert standing.drop_bar(pk, seen=seen(pk), reason="Gone", by=m.other_decider).state == "closed"


# --- its end ------------------------------------------------------------------------------------------------
def test_it_ends_after_its_last_day_and_leaves_the_account_suspended(world, license, clock):
    make.barred(world, days=2)
    clock.shift(days=2)
    pk = world.exporter.organization_id
    assert (bars_over(legal_today(), 9), standing.end_bar(pk, by=standing.clock())) == ([], False)
    assert company(world).state == "barred"
    clock.shift(days=3)
    assert tasks.end_bars() == 1
    license.refresh_from_db()
    assert (company(world).state, license.state) == ("suspended", "suspended")
    assert (tasks.end_bars(), standing.end_bar(pk, by=standing.clock())) == (0, False)


def test_one_that_is_over_is_followed_by_another_before_the_account_is_reinstated(world, clock):
    make.barred(world, days=2)
    clock.shift(days=3)
    assert tasks.end_bars() == 1
    make.barred(world, days=9)
    assert (company(world).state, bars_over(legal_today(), 9)) == ("barred", [])
    assert standing.end_bar(world.exporter.organization_id, by=standing.clock()) is False
    clock.shift(days=13)
    assert (tasks.end_bars(), company(world).state) == (1, "suspended")
    assert lines_of(company(world)).last().facts == {"last_day": f"{Stop.objects.last().last_day}"}
    assert Stop.objects.filter(ended_at=None).count() == 2


def test_neither_of_the_two_reinstates_it_and_a_third_does(world, license, clock, third):
    make.barred(world, days=2)
    pk, m = world.exporter.organization_id, world.ministry
    for officer in (m.decider, m.other_decider, third):
        with pytest.raises(DomainError) as refusal:
            standing.reinstate(pk, seen=seen(pk), reason="In order", by=officer)
        assert refusal.value.code == "wrong-state"
    clock.shift(days=3)
    standing.end_bar(pk, by=standing.clock())
    for officer in (m.decider, m.other_decider):
        with pytest.raises(FourEyes):
            standing.reinstate(pk, seen=seen(pk), reason="In order", by=officer)
    assert standing.reinstate(pk, seen=seen(pk), reason="In order", by=third).state == "active"
    license.refresh_from_db()
    assert (license.state, Stop.objects.filter(ended_at=None).count()) == ("active", 0)


# --- open cases ---------------------------------------------------------------------------------------------
def submitted(world):
    ref = world.application(kind="per_shipment", by_whom=[world.declaration()])
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    return ref


def incomplete(world):
    ref = submitted(world)
    supplements.request_supplement(ref, points=["The contract"], by=world.ministry.intake)
    return ref


def accepted(world):
    ref = submitted(world)
    receipts.accept(ref, by=world.ministry.intake)
    return ref


def reviewed(world):
    return world.under_review(world.application(kind="per_shipment", by_whom=[world.declaration()]))


def recommended(world):
    ref = reviewed(world)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", months=12, by=world.ministry.reviewer)
    return ref


def approved(world):
    ref = recommended(world)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    return ref


def contested(world):
    ref, m = reviewed(world), world.ministry
    no = {"factors": ["END_USE"], "text": "No."}
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=m.reviewer, **no)
    decisions.refuse(ref, seen=seen(ref), departure="Doubts.", by=m.decider, **no)
    reconsiderations.reconsider(ref, seen=seen(ref), grounds="It is known.", by=world.exporter)
    reconsiderations.admit(ref, seen=seen(ref), by=m.reconsiderer)
    return ref


STEPS = {
    "accept": (submitted, lambda ref, w: receipts.accept(ref, by=w.ministry.intake)),
    "resubmit": (
        incomplete,
        lambda ref, w: supplements.resubmit(ref, answers={1: supplements.Answer("Attached.")}, by=w.exporter),
    ),
    "assign": (accepted, lambda ref, w: decisions.assign(ref, seen=seen(ref), by=w.ministry.reviewer)),
    "recommend": (
        reviewed,
        lambda ref, w: decisions.recommend(ref, seen=seen(ref), outcome="approve", by=w.ministry.reviewer),
    ),
    "approve": (recommended, lambda ref, w: decisions.approve(ref, seen=seen(ref), by=w.ministry.decider)),
    "change": (
        contested,
        lambda ref, w: reconsiderations.change(ref, seen=seen(ref), text="It is known.", by=w.ministry.reconsiderer),
    ),
    "quash": (
        contested,
        lambda ref, w: reconsiderations.quash(ref, seen=seen(ref), text="It is known.", by=w.ministry.reconsiderer),
    ),
    "issue": (approved, lambda ref, w: decisions.issue(ref, seen=seen(ref), by=w.ministry.decider)),
}


@pytest.mark.parametrize("step", STEPS)
def test_no_step_brings_an_open_case_nearer_to_a_license(world, step):
    begun, verb = STEPS[step]
    ref = begun(world)
    make.barred(world)
    before = Application.objects.get(ref=ref)
    with pytest.raises(DomainError) as refusal:
        verb(ref, world)
    assert refusal.value.code == "exporter-not-active"
    assert "barred by a penalty decision" in refusal.value.detail
    assert (Application.objects.get(ref=ref).state, seen(ref)) == (before.state, lines_of(before).count())


def test_a_case_of_a_barred_company_is_refused_or_withdrawn_all_the_same(world):
    refused, taken_back = reviewed(world), submitted(world)
    make.barred(world)
    no = {"outcome": "refuse", "factors": ["END_USE"], "text": "No."}
    decisions.recommend(refused, seen=seen(refused), by=world.ministry.reviewer, **no)
    assert applications.withdraw(taken_back, by=world.exporter).state == "withdrawn"


def test_a_refusal_of_a_barred_company_is_upheld_and_quashed_once_that_is_over(world, clock):
    upheld, quashed, m = contested(world), contested(world), world.ministry
    make.barred(world, days=2)
    no = {"factors": ["END_USE"], "text": "No."}
    assert reconsiderations.uphold(upheld, seen=seen(upheld), by=m.reconsiderer, **no).state == "refused_final"
    clock.shift(days=3)
    assert tasks.end_bars() == 1
    row = reconsiderations.quash(quashed, seen=seen(quashed), text="It is known.", by=m.reconsiderer)
    assert (row.state, row.accepted_on) == ("under_review", legal_today())


def test_silence_accepts_no_case_of_a_barred_company_until_that_is_over(world, clock):
    ref = submitted(world)
    make.barred(world, days=40)
    clock.shift(days=20)
    pk = Application.objects.get(ref=ref).pk
    assert receipts.accept_by_law(pk, by=standing.clock()) is False
    clock.shift(days=50)
    standing.end_bar(world.exporter.organization_id, by=standing.clock())
    assert receipts.accept_by_law(pk, by=standing.clock()) is True


def test_what_is_missing_may_come_for_30_days_after_a_bar_and_then_the_case_lapses(world, clock, client):
    ref, boss = incomplete(world), world.exporter
    last = legal_today() + 70 * DAY
    make.barred(world, days=40)
    clock.shift(days=31)
    row = Application.objects.get(ref=ref)
    assert (supplements.overdue(legal_today(), 9), supplements.lapse(row.pk, by=standing.clock())) == ([], False)
    assert f"What is missing can be sent after that, through {day_in_words(last)}." in page(
        client, boss, f"/applications/{ref}/"
    )
    (need,) = [need for need in make.needs_of(boss) if ref in need.url]
    assert need.due_on == last
    clock.shift(days=41)
    standing.end_bar(boss.organization_id, by=standing.clock())
    text = page(client, boss, f"/applications/{ref}/")
    assert f"Answer every point by {day_in_words(last)}" in text
    clock.shift(days=70)
    assert (tasks.lapse_supplements(), supplements.lapse(row.pk, by=standing.clock())) == (0, False)
    course = selectors.course_of(row, legal_today())
    assert course[-1].last >= last - DAY
    clock.shift(days=71)
    with pytest.raises(DomainError) as refusal:
        supplements.resubmit(ref, answers={1: supplements.Answer("Attached.")}, by=boss)
    assert refusal.value.code == "supplement-over"
    assert tasks.lapse_supplements() == 1


def test_on_the_30th_day_after_a_bar_what_was_missing_is_received(world, clock):
    ref = incomplete(world)
    make.barred(world, days=40)
    clock.shift(days=41)
    standing.end_bar(world.exporter.organization_id, by=standing.clock())
    clock.shift(days=70)
    row = supplements.resubmit(ref, answers={1: supplements.Answer("Attached.")}, by=world.exporter)
    assert row.state == "submitted"


def test_a_bar_of_the_last_day_itself_gives_them_back(world, clock):
    row = Application.objects.get(ref=incomplete(world))
    clock.shift(days=30)
    make.barred(world, days=40)
    assert row.supplement.last_day == legal_today() + 70 * DAY
    clock.shift(days=50)
    assert (supplements.overdue(legal_today(), 9), supplements.lapse(row.pk, by=standing.clock())) == ([], False)


def test_a_bar_that_came_after_the_last_day_gives_no_days_back(world, clock):
    ref = incomplete(world)
    row, last = Application.objects.get(ref=ref), legal_today() + 30 * DAY
    clock.shift(days=31)
    make.barred(world, days=40)
    assert (row.supplement.last_day, supplements.overdue(legal_today(), 9)) == (last, [row.pk])
    assert supplements.lapse(row.pk, by=standing.clock()) is True


def test_what_is_asked_for_during_a_bar_is_due_after_it(world):
    ref = submitted(world)
    make.barred(world, days=40)
    supplements.request_supplement(ref, points=["The contract"], by=world.ministry.intake)
    row = Application.objects.get(ref=ref)
    assert lines_of(row).last().facts == {"due_on": str(legal_today() + 70 * DAY)}


# --- PostgreSQL ---------------------------------------------------------------------------------------------
def state(world, to):
    with transaction.atomic():
        Exporter.objects.filter(pk=world.exporter.organization_id).update(**{"state": to})


def test_postgresql_bars_nobody_without_two_people(world):
    m, facts = world.ministry, {"number": "P-9", "reason": "x", "opened_at": company(world).verified_at}
    company(world).stops.create(
        kind="bar", last_day=legal_today() + DAY, opened_by=m.decider.user, proposed_by=m.other_decider.user, **facts
    )
    with pytest.raises(IntegrityError, match="one person proposed and another countersigned"):
        state(world, "barred")
    make.bar_proposed(world)  # one that waits is none
    with pytest.raises(IntegrityError, match="one person proposed and another countersigned"):
        state(world, "barred")


def test_postgresql_ends_no_bar_before_its_last_day_is_over(world, clock):
    make.barred(world, days=2)
    with pytest.raises(IntegrityError, match="through the last day"):
        state(world, "suspended")
    clock.shift(days=3)
    state(world, "suspended")


@pytest.mark.parametrize(
    ("state", "ends_by"),
    [
        ("supplement_required", ["Withdraw"]),
        ("submitted", ["Do not accept", "Withdraw"]),
        ("awaiting_decision", ["Refuse", "Withdraw"]),
        ("under_reconsideration", ["Uphold the refusal"]),
        ("approved", []),
        ("refused", []),
    ],
)
def test_what_still_ends_a_case_is_what_its_graph_has(state, ends_by):
    assert sorted(Application(state=state).ends_by) == ends_by
    assert not Application(state=state).refusable


# --- pages --------------------------------------------------------------------------------------------------
def test_everybody_reads_what_stands_still_by_which_decision_and_until_when(world, license, client, settings, clock):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    ref, boss, m = reviewed(world), world.exporter, world.ministry
    make.barred(world)
    day = day_in_words(legal_today() + 30 * DAY)
    desk = f"/desk/exporters/{boss.organization_id}/"
    for actor, path in ((boss, "/"), (boss, "/company/"), (m.auditor, desk)):
        text = page(client, actor, path)
        assert "By penalty decision P-9 of the ministry" in text
        assert "It sold to somebody else." in text
        assert "Open applications stand still" in text
        assert day in text
    for actor, path in ((boss, f"/applications/{ref}/"), (m.reviewer, f"/desk/cases/{ref}/")):
        text = page(client, actor, path)
        assert "The company is barred" in text
        ends = "What can end it at once: Withdraw. A refusal can still be recommended."
        assert f"no step brings it nearer to a license. {ends}" in " ".join(text.split())
    text = page(client, boss, f"/licenses/{license.ref}/")
    assert "Order P-9 about the company: It sold to somebody else." in text
    relay()
    mine = set(Mail.objects.filter(recipients=boss.user.email).values_list("subject", flat=True))
    assert any(subject.startswith("Your company is barred through") for subject in mine)
    assert not any("proposed" in subject for subject in mine)
    theirs = set(Mail.objects.filter(recipients=m.other_decider.user.email).values_list("subject", flat=True))
    assert any("waits for a second officer" in subject for subject in theirs)
    clock.shift(days=31)
    tasks.end_bars()
    text = page(client, boss, "/company/")
    assert "the account is suspended until it is reinstated" in text
    assert "Open applications stand still" not in text


def test_of_a_case_whose_clock_stands_still_no_refusal_is_said_to_be_possible(world, client):
    ref = reviewed(world)
    make.barred(world)
    said = "A refusal can still be recommended."
    assert said in page(client, world.exporter, f"/applications/{ref}/")
    consultations.consult(ref, cause="expert", notice="An institute looks at it.", by=world.ministry.reviewer)
    assert said not in page(client, world.exporter, f"/applications/{ref}/")


def test_the_second_officer_reads_what_happens_and_the_first_that_he_is_not_the_one(world, license, client):
    m, pk = world.ministry, world.exporter.organization_id
    path = f"/desk/exporters/{pk}/"
    client.force_login(m.decider.user)
    facts = {"seen": seen(pk), "number": "P-9", "provision": "Art. 1", "reason": "It sold to somebody else."}
    answer = client.post(f"{path}propose_bar/", facts | {"last_day": str(legal_today())})
    assert answer.status_code == 422
    assert "A bar ends on a day that lies ahead" in unescape(answer.content.decode())
    later = str(legal_today() + 30 * DAY)
    assert client.post(f"{path}propose_bar/", facts | {"last_day": later}).status_code == 302
    first, second = page(client, m.decider, path), page(client, m.other_decider, path)
    assert "You proposed this, so another officer countersigns it." in first
    assert f'action="{path}bar/"' not in first
    assert f'action="{path}bar/"' in second
    assert "1 license in force can’t be used any more." in second
    assert "Bar the company" in page(client, m.other_decider, "/desk/proposals/")
    client.force_login(m.other_decider.user)
    assert client.post(f"{path}bar/", {"seen": seen(pk)}).status_code == 302
    assert company(world).state == "barred"
    assert f'action="{path}reinstate/"' not in page(client, m.auditor, path)


def test_a_barred_company_is_not_told_to_ask_for_what_nobody_can(world, client):
    assert "The test is met, and nobody can ask" not in page(client, world.exporter, "/company/")
    make.barred(world)
    today = day_in_words(legal_today())
    for actor, path in (
        (world.exporter, "/company/"),
        (world.ministry.decider, f"/desk/exporters/{company(world).pk}/"),
    ):
        text = page(client, actor, path)
        assert f"stopped the company’s account, on {today}. Nothing annual could be filed for from then on." in text
        assert "annual licenses could be filed for through" not in text
        assert "asks the ministry below" not in text and "The company may ask" not in text
    assert "nobody can ask by it now: The company is barred" in text
