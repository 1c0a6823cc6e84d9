"""Days, months and completeness of cases, licenses and shipments: each limit from both sides, at the verb itself."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.local import demo
from core.access import clock as clock_actor
from core.errors import DomainError, WrongState
from core.legal_time import day_start, legal_now, legal_today, months_after
from core.models import HistoryLine
from core.templatetags.lodestone import day
from licensing.actions import applications, decisions, declarations, licenses, questions
from licensing.models import Application, ApplicationEndUser, ControlItem, Declaration, DeclarationItem, License
from shipments import actions as shipments
from shipments import selectors as shipping
from shipments.models import Shipment
from shipments.selectors import opened_by_declaration
from tests import make
from tests.make import seen
from tests.said import refused as refused_with
from tests.said import text_of

DAY = timedelta(days=1)


def refused(verb, *args, **kwargs):
    """The codes of the verb's refusal; it wrote no history and no shipment."""
    before = HistoryLine.objects.count(), Shipment.objects.count()
    with pytest.raises(DomainError) as refusal:
        verb(*args, **kwargs)
    assert (HistoryLine.objects.count(), Shipment.objects.count()) == before
    return [problem.code for problem in refusal.value.errors] or [refusal.value.code]


def missing(ref):
    return [p.code for p in applications.what_is_missing(Application.objects.get(ref=ref), at=legal_now())]


def change(ref, **facts):
    Application.objects.filter(ref=ref).update(**facts)


@pytest.fixture
def draft(world):
    return world.application()


def test_an_incomplete_application_is_refused_as_a_whole(world, draft):
    change(draft, contract_no="")
    with pytest.raises(DomainError) as refusal:
        applications.submit(draft, seen=seen(draft), by=world.exporter)
    assert (refusal.value.code, Application.objects.get(ref=draft).state) == ("incomplete", "draft")


def test_a_declaration_is_twelve_months_old_at_most_on_the_first_planned_day(world, draft):
    signed = Declaration.objects.get().signed_on
    last = months_after(signed, 12)
    change(draft, planned_from=last, planned_until=last + 30 * DAY)
    assert missing(draft) == []
    change(draft, planned_from=last + DAY)
    assert missing(draft) == ["declaration-too-old"]


def test_the_planned_window_is_not_over(world, draft):
    today = legal_today()
    change(draft, planned_from=today - 5 * DAY, planned_until=today)
    assert missing(draft) == []
    change(draft, planned_until=today - DAY)
    assert missing(draft) == ["date-out-of-range"]


def test_a_declaration_that_was_not_submitted_is_named(world):
    row = world.declaration()
    facts = {name: getattr(row, name) for name in declarations.FIELDS}
    items = [item.control_item for item in row.items.all()]
    begun = declarations.draft(by=world.exporter, items=items, **facts)
    assert missing(world.application(by_whom=[begun])) == ["declaration-not-submitted"]


def test_an_annual_license_asks_for_the_yearly_need_and_a_single_one_does_not(world):
    row = world.declaration()
    Declaration.objects.update(yearly_need="")
    assert missing(world.application(by_whom=[row])) == ["yearly-need-missing"]
    assert missing(world.application(kind="per_shipment", by_whom=[row])) == []


def test_a_yearly_need_that_is_missing_leads_to_where_it_can_be_stated(world, draft):
    Declaration.objects.update(yearly_need="")
    row = Application.objects.get(ref=draft)
    found = applications.what_is_missing(row, at=legal_now())[0]
    assert found.extra == {"party": row.end_users.get().party.ref} and "make a new declaration" in found.message
    facts = {name: getattr(row.end_users.get().declaration, name) for name in declarations.FIELDS}
    begun = declarations.draft(by=world.exporter, items=[ControlItem.objects.first()], **facts)
    row = Application.objects.get(ref=world.application(by_whom=[begun]))
    found = [p for p in applications.what_is_missing(row, at=legal_now()) if p.code == "yearly-need-missing"][0]
    assert found.extra == {"draft": begun.ref} and "make a new declaration" not in found.message


@pytest.mark.parametrize("missed", ["planned_from", "planned_until"])
def test_half_a_window_is_asked_for_and_not_judged(world, draft, missed):
    change(draft, **{missed: None})
    assert missing(draft) == ["required"]


def test_findings_are_frozen_for_today_and_the_first_planned_day(world, draft):
    first = legal_today() + 3 * DAY
    change(draft, planned_from=first)
    applications.submit(draft, seen=seen(draft), by=world.exporter)
    row = Application.objects.get(ref=draft)
    assert [finding.as_of for finding in row.findings.order_by("as_of")] == [legal_today(), first]


