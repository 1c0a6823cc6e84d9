"""Where like per-shipment cases repeat, the overview offers the annual way, with what it would have saved."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.legal_time import day_start, legal_now, legal_today, months_after
from core.models import HistoryLine
from exporters.models import Qualification
from licensing.actions import applications, declarations
from licensing.models import Application, Declaration
from shipments.offers import offered_to
from tests import make
from tests.licensing.test_verdicts import ban

DAY = timedelta(days=1)


@pytest.fixture
def signed(world):
    return world.declaration()


def granted(world, signed, code="1C905.a.4"):
    """A per-shipment case that was granted today; as it stands."""
    ref = world.application(kind="per_shipment", kilograms=10, code=code, by_whom=[signed])
    make.demo.issued(world.exporter, ref, world.ministry, [signed])
    return Application.objects.get(ref=ref)


def took(case, days, ago=0):
    """It was decided so long ago, and had been filed that many days before."""
    decided = legal_now() - ago * DAY
    Application.objects.filter(pk=case.pk).update(decided_at=decided, submitted_at=decided - days * DAY)


def found(world, actor=None):
    return offered_to(actor or world.exporter, legal_now())


def page(client, actor):
    client.force_login(actor.user)
    return " ".join(unescape(client.get("/").content.decode()).split())


def test_two_like_cases_are_offered_with_what_one_of_them_cost(world, signed, client):
    first, second = granted(world, signed), granted(world, signed)
    took(first, 40)
    took(second, 31, ago=3)
    (offer,) = found(world).offers
    assert [case.pk for case in offer.cases] == [first.pk, second.pk]
    officers = {actor.user.pk for actor in (world.ministry.intake, world.ministry.reviewer, world.ministry.decider)}
    lines = HistoryLine.objects.filter(subject_kind="application", subject_id=first.pk, actor__in=officers).count()
    assert (offer.filings, offer.steps, offer.days) == (1, lines, 31) and lines >= 5
    text = page(client, world.exporter)
    assert "Once a year instead of each time" in text and f"in steps of officers: {lines}" in text
    assert "in filings: 1" in text and "in days of waiting: 31" in text and "?kind=annual" in text
    assert f"/applications/merge/?like={offer.cases[0].ref}" in text


def test_one_case_is_no_repetition(world, signed, client):
    granted(world, signed)
    assert found(world) is None and "Once a year" not in page(client, world.exporter)


def test_another_end_user_is_another_case(world, signed):
    granted(world, signed)
    granted(world, world.declaration())
    assert found(world) is None


@pytest.mark.parametrize(("late", "offered"), [(0, True), (1, False)])
def test_a_case_counts_for_twelve_months_from_its_decision(world, signed, late, offered):
    granted(world, signed)
    edge = day_start(months_after(legal_today(), -12)) - timedelta(seconds=late)
    Application.objects.filter(pk=granted(world, signed).pk).update(decided_at=edge, submitted_at=edge - DAY)
    assert (found(world) is not None) is offered


def test_materials_have_no_annual_way_so_none_is_offered(world):
    signed = world.declaration(codes=("1C905.b",))
    for _ in range(2):
        granted(world, signed, code="1C905.b")
    assert found(world) is None


@pytest.mark.parametrize(("shut", "offered"), [("newest", False), ("oldest", True)])
def test_the_newest_case_says_whether_the_annual_way_is_open(world, signed, shut, offered):
    """Its goods go on to where the rules of today let none go, and the other's stay."""
    again = make.demo.declaration(world.exporter, signed.end_user, ["1C905.a.4"], "CIV_AUTO", "traction motors")
    declarations.verify(again.ref, seen=make.seen(again.ref), quantity_fit=True, by=world.ministry.reviewer)
    for row in (signed, again):
        granted(world, row)
    goes_on = again if shut == "newest" else signed
    Declaration.objects.filter(pk=goes_on.pk).update(re_export=True, re_export_countries=["FR"], as_signed=None)
    make.edition(ban("FR", applies_to=["new"]))
    assert (found(world) is not None) is offered


def test_what_an_annual_license_in_force_has_is_not_offered(world, signed):
    for _ in range(2):
        granted(world, signed)
    ref = world.application(kind="annual", kilograms=10, by_whom=[signed])
    make.demo.issued(world.exporter, ref, world.ministry, [signed])
    assert found(world) is None


def test_what_an_annual_application_asks_for_is_not_offered_until_it_ends(world, signed):
    for _ in range(2):
        granted(world, signed)
    others = world.application(kind="annual", by_whom=[world.declaration()])
    assert Application.objects.get(ref=others).state == "draft" and found(world) is not None
    ref = world.application(kind="annual", by_whom=[signed])
    assert found(world) is None
    applications.submit(ref, seen=make.seen(ref), by=world.exporter)
    assert found(world) is None
    applications.withdraw(ref, by=world.exporter)
    assert found(world) is not None


def test_no_day_is_no_saving(world, signed, client):
    for _ in range(2):
        took(granted(world, signed), 0)
    (offer,) = found(world).offers
    assert offer.days == 0
    text = page(client, world.exporter)
    assert f"in filings: 1; in steps of officers: {offer.steps}." in text and "days of waiting" not in text


def test_whoever_is_not_qualified_is_told_what_is_missing(world, signed, client):
    for _ in range(2):
        granted(world, signed)
    assert found(world).exam is None
    Qualification.objects.filter(pk=world.exporter.organization_id).update(last_day=legal_today() - DAY)
    assert found(world).exam is not None
    text = page(client, world.exporter)
    assert "Your company is not qualified for annual licenses" in text and "/company/#annual" in text


def test_cases_of_others_are_none_of_these(world, signed):
    for _ in range(2):
        granted(world, signed)
    assert found(world, make.exporter(world.ministry, "Other Co., Ltd.")) is None


def test_the_overview_asks_the_same_for_two_cases_and_three(world, signed, client):
    for _ in range(2):
        granted(world, signed)
    client.force_login(world.exporter.user)
    client.get("/")
    with CaptureQueriesContext(connection) as two:
        client.get("/")
    granted(world, signed)
    with CaptureQueriesContext(connection) as three:
        client.get("/")
    assert len(two) == len(three)
