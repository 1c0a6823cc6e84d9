"""Goods under way on a license that the ministry ended: what was declared before is lawful, what crosses is booked."""

from datetime import timedelta

import pytest

from core.errors import DomainError
from core.legal_time import legal_now, legal_today
from licensing import books
from licensing.models import License, Suspension
from licensing.models.balances import LicenseLine, Movement
from shipments import selectors
from shipments.actions import ClearedLine, cancel, officers, receive
from shipments.models import CustomsDeclaration, Incident, Shipment
from tests import make
from tests.licensing.test_amendments import replaced
from tests.licensing.test_revocations import HEARD
from tests.licensing.test_surrender import handed_back
from tests.make import seen
from tests.said import text_of
from tests.shipments.test_corrections import come_back, decide, figures, page

KG = 1000


def declared(world, shipment, **more):
    return receive(world.message(shipment.ref, "declared", **more), by=world.customs)


def test_what_was_declared_before_is_cleared_as_usual(world, license):
    shipment = world.shipment(license, 20 * KG)
    said = declared(world, shipment).message
    make.ended(world, license)
    world.clear(shipment.ref, 20 * KG, declaration_no=said.declaration_no, declared_at=said.declared_at)
    assert Shipment.objects.get().state == "cleared"
    assert not Incident.objects.exists()
    line = LicenseLine.objects.get()
    assert (line.drawn, line.reserved, line.lapsed) == (20 * KG, 0, 80 * KG)
    assert (License.objects.get().state, books.drift()) == ("revoked", [])


@pytest.mark.parametrize(("seconds", "lawful"), [(-1, True), (0, False)])
def test_a_declaration_is_judged_by_its_own_instant(seconds, lawful, world, license):
    shipment = world.shipment(license, 20 * KG)
    make.ended(world, license)
    at = License.objects.get().revocation.revoked_at + timedelta(seconds=seconds)
    declared(world, shipment, declared_at=at)
    assert CustomsDeclaration.objects.get().lawful == lawful
    kinds = [] if lawful else ["license_not_usable"]
    assert list(Incident.objects.values_list("kind", flat=True)) == kinds
    assert Shipment.objects.get().state == "declared"


def test_what_crosses_all_the_same_is_booked_with_an_incident(world, license):
    shipment = world.shipment(license, 20 * KG)
    make.ended(world, license)
    world.clear(shipment.ref, 25 * KG)
    line = LicenseLine.objects.get()
    assert (line.drawn, line.over_cleared, line.reserved) == (20 * KG, 5 * KG, 0)
    assert {"license_not_usable", "over_cleared"} <= set(Incident.objects.values_list("kind", flat=True))
    assert not Suspension.objects.exists()
    assert (License.objects.get().state, books.drift()) == ("revoked", [])


def test_what_comes_free_lapses_and_what_comes_back_is_not_credited(world, license):
    off, crossed = world.shipment(license, 20 * KG), world.shipment(license, 10 * KG)
    world.clear(crossed.ref, 10 * KG)
    make.ended(world, license)
    cancel(off.ref, by=world.exporter)
    assert (LicenseLine.objects.get().lapsed, LicenseLine.objects.get().available) == (90 * KG, 0)
    freed, lapsed = Movement.objects.order_by("-seq").values_list("at", flat=True)[:2]
    assert lapsed == freed > License.objects.get().revocation.revoked_at
    facts = {"reimport_no": "530120269000000001", "lines": [ClearedLine(1, 5 * KG, "kg")]}
    receive(world.message(crossed.ref, "returned", **facts), by=world.customs)
    which = crossed.returns.get().pk
    with pytest.raises(Exception, match="Ended by the ministry"):
        officers.approve_return(crossed.ref, seen=seen(crossed.ref), which=which, reason="x", by=world.ministry.decider)


@pytest.mark.parametrize("state", ["revoked", "surrendered", "replaced"])
def test_why_nothing_comes_back_to_one_that_did_not_expire(state, world, license, clock, client):
    shipment = world.shipment(license, 40 * KG)
    world.clear(shipment.ref, 40 * KG)
    come_back(world, shipment, 10 * KG)
    ended = {"revoked": make.ended, "surrendered": handed_back, "replaced": lambda *it: replaced(*it, 80)}
    row = ended[state](world, license)
    new = row.ref if state == "replaced" else None
    clock.shift(days=(license.usable_until - legal_today()).days + 1)
    with pytest.raises(DomainError) as refused:
        decide(world, shipment)
    said = {
        "revoked": "The license is not in force any more (Ended by the ministry), so nothing comes back to it.",
        "surrendered": "The license is not in force any more (Handed back), so nothing comes back to it.",
        "replaced": f"{new} took the place of the license, so nothing comes back to the old one.",
    }[state]
    assert (refused.value.code, refused.value.detail) == ("license-not-active", said)
    assert refused.value.extra == {"state": state, "successor": new}
    assert figures(shipment) == {"drawn": 40, "returned": 10}
    assert said in page(client, world.ministry.decider, shipment)


def test_the_page_of_what_is_over_says_so_before_the_sweep_comes_by(world, license, client, clock):
    waits = world.shipment(license, 20 * KG)
    clock.shift(days=(waits.reserved_until - legal_today()).days + 1)
    text = text_of(client, world.exporter, f"/shipments/{waits.ref}/")
    assert "now.</b> Its reservation ended with" in text and "closed for it" not in text


def test_what_is_over_is_not_on_hold_where_its_license_was_replaced(world, license, clock):
    waits = world.shipment(license, 20 * KG)
    replaced(world, license, 80)
    clock.shift(days=(waits.reserved_until - legal_today()).days + 1)
    rows = selectors.with_lines(selectors.shipments_for(world.exporter))
    assert not selectors.with_holds(rows, legal_now())[0].on_hold


def test_its_page_says_not_to_declare_it_and_why(world, license, client):
    waits, gone = world.shipment(license, 20 * KG), world.shipment(license, 10 * KG)
    declared(world, gone)
    make.ended(world, license)
    text = text_of(client, world.exporter, f"/shipments/{waits.ref}/")
    assert "Do not declare it to customs now." in text
    assert "Ended by the ministry" in text and "The contract was forged." in text
    text = text_of(client, world.exporter, f"/shipments/{gone.ref}/")
    assert "What was declared to customs already is cleared as usual." in text
    port = make.Actor(world.customs.user, world.customs.organization, roles=frozenset({"customs"}))
    assert "The ministry ended the license." in text_of(client, port, f"/customs/shipments/{waits.ref}/")
    assert "what crosses is cleared as usual" in text_of(client, port, f"/customs/shipments/{gone.ref}/")


def test_the_provision_and_the_hearing_are_two_paragraphs(world, license, client):
    make.ended(world, license, **HEARD, heard_on=legal_today())
    client.force_login(world.exporter.user)
    page = " ".join(client.get(f"/licenses/{license.ref}/").content.decode().split())
    provision = f'<span lang="en">{License.objects.get().revocation.provision}</span>'
    assert f"Provision: {provision} </p> <p> A hearing was held on " in page
