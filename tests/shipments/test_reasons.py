"""A shipment that is on hold says why, as its license does."""

from datetime import timedelta
from html import unescape

import pytest

from core.legal_time import day_start, legal_now, legal_today
from core.templatetags.lodestone import instant
from licensing.actions import licenses
from licensing.models import License, Suspension
from shipments import selectors
from shipments.actions import cancel
from tests import make
from tests.licensing.test_holds import hold
from tests.licensing.test_turns import turn
from tests.licensing.test_verdicts import ban
from tests.make import seen

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
POLICY, HOLD = "The rules in force", "A hold on reservations"


@pytest.fixture
def shipment(world, license):
    return world.shipment(license, 1_000)


def reasons(shipment, world):
    rows = selectors.with_lines(selectors.shipments_for(world.exporter)).filter(pk=shipment.pk)
    (row,) = selectors.with_holds(rows, at := legal_now())
    return selectors.reasons_on_hold(row, at)


def told(shipment, world):
    return [(one.what, one.until, one.edition) for one in reasons(shipment, world)]


@pytest.mark.parametrize("turned", [False, True])
def test_rules_are_named_with_their_edition_and_their_end(turned, world, license, shipment):
    assert told(shipment, world) == []
    edition = make.edition(ban("DE"))
    if turned:
        turn(license)
    (one,) = reasons(shipment, world)
    assert (one.what, one.since, one.until, one.edition) == (POLICY, edition.starts_at, None, "NEXT")
    assert one.why.startswith(f"{shipment.end_user.name}: ") and "R033)" in one.why
    again = day_start(legal_today() + 7 * DAY)
    make.edition(lambda rules, document: None, "UNDO", again)
    assert told(shipment, world) == [(POLICY, again, "NEXT")]


def test_where_the_shipment_goes_counts(world, license, shipment):
    type(shipment).objects.filter(pk=shipment.pk).update(destination="DK")
    make.edition(ban("DK"))
    turn(license)
    assert told(shipment, world) == [(POLICY, None, "NEXT")]


def test_rules_that_stop_two_lines_are_named_once(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 1_000)
    line = shipment.lines.get()
    line.pk, line.line_number = None, 2
    row = license.lines.get()
    verdict = row.verdicts.get()
    row.pk, row.number, row.reserved = None, 2, 0
    row.save()
    verdict.pk, verdict.line = None, row
    verdict.save()
    line.save()
    make.edition(ban("DE"))
    assert told(shipment, world) == [(POLICY, None, "NEXT")]


def test_an_officer_s_cause_is_told_with_its_reason(world, license, shipment):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    (one,) = reasons(shipment, world)
    cause = license.suspensions.get()
    assert (one.what, one.why, one.since) == ("Enforcement", "Inspection", cause.opened_at)
    assert (one.until, one.edition) == (None, "")


def test_a_cause_of_another_end_user_or_license_is_none_of_it(world):
    license, other = world.license(kilograms=100, users=2), world.license(kilograms=100)
    shipment = world.shipment(license, 1_000)
    facts = {"cause": "screening", "opened_by": world.ministry.reviewer.user, "opened_at": legal_now(), "reason": "?"}
    first, second = license.end_users.order_by("pk")
    Suspension.objects.create(license=license, end_user=second, **facts)
    licenses.suspend(other.ref, seen=seen(other.ref), reason="Inspection", by=world.ministry.decider)
    make.edition(hold("DE", reservations=True))
    assert [one.what for one in reasons(shipment, world)] == [HOLD]
    Suspension.objects.create(license=license, end_user=first, **facts)
    assert [one.what for one in reasons(shipment, world)] == ["A question about the end-user", HOLD]


def test_a_cause_that_has_ended_is_told_no_more(world, license, shipment):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    cause = license.suspensions.get().pk
    by = world.ministry.other_decider
    licenses.lift(license.ref, seen=seen(license.ref), suspension=cause, reason="Fine", by=by)
    make.edition(hold("DE", reservations=True))
    assert [one.what for one in reasons(shipment, world)] == [HOLD]


@pytest.mark.parametrize(("last", "held"), [(0, False), (-1, True)])
def test_what_is_open_when_the_last_day_of_its_license_is_over_is_on_hold_before_a_sweep_says_so(
    last, held, world, shipment
):
    today = legal_today()
    License.objects.update(usable_from=today - 9 * DAY, usable_until=today + last * DAY)
    rows = selectors.with_lines(selectors.shipments_for(world.exporter)).filter(pk=shipment.pk)
    (row,) = selectors.with_holds(rows, legal_now())
    assert (row.license.state, row.on_hold) == ("active", held)


def test_what_is_not_on_hold_has_none(world, license, shipment):
    make.edition(ban("DE"))
    cancel(shipment.ref, by=world.exporter)
    assert told(shipment, world) == []


def test_the_page_names_them_and_leads_to_the_edition(world, license, shipment, client):
    edition = make.edition(ban("DE"))
    turn(license)
    client.force_login(world.exporter.user)
    page = " ".join(unescape(client.get(f"/shipments/{shipment.ref}/").content.decode()).split())
    assert "Do not declare it to customs now." in page and "R033)" in page
    assert f"{POLICY}</b>, since {instant(edition.starts_at)}" in page
    assert f'href="/rules/editions/{edition.code}/"' in page


def test_reasons_are_three_queries(world, license, shipment, django_assert_num_queries):
    make.edition(ban("DE"))
    rows = selectors.with_lines(selectors.shipments_for(world.exporter)).filter(pk=shipment.pk)
    (row,) = selectors.with_holds(rows, at := legal_now())
    with django_assert_num_queries(3):
        selectors.reasons_on_hold(row, at)
    assert License.objects.get(pk=license.pk).state == "active"
