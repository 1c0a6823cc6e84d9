"""Whose shipments and incidents somebody sees; what the sweep takes; what another's is for each verb."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from core import deliveries
from core.access import NOBODY
from core.access import clock as clock_actor
from core.errors import DomainError, Invalid
from core.legal_time import day_start, legal_now, legal_today
from core.models import HistoryLine
from licensing.actions import licenses, verdicts
from licensing.selectors import IN_GRACE, LAWFUL, TOO_LATE
from shipments import actions, selectors
from shipments.models import Shipment
from tests import make
from tests.book import forbid
from tests.licensing.test_verdicts import ban
from tests.make import seen

KG = 1000
DAY = timedelta(days=1)


@pytest.fixture
def shipment(world, license):
    return world.shipment(license, KG)


def refused(verb, *args, **kwargs):
    """The codes of the verb's refusal; it made and recorded nothing."""
    before = list(Shipment.objects.values()), HistoryLine.objects.count()
    with pytest.raises(DomainError) as refusal:
        verb(*args, **kwargs)
    assert (list(Shipment.objects.values()), HistoryLine.objects.count()) == before
    return [problem.code for problem in refusal.value.errors] or [refusal.value.code]


def test_shipments_are_seen_by_their_company_customs_and_officers_of_the_province(world, shipment):
    m = world.ministry
    elsewhere = replace(m.decider, province="33")
    stranger = make.exporter(m, "Other Co., Ltd.")
    for actor in (world.exporter, world.customs, m.decider):
        assert list(selectors.shipments_for(actor)) == [shipment]
    for actor in (stranger, elsewhere, m.admin, NOBODY):
        assert not selectors.shipments_for(actor).exists()


def test_incidents_are_seen_by_officers_of_the_province_alone(world, shipment):
    m = world.ministry
    actions.cancel(shipment.ref, by=world.exporter)
    world.clear(shipment.ref, KG)
    for actor in (m.decider, replace(m.decider, province="36")):
        assert selectors.incidents_for(actor).exists()
    for actor in (replace(m.decider, province="33"), m.admin, world.customs, world.exporter):
        assert not selectors.incidents_for(actor).exists()


def test_another_companys_shipment_or_license_is_not_there_for_any_verb(world, license, shipment):
    stranger = make.exporter(world.ministry, "Other Co., Ltd.")
    assert refused(actions.cancel, shipment.ref, by=stranger) == ["not-found"]
    for verb in (actions.reserve, actions.check):
        assert refused(verb, world.request(license, 1), by=stranger) == ["not-found"]
        unknown = replace(world.request(license, 1), license=make.unknown())
        assert refused(verb, unknown, by=world.exporter) == ["not-found"]


def test_the_sweep_takes_reservations_that_are_over_and_its_verb_looks_again(world, shipment, clock):
    cancelled = world.shipment(shipment.license, KG)
    actions.cancel(cancelled.ref, by=world.exporter)
    by = clock_actor()
    clock.shift(days=31)
    assert selectors.reservations_past(legal_today(), 9) == [shipment.pk]
    lines = HistoryLine.objects.count()
    assert actions.lapse(cancelled.pk, by=by) is False
    assert HistoryLine.objects.count() == lines
    assert Shipment.objects.get(pk=cancelled.pk).state == "cancelled"


def test_a_shipment_that_is_over_is_not_cancelled(world, shipment):
    world.clear(shipment.ref, KG)
    assert refused(actions.cancel, shipment.ref, by=world.exporter) == ["wrong-state"]
    viewer = make.colleague(world.exporter, "viewer")
    assert refused(actions.cancel, world.shipment(shipment.license, KG).ref, by=viewer) == ["forbidden"]


