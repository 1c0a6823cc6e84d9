"""What a license's page does not offer its company, it says in a line each: why, and what would change that."""

import pytest

from licensing.actions import amendments, applications, licenses
from licensing.models import License
from tests import make
from tests.licensing.test_amendments import replaced
from tests.make import seen
from tests.said import text_of

KG = 1000


def absent(client, actor, license):
    """What the page says is not open, each of it also in its text."""
    client.force_login(actor.user)
    path = f"/licenses/{license.ref}/"
    found = client.get(path).context["absent"]
    assert all(one in text_of(client, actor, path) for one in found)
    return found


def test_who_may_is_said_to_whoever_may_not(world, client):
    license = world.license(kilograms=100)
    clerk, viewer = (make.colleague(world.exporter, role) for role in ("clerk", "viewer"))
    assert absent(client, world.exporter, license) == []
    assert absent(client, clerk, license) == ["A signatory of your company can hand it back."]
    assert absent(client, viewer, license) == [
        "A clerk or a signatory of your company can ask to change it.",
        "A signatory of your company can hand it back.",
    ]
    client.force_login(world.ministry.decider.user)
    assert client.get(f"/desk/licenses/{license.ref}/").context["absent"] == []


def test_of_a_suspended_one_until_when_and_to_a_clerk_no_role(world, client):
    license = world.license(kilograms=100)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="A doubt", by=world.ministry.decider)
    said = [
        "It can be changed again when its suspension has ended.",
        "It can be handed back again when its suspension has ended.",
    ]
    for actor in (world.exporter, make.colleague(world.exporter, "clerk")):
        assert absent(client, actor, license) == said


def test_of_a_used_up_one_that_nothing_is_left(world, client):
    license = world.license(kilograms=100)
    world.clear(world.shipment(license, 100 * KG).ref, 100 * KG)
    assert License.objects.get(pk=license.pk).state == "exhausted"
    assert absent(client, world.exporter, license) == [
        "It is used up and can't be changed: for more, file a new application.",
        "It is used up: nothing is left on it to hand back.",
    ]


def test_of_a_replaced_one_which_took_its_place(world, client):
    license = world.license(kilograms=100)
    new = replaced(world, license, 80)
    assert absent(client, world.exporter, license) == [
        f"{new.ref} took its place: ask to change that one.",
        f"{new.ref} took its place: what is left is handed back with that one.",
        f"{new.ref} took its place: renew that one.",
    ]


def test_of_one_that_has_ended_what_instead(world, client):
    license = world.license(kilograms=100)
    licenses.surrender(license.ref, seen=seen(license.ref), by=world.exporter)
    assert absent(client, world.exporter, license) == [
        "It has ended and can't be changed: a new application can begin with a copy of it.",
        "It has ended: nothing is left on it to hand back.",
        "It has ended and can't be renewed any more.",
    ]


def test_while_a_change_is_asked_for_which(world, client):
    license = world.license(kilograms=100)
    change = amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter)
    said = f"It can be changed again when {change.ref}, which asks to change it, is withdrawn or decided."
    assert absent(client, world.exporter, license) == [said]
    applications.withdraw(change.ref, by=world.exporter)
    assert absent(client, world.exporter, license) == []


@pytest.mark.parametrize("end", [False, True])
def test_one_for_one_shipment_is_not_renewed(end, world, client):
    license = world.license(kind="per_shipment", kilograms=100)
    why = "It is for one shipment and is not renewed: a new application can begin with a copy of it."
    if end:
        licenses.surrender(license.ref, seen=seen(license.ref), by=world.exporter)
    assert (why in absent(client, world.exporter, license)) is not end
    assert len(absent(client, world.exporter, license)) == (2 if end else 1)