def test_a_question_has_two_weeks_unless_it_says_otherwise(db):
    assert questions.default_question_day() == legal_today() + 14 * DAY


def test_goods_that_no_declaration_covers_are_named(world):
    assert missing(world.application(code="1C904.a.4", by_whom=[world.declaration()])) == ["item-not-declared"]


def test_each_end_user_declared_something_of_the_goods(world):
    signed = [world.declaration(), world.declaration(codes=("1C904.a.4",))]
    assert missing(world.application(by_whom=signed)) == ["item-not-declared"]
    assert missing(world.asked_apart()) == []


def test_nobody_is_recommended_for_nothing(world):
    case, m = world.under_review(world.asked_apart()), world.ministry
    first, second = ApplicationEndUser.objects.filter(application__ref=case).order_by("pk")
    said = {"seen": seen(case), "outcome": "approve", "quantities_": {2: 0}, "text": "Less.", "by": m.reviewer}
    assert refused(decisions.recommend, case, **said) == ["item-not-declared"]
    assert refused(decisions.recommend, case, **said, end_users=[second.pk])[0] == "item-not-declared"
    decisions.recommend(case, **said, end_users=[first.pk])
    assert decisions.approve(case, seen=seen(case), by=m.decider).state == "approved"


def test_nothing_is_approved_or_issued_that_its_end_user_did_not_declare(world):
    """As cases of before have it, which were recommended already."""
    case, m = world.under_review(world.asked_apart()), world.ministry
    decisions.recommend(case, seen=seen(case), outcome="approve", by=m.reviewer)
    first, second = ApplicationEndUser.objects.filter(application__ref=case).order_by("pk")
    items = DeclarationItem.objects
    items.filter(declaration=second.declaration).update(
        control_item=items.get(declaration=first.declaration).control_item
    )
    assert refused(decisions.approve, case, seen=seen(case), by=m.decider) == ["item-not-declared"]


def test_another_companys_case_is_not_there(world, draft):
    stranger = make.exporter(world.ministry, "Other Co., Ltd.")
    assert refused(applications.submit, draft, seen=seen(draft), by=stranger) == ["not-found"]
    assert refused(applications.withdraw, draft, by=stranger) == ["not-found"]


def signature(on):
    return {"certificate": ("c.pdf", demo.pdf("x")), "signer_name": "J", "signer_post": "Head", "signed_on": on}


def test_a_declaration_is_signed_today_at_the_latest(world):
    row = world.declaration()
    facts = {name: getattr(row, name) for name in declarations.FIELDS}
    begun = declarations.draft(by=world.exporter, items=[ControlItem.objects.first()], **facts)
    later = signature(legal_today() + DAY)
    assert refused(declarations.attach_signed, begun.ref, seen=seen(begun.ref), by=world.exporter, **later) == [
        "date-out-of-range"
    ]
    assert (
        declarations.attach_signed(begun.ref, seen=seen(begun.ref), by=world.exporter, **signature(legal_today())).state
        == "signed"
    )


def test_what_no_start_from_today_on_can_rely_on_is_neither_signed_nor_submitted(world, client, clock):
    facts = {name: getattr(world.declaration(), name) for name in declarations.FIELDS}
    by, oldest = {"by": world.exporter}, months_after(legal_today(), -12)
    row = declarations.draft(items=[ControlItem.objects.first()], **by, **facts)
    old = ["declaration-too-old"]
    assert refused(declarations.attach_signed, row.ref, seen=seen(row.ref), **by, **signature(oldest - DAY)) == old
    declarations.attach_signed(row.ref, seen=seen(row.ref), **by, **signature(oldest))
    other = declarations.draft(items=[ControlItem.objects.first()], **by, **facts)
    declarations.attach_signed(other.ref, seen=seen(other.ref), **by, **signature(oldest))
    page, form = f"/declarations/{row.ref}/", "/applications/new/"
    declarations.submit(row.ref, seen=seen(row.ref), **by)
    assert "You can rely on it in an application already" in text_of(client, world.exporter, page)
    assert "signed too long ago" not in text_of(client, world.exporter, form)

    clock.shift(days=1)
    error = refused_with(declarations.submit, other.ref, seen=seen(other.ref), **by)
    assert [(one.pointer, one.code) for one in error.errors] == [("/signed_on", *old)]
    text = text_of(client, world.exporter, page)
    assert "Signed more than 12 months ago" in text and "You can rely on it" not in text
    assert "That is over" in text and "That is over" in text_of(client, world.ministry.reviewer, f"/desk{page}")
    assert f"signed too long ago: for a planned start until {day(legal_today() - DAY)} only" in text_of(
        client, world.exporter, form
    )


