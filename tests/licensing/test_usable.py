"""What lines say of a license's being usable follows whatever changes it: the ledger reads the lines alone."""

import re

from core.access import clock as clock_actor
from core.legal_time import legal_today
from licensing import selectors
from licensing.actions import licenses
from licensing.models.balances import LicenseLine
from shipments import actions as shipments
from tests.core.test_queries import asked
from tests.make import seen
from tests.plans import plan, uncounted

KG = 1000


def usable(license):
    return set(LicenseLine.objects.filter(license=license).values_list("open", flat=True))


def test_lines_are_unusable_while_a_cause_is_open(world, license):
    m = world.ministry
    assert usable(license) == {True}
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Under inquiry.", by=m.decider)
    assert usable(license) == {False}
    cause = license.suspensions.get()
    licenses.lift(license.ref, seen=seen(license.ref), suspension=cause.pk, reason="Cleared up.", by=m.other_decider)
    assert usable(license) == {True}


def test_lines_of_a_license_that_is_used_up_are_unusable(world, license):
    world.clear(world.shipment(license, 100 * KG).ref, 100 * KG)
    license.refresh_from_db()
    assert (license.state, usable(license)) == ("exhausted", {False})


def test_lines_of_an_expired_license_are_unusable(license, clock):
    actor = clock_actor()
    clock.shift(days=(license.usable_until - legal_today()).days + 1)
    assert licenses.expire(license.pk, by=actor) is True
    assert usable(license) == {False}


def test_what_was_never_shipped_counts_no_clearance_used(world, license):
    assert selectors.clearances_used([license]) == {license.pk: 0}
    world.clear(world.shipment(license, KG).ref, KG)
    assert selectors.clearances_used([license]) == {license.pk: 1}


def test_a_clearance_is_taken_by_what_crossed_and_by_what_still_may(world, license):
    shipments.cancel(world.shipment(license, KG).ref, by=world.exporter)
    assert selectors.clearances_taken([license]) == {license.pk: 0}
    world.clear(world.shipment(license, 2 * KG).ref, KG)  # the rest is released
    assert selectors.clearances_taken([license]) == {license.pk: 1}
    world.shipment(license, KG)
    assert selectors.clearances_taken([license]) == {license.pk: 2}


def test_what_is_declared_or_questioned_is_a_clearance_taken_and_not_used(world, license):
    ref = world.shipment(license, KG).ref
    for event in ("declared", "questioned"):
        shipments.receive(world.message(ref, event, reason="Is it?"), by=world.customs)
        assert selectors.clearances([license]) == {license.pk: (1, 0)}
    world.clear(ref, KG)
    assert selectors.clearances([license]) == {license.pk: (1, 1)}


def test_clearances_are_counted_of_an_index_alone(world, license):
    world.shipment(license, KG)
    (sql,) = asked(lambda: selectors.clearances([license]))
    uncounted("shipments_shipment")
    found = plan(sql)
    assert re.search(r"Index Only Scan .*\n *Index Cond: \(+license_id = ", found), found


def test_a_license_that_came_back_has_changed(world, license):
    m = world.ministry
    before = license.issued_at
    assert not selectors.changed_since(world.exporter, before).exists()
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Under inquiry.", by=m.decider)
    assert not selectors.changed_since(world.exporter, before).exists()
    cause = license.suspensions.get()
    licenses.lift(license.ref, seen=seen(license.ref), suspension=cause.pk, reason="Cleared up.", by=m.other_decider)
    assert [row.pk for row in selectors.changed_since(world.exporter, before)] == [license.pk]


def test_a_shipment_that_crosses_in_two_parts_is_one_clearance(world, license):
    shipment = world.shipment(license, 2 * KG)
    world.clear(shipment.ref, KG, final=False)
    world.clear(shipment.ref, KG)
    assert selectors.clearances_used([license]) == {license.pk: 1}


def test_a_shipment_that_crossed_wholly_beyond_the_license_is_a_used_clearance(world, license):
    gone = world.shipment(license, KG)
    shipments.cancel(gone.ref, by=world.exporter)
    world.clear(world.shipment(license, 100 * KG).ref, 100 * KG)
    world.clear(gone.ref, KG)
    assert list(gone.lines.values_list("drawn", "over_cleared")) == [(0, KG)]
    assert selectors.clearances_used([license]) == {license.pk: 2}