# The legal clock goes on by a day when the shipment's lines are written.
A_DAY_LATER = """
    CREATE FUNCTION a_day_later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        CREATE OR REPLACE FUNCTION legal_now() RETURNS timestamptz LANGUAGE sql VOLATILE
            AS 'SELECT clock_timestamp() + interval ''1 day''';
        RETURN NEW;
    END $$;
    CREATE TRIGGER later BEFORE INSERT ON shipments_shipmentline FOR EACH ROW EXECUTE FUNCTION a_day_later();
"""


def test_a_request_that_waited_across_midnight_is_judged_by_the_new_day(world, license, clock):
    """Midnight comes between its first look at the clock and the ledger's, which is after the wait."""
    tomorrow = legal_today() + DAY
    with connection.cursor() as owner:
        owner.execute(A_DAY_LATER)
    with pytest.raises(Invalid) as late:
        actions.reserve(world.request(license, KG, planned_on=legal_today()), by=world.exporter)
    assert [(e.pointer, e.code) for e in late.value.errors] == [("/planned_on", "date-out-of-range")]
    clock.reset()
    from_then = {"match": {"destination.country": ["DE"]}, "effective_from": tomorrow.isoformat()}
    make.edition(lambda rules, document: rules["R033"].update(from_then))
    with pytest.raises(DomainError) as closed:
        actions.reserve(world.request(license, KG, planned_on=tomorrow), by=world.exporter)
    assert closed.value.code == "policy-prohibits"


def test_a_license_that_is_lifted_while_a_reservation_waits_is_answered_as_it_is_then(world, license, clock):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    lifted = A_DAY_LATER.replace("a_day_later", "a_lift").replace(
        A_DAY_LATER[A_DAY_LATER.index("        CREATE OR") : A_DAY_LATER.index("        RETURN NEW")],
        f"UPDATE licensing_suspension SET ended_at = legal_now(), ended_by_id = {world.ministry.reviewer.user.pk};"
        " UPDATE licensing_license SET state = 'active'; UPDATE licensing_licenseline SET open = true;",
    )
    with connection.cursor() as owner:
        owner.execute(lifted)
    assert actions.reserve(world.request(license, KG), by=world.exporter).available_after


def test_a_reservation_is_told_to_nobody():
    """What writes its first history line makes no delivery."""
    assert ("shipment", "reserve") not in deliveries._writers


def test_what_is_reserved_is_told_whether_it_may_still_be_declared(world, license, shipment, clock):
    declared, now = world.shipment(license, KG), legal_now()
    actions.receive(world.message(declared.ref, "declared"), by=world.customs)
    declared.refresh_from_db()
    assert selectors.fate_if_declared(shipment, now) == (LAWFUL, None)
    last = legal_today() + 9 * DAY
    make.edition(ban("DE", transition={"until": str(last)}), starts_at=now + DAY)
    clock.set(now + 2 * DAY)
    assert verdicts.turn(license.pk, by=clock_actor())
    assert selectors.fate_if_declared(shipment, legal_now()) == (IN_GRACE, day_start(last + DAY))
    assert selectors.fate_if_declared(shipment, day_start(last + DAY)) == (TOO_LATE, None)
    assert selectors.fate_if_declared(declared, day_start(last + DAY)) == (LAWFUL, None)


def test_what_comes_too_late_is_in_time_again_when_every_rule_is_over(world, license, shipment):
    now, again = legal_now(), day_start(legal_today() + 7 * DAY)
    make.edition(ban("DE"), "NOW")
    make.edition(forbid(country=["DE"]), "OTHER", day_start(legal_today() + 3 * DAY))
    assert selectors.fate_if_declared(shipment, now + timedelta(seconds=9)) == (TOO_LATE, None)
    make.edition(lambda rules, document: None, "UNDO", again)
    assert selectors.fate_if_declared(shipment, now + timedelta(seconds=9)) == (TOO_LATE, again)


def test_what_is_reserved_on_a_license_that_an_officer_suspended_is_not_declared(world, license, shipment):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    assert selectors.fate_if_declared(shipment, legal_now()) == (TOO_LATE, None)