def test_a_license_lasts_twelve_months_at_most(world, draft):
    world.under_review(draft)
    facts = {"outcome": "approve", "by": world.ministry.reviewer}
    for months in (13, -1):
        found = refused(decisions.recommend, draft, seen=seen(draft), months=months, **facts)
        assert found == ["out-of-range"]
    assert decisions.recommend(draft, seen=seen(draft), months=12, **facts).state == "awaiting_decision"


def approved(world, ref):
    world.under_review(ref)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)


@pytest.mark.parametrize(
    ("offset", "said"),
    [(-1, "The first day can't be over already."), (31, "Begin on or before ")],
    ids=["over", "later-than-planned"],
)
def test_the_first_day_is_neither_over_nor_after_the_plan(offset, said, world, draft):
    today = legal_today()
    change(draft, planned_until=today + 30 * DAY)
    approved(world, draft)
    facts = {"usable_from": today + offset * DAY, "seen": seen(draft), "by": world.ministry.decider}
    assert refused(decisions.issue, draft, **facts) == ["date-out-of-range"]
    assert refused_with(decisions.issue, draft, **facts).errors[0].message.startswith(said)
    assert License.objects.count() == 0


@pytest.mark.parametrize("offset", [0, 30])
def test_the_first_day_may_be_today_or_the_last_planned_day(offset, world, draft):
    first = legal_today() + offset * DAY
    change(draft, planned_until=legal_today() + 30 * DAY)
    approved(world, draft)
    assert decisions.issue(draft, seen=seen(draft), usable_from=first, by=world.ministry.decider).usable_from == first


def test_no_day_before_the_plan_is_granted_as_nobody_judged_it(world, draft):
    planned = legal_today() + 3 * DAY
    change(draft, planned_from=planned, planned_until=planned + 30 * DAY)
    approved(world, draft)
    facts = {"seen": seen(draft), "by": world.ministry.decider}
    assert refused(decisions.issue, draft, usable_from=planned - DAY, **facts) == ["date-out-of-range"]
    assert decisions.issue(draft, **facts).usable_from == planned  # a form that names no day


def test_a_plan_that_was_over_before_the_decision_begins_at_once(world, draft, clock):
    """The ministry took longer than the exporter had planned for: that is no reason for a second application."""
    change(draft, planned_until=legal_today() + 5 * DAY)
    approved(world, draft)
    clock.shift(days=6)
    today, facts = legal_today(), {"seen": seen(draft), "by": world.ministry.decider}
    assert refused(decisions.issue, draft, usable_from=today + DAY, **facts) == ["date-out-of-range"]
    assert decisions.issue(draft, **facts).usable_from == today


def test_a_refusal_that_was_recommended_is_not_approved(world, draft):
    world.under_review(draft)
    facts = {"outcome": "refuse", "factors": ["END_USE"], "text": "No."}
    decisions.recommend(draft, seen=seen(draft), by=world.ministry.reviewer, **facts)
    found = refused(decisions.approve, draft, seen=seen(draft), by=world.ministry.decider)
    assert found == ["not-recommended"]


# --- licenses and shipments ----------------------------------------------------------------------------------


def test_expiring_itself_waits_for_the_last_days_end(world, clock):
    license = world.license(kilograms=1)
    clock.shift(days=(license.usable_until - legal_today()).days)
    assert legal_today() == license.usable_until
    assert licenses.past(legal_today(), 9) == []
    assert licenses.expire(license.pk, by=clock_actor()) is False
    assert licenses.past(legal_today() + DAY, 9) == [license.pk]
    clock.shift(days=(license.usable_until - legal_today()).days + 366)
    assert licenses.expire(license.pk, by=clock_actor()) is True


def test_licenses_whose_end_is_near_and_not_told_at_that_stage(world, clock):
    license = world.license(kilograms=1)
    end, stages = license.usable_until, licenses.WARNING_DAYS
    assert licenses.ending(end, [0]) == licenses.ending(end - 2 * DAY, [2]) == [license.pk]
    assert licenses.ending(end + DAY, [90]) == licenses.ending(end - 3 * DAY, [2]) == []
    clock.shift(days=(end - legal_today()).days - 30)
    assert licenses.warn_of_end(license.pk, by=clock_actor()) == 30
    assert licenses.ending(end - 30 * DAY, stages) == licenses.ending(end - 8 * DAY, stages) == []
    assert licenses.ending(end - 7 * DAY, stages) == [license.pk]


