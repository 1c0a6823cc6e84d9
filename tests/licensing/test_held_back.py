"""A license that was replaced, and whose reservations are stopped: every page says both, and nobody only one."""

import pytest

from core.access import Actor
from licensing.actions import licenses
from licensing.models import License, Suspension
from licensing.selectors import held_back
from shipments.models import Shipment
from tests import make
from tests.licensing.test_amendments import plain, replaced
from tests.make import seen

KG = 1000
BOTH = "Replaced Suspended"


@pytest.fixture
def license(world):
    """Of two end-users, replaced, with something reserved on it for the first."""
    row = world.license(kilograms=100, users=2)
    world.shipment(row, 10 * KG)
    replaced(world, row, 80)
    return License.objects.get(pk=row.pk)


def stop(world, row):
    licenses.suspend(row.ref, seen=seen(row.ref), reason="A hidden reason", by=world.ministry.decider)


def told(client, world, license):
    """What each page says of it, that tells of the state of licenses."""
    customs = Actor(world.customs.user, world.customs.organization, roles=frozenset({"customs"}))
    shipment = Shipment.objects.get(license=license)
    return {
        path: plain(client, actor, path)
        for actor, path in (
            (world.exporter, f"/licenses/{license.ref}/"),
            (world.exporter, "/licenses/?state=replaced"),
            (world.ministry.decider, f"/desk/licenses/{license.ref}/"),
            (world.ministry.decider, "/desk/licenses/?state=replaced"),
            (customs, f"/customs/licenses/{license.ref}/"),
            (customs, f"/customs/shipments/{shipment.ref}/"),
        )
    }


@pytest.mark.slow
def test_every_page_says_that_it_is_replaced_and_suspended(client, world, license):
    assert {BOTH in page for page in told(client, world, license).values()} == {False}
    stop(world, license.successor)
    pages = told(client, world, license)
    assert {path: BOTH in page for path, page in pages.items()} == dict.fromkeys(pages, True)
    own, at_the_border = pages[f"/licenses/{license.ref}/"], pages[f"/customs/licenses/{license.ref}/"]
    for page in (own, at_the_border):
        assert "What is only reserved here must not be declared now: an incident would open." in page
        assert f"on {license.successor.ref}" in page
    assert all(page.count("Germany Closed") == 2 for page in (own, at_the_border))
    assert "A hidden reason" in own and "A hidden reason" not in at_the_border
    assert "declared, cleared and cancelled here as before" not in own
    assert "Replaced and suspended" in plain(client, None, f"/v/{license.ref}/{license.verify_code}/")
    said = client.get(f"/api/v1/verify/{license.ref}/", {"code": license.verify_code}).json()
    assert (said["ended"], said["goes_on"], said["suspended"]) == ("replaced", False, True)


@pytest.mark.slow
def test_what_closes_one_end_user_is_told_of_him_alone(client, world, license):
    first, second = license.end_users.order_by("pk")
    facts = {"cause": "screening", "reason": "x", "opened_by": world.ministry.decider.user}
    Suspension.objects.create(license=license, end_user=first, opened_at=license.issued_at, **facts)
    found = held_back([license])[license.pk]
    assert (found.shuts(first.party_id), found.shuts(second.party_id), found.stopped) == (True, False, False)
    pages = told(client, world, license)
    assert {BOTH in page for page in pages.values()} == {False}
    assert f"Closed for {first.party.name} alone." in pages[f"/licenses/{license.ref}/"]
    assert "What is only reserved here for whom stands below" in pages[f"/customs/licenses/{license.ref}/"]


@pytest.mark.slow
def test_when_the_ministry_ended_what_took_its_place_nothing_is_declared_on_it(client, world, license):
    new = license.successor
    make.ended(world, new)
    pages = told(client, world, license)
    assert {"Replaced Ended by the ministry" in page for page in pages.values()} == {True}
    assert f"The ministry ended {new.ref}." in pages[f"/licenses/{license.ref}/"]


def test_as_many_queries_for_many_replaced_as_for_one(world, license, django_assert_num_queries):
    other = world.license(kilograms=50)
    replaced(world, other, 40)
    rows = License.objects.filter(state="replaced").prefetch_related("end_users")
    for few in (rows.filter(pk=license.pk), rows):
        found = list(few)
        with django_assert_num_queries(2):
            assert len(held_back(found)) == len(found)
    new = license.successor
    with django_assert_num_queries(0):
        assert held_back([new]) == {}


def test_at_the_border_it_says_what_it_was_what_went_over_and_what_is_open(client, world):
    row = world.license(kilograms=18_000)
    world.clear(world.shipment(row, 12_000 * KG).ref, 12_000 * KG)
    open_one = world.shipment(row, 140 * KG)
    new = replaced(world, row, 18_000)
    customs = Actor(world.customs.user, world.customs.organization, roles=frozenset({"customs"}))
    page, old = plain(client, customs, f"/customs/licenses/{row.ref}/"), row.ref
    assert "What became of it Goods Authorized Went over Still reserved Drawn" in page
    assert "18,000 kg 5,860 kg 140 kg 12,000 kg" in page
    assert f"{new.ref} took its place. What was reserved on {old} is still declared and cleared on {old}." in page
    assert open_one.ref in page


def test_a_list_says_of_what_is_left_that_nothing_can_be_reserved_or_that_another_one_says_it(client, world, license):
    stopped = world.license(kilograms=70)
    assert "Stopped: nothing" not in plain(client, world.exporter, "/licenses/")
    stop(world, stopped)
    page = plain(client, world.exporter, "/licenses/?state=suspended")
    assert "Stopped: nothing can be reserved now 70 kg left of 70 kg" in page
    stop(world, world.apart())
    assert plain(client, world.exporter, "/licenses/?state=suspended").count("Stopped: nothing") == 2  # not by line
    page = plain(client, world.ministry.decider, "/desk/licenses/?state=replaced")
    assert "Replaced: the new license says what is left" in page and "0 kg of" not in page


@pytest.mark.parametrize("end", [None, "hand_back"])
def test_at_the_border_nobody_waits_for_a_shipment_on_what_has_ended(client, world, end):
    row = world.license(kilograms=100)
    customs = Actor(world.customs.user, world.customs.organization, roles=frozenset({"customs"}))
    if end:
        licenses.surrender(row.ref, seen=seen(row.ref), reason="Not needed", by=world.exporter)
    page = plain(client, customs, f"/customs/licenses/{row.ref}/")
    assert ("The exporter reserves a shipment first" in page) is not bool(end)
    assert ("Nothing new can be exported on this license any more." in page) is bool(end)