def test_a_reservation_lasts_thirty_days_and_no_longer_than_its_license(world, clock):
    license = world.license(kilograms=1)
    for days_left, until in ((31, 30), (30, 30), (29, 29)):
        clock.set(day_start(license.usable_until - days_left * DAY))
        assert world.shipment(license, 100).reserved_until == license.usable_until - (days_left - until) * DAY


def test_lapsing_itself_waits_for_the_reservations_last_day(world, clock):
    shipment = world.shipment(world.license(kilograms=1), 100)
    assert shipment.reserved_until == legal_today() + 30 * DAY
    clock.shift(days=30)
    assert shipping.reservations_past(legal_today(), 9) == []
    assert shipments.lapse(shipment.pk, by=clock_actor()) is False
    clock.shift(days=31)
    assert shipping.reservations_past(legal_today(), 9) == [shipment.pk]
    assert shipments.lapse(shipment.pk, by=clock_actor()) is True


def test_a_shipment_is_planned_today_or_up_to_90_days_ahead(world):
    license, today = world.license(kilograms=1), legal_today()
    for offset in (0, 90):
        assert world.shipment(license, 1, planned_on=today + offset * DAY).state == "reserved"
    for offset in (-1, 91):
        request = world.request(license, 1, planned_on=today + offset * DAY)
        assert refused(shipments.reserve, request, by=world.exporter) == ["date-out-of-range"]


def test_another_companys_shipment_and_license_are_not_there(world):
    license = world.license(kilograms=1)
    shipment, stranger = world.shipment(license, 1), make.exporter(world.ministry, "Other Co., Ltd.")
    assert refused(shipments.cancel, shipment.ref, by=stranger) == ["not-found"]
    assert refused(shipments.reserve, world.request(license, 1), by=stranger) == ["not-found"]


def test_a_declaration_is_judged_by_the_moment_it_names(world, clock):
    license = world.license(kilograms=1)
    shipment = world.shipment(license, 1)
    shipment.reserved_until = license.usable_until + 9 * DAY  # (whose end is judged by itself)
    zone = ZoneInfo("Asia/Shanghai")
    first = datetime.combine(license.usable_from, datetime.min.time(), zone)
    end = datetime.combine(license.usable_until + DAY, datetime.min.time(), zone)
    blink = timedelta(microseconds=1)
    assert [opened_by_declaration(license, shipment, at) for at in (first, end - blink)] == [[], []]
    assert [opened_by_declaration(license, shipment, at) for at in (first - blink, end)] == [["license_not_usable"]] * 2
    opened = licenses.open_cause(license, "enforcement", reason="x", by=world.ministry.decider).opened_at
    closed = opened + timedelta(minutes=5)
    license.suspensions.update(ended_at=closed, ended_by=world.ministry.other_decider.user)
    assert [opened_by_declaration(license, shipment, at) for at in (opened, closed - blink)] == [
        ["license_not_usable"]
    ] * 2
    assert [opened_by_declaration(license, shipment, at) for at in (opened - blink, closed)] == [[], []]


def test_a_reservation_is_gone_from_the_instant_of_its_release(world):
    license = world.license(kilograms=1)
    shipment = world.shipment(license, 1)
    shipments.cancel(shipment.ref, by=world.exporter)
    at = HistoryLine.objects.get(verb="cancel").at
    assert opened_by_declaration(license, shipment, at) == ["reservation_gone"]
    assert opened_by_declaration(license, shipment, at - timedelta(microseconds=1)) == []


def test_a_license_is_over_after_its_last_day_or_when_it_has_ended():
    last = date(2026, 11, 25)
    ended = {state: License(state=state, usable_until=last).over_on(last) for state in License.states.values}
    assert {state for state, over in ended.items() if not over} == {"active", "suspended"}
    assert License(state="active", usable_until=last).over_on(last + DAY) is True


def test_a_license_that_ended_is_not_suspended(world, clock):
    license = world.license(kilograms=1)
    clock.shift(days=400)
    licenses.expire(license.pk, by=clock_actor())
    with pytest.raises(WrongState):
        licenses.suspend(license.ref, seen=seen(license.ref), reason="x", by=world.ministry.decider)


def test_a_suspended_license_ends_with_its_last_day_too(world, clock):
    license = world.license(kilograms=1)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="x", by=world.ministry.decider)
    clock.shift(days=400)
    assert licenses.expire(license.pk, by=clock_actor()) is True
    license.refresh_from_db()
    assert license.state == "expired"
    line = license.lines.get()
    assert (line.lapsed, line.available) == (1_000, 0)
