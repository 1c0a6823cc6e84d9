"""A signatory hands a license back: nothing may be reserved on it, what was free lapses, and everybody reads so."""

from html import unescape

import pytest
from django.db import IntegrityError, transaction

from core.deliveries import relay
from core.history import lines_of
from core.legal_time import legal_today
from core.models import Mail, Proposal
from licensing import books
from licensing.actions import amendments, applications, licenses, revocations
from licensing.models import Application, License, Obstacle
from licensing.models.balances import LicenseLine, Movement
from shipments.actions import receive
from shipments.models import Incident
from tests import make
from tests.make import needs_of, seen
from tests.said import refused, text_of

KG = 1000


def handed_back(world, license, **said):
    return licenses.surrender(license.ref, seen=seen(license.ref), **said, by=world.exporter)


def test_what_was_free_lapses_and_no_line_is_open(world, license):
    world.clear(world.shipment(license, 30 * KG).ref, 30 * KG)
    handed_back(world, license, reason="Sold elsewhere")
    line, last = LicenseLine.objects.get(), lines_of(license).last()
    assert (line.open, line.drawn, line.lapsed, line.available) == (False, 30 * KG, 70 * KG, 0)
    assert (last.verb, last.from_state, last.to_state) == ("surrender", "active", "surrendered")
    assert last.reason == "Sold elsewhere"
    assert Movement.objects.get(kind="lapse").at == last.at
    row = License.objects.get()
    assert (row.obstacle_on(legal_today()), row.over_on(legal_today())) == (Obstacle.SURRENDERED, True)
    assert books.drift() == []


def test_nobody_escapes_a_penalty_by_handing_back(world, license, client):
    heard = {"hearing": ("hearing.pdf", make.demo.pdf("Heard")), "heard_on": legal_today()}
    make.end_proposed(world, license, end_reason="penalty", **heard)
    error = refused(lambda: handed_back(world, license))
    assert (error.code, License.objects.get().state) == ("proposal-open", "active")
    text = text_of(client, world.exporter, f"/licenses/{license.ref}/")
    assert error.detail in text and f"Hand back {license.ref} for good" not in text


def test_what_is_ended_otherwise_is_handed_back_meanwhile(world, license):
    make.end_proposed(world, license)
    assert handed_back(world, license).state == "surrendered"


def test_nothing_may_be_reserved_and_each_line_is_named(world):
    signed = [world.declaration()]
    goods = [("1C905.a.4", "Magnets", 100), ("1C905.a.4", "More magnets", 50), ("1C905.a.4", "Others", 20)]
    ref = make.demo.application(world.exporter, "annual", goods, signed, make.unique("K-"), world.grade)
    license = make.demo.issued(world.exporter, ref, world.ministry, signed)
    lines = [make.shipments.LineRequest(number, 10 * KG, "kg") for number in (1, 3)]
    shipment = world.shipment(license, lines=lines)
    error = refused(lambda: handed_back(world, license))
    assert (error.code, error.status) == ("still-reserved", 409)
    assert [(one.pointer, one.message) for one in error.errors] == [
        ("/lines/1", f"Line 1: 10 kg reserved for {shipment.ref}."),
        ("/lines/3", f"Line 3: 10 kg reserved for {shipment.ref}."),
    ]
    assert (License.objects.get().state, lines_of(license).last().verb) == ("active", "issue")
    receive(world.message(shipment.ref, "declared"), by=world.customs)  # what is declared counts, too
    other = world.shipment(license, 5 * KG)
    world.clear(shipment.ref, 10 * KG, final=False)  # nothing of its first line is held any more
    assert [one.message for one in refused(lambda: handed_back(world, license)).errors] == [
        f"Line 1: 5 kg reserved for {other.ref}.",
        f"Line 3: 10 kg reserved for {shipment.ref}.",
    ]


def test_postgresql_refuses_it_with_something_reserved(world, license):
    world.shipment(license, KG)
    with pytest.raises(IntegrityError, match="something is reserved"), transaction.atomic():
        License.objects.update(**{"state": "surrendered"})
    assert License.objects.get().state == "active"


def test_only_a_signatory_of_its_company_hands_back_one_in_force(world, license):
    clerk, other = make.colleague(world.exporter, "clerk"), make.exporter(world.ministry, "Elsewhere Co., Ltd.")
    for who, code in ((clerk, "forbidden"), (world.ministry.decider, "forbidden"), (other, "not-found")):
        call = {"seen": seen(license.ref), "by": who}
        assert refused(lambda call=call: licenses.surrender(license.ref, **call)).code == code
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    assert refused(lambda: handed_back(world, license)).code == "wrong-state"
    assert refused(lambda: licenses.surrender(license.ref, seen=0, by=world.exporter)).code == "wrong-state"
    assert License.objects.get().state == "suspended"


def test_its_page_asks_with_object_and_effect_and_says_afterwards_what_it_was(world, license, client, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    path = f"/licenses/{license.ref}/"
    text = text_of(client, world.exporter, path)
    assert f"Hand {license.ref} back" in text and "Line 1, 1C905.a.4: 100 kg lapse." in text
    assert f"Hand back {license.ref} for good" in text and "This can't be undone." in text
    clerk = make.colleague(world.exporter, "clerk")
    assert f"Hand {license.ref} back" not in text_of(client, clerk, path)
    assert "for good what is left" not in text_of(client, world.ministry.decider, f"/desk/licenses/{license.ref}/")
    client.force_login(world.exporter.user)
    answer = client.post(f"{path}surrender/", {"seen": seen(license.ref), "reason": "Not needed"})
    assert (answer.status_code, answer.headers["Location"]) == (302, path)
    text = text_of(client, world.exporter, path)
    assert "Line 1, 1C905.a.4: 100 kg handed back, 0 kg had crossed." in text
    assert "Not needed" in text and "Record shipment" not in text
    relay()
    told = Mail.objects.filter(subject=f"{license.ref}: handed back").values_list("recipients", flat=True)
    assert set(told) == {world.exporter.user.email, clerk.user.email}
    [need] = [one for one in needs_of(world.exporter) if "handed back" in one.title]
    assert "100 kg" in need.text


def test_with_something_reserved_its_page_says_what_instead(world, license, client):
    shipment = world.shipment(license, 10 * KG)
    text = text_of(client, world.exporter, f"/licenses/{license.ref}/")
    assert "It can be handed back when nothing stands in the way any more." in text
    assert f"Line 1: 10 kg reserved for {shipment.ref}." in text
    assert "for good" not in text
    client.force_login(world.exporter.user)
    answer = client.post(f"/licenses/{license.ref}/surrender/", {"seen": seen(license.ref)})
    assert answer.status_code == 409
    assert f"Line 1: 10 kg reserved for {shipment.ref}." in unescape(answer.content.decode())


def test_the_first_shipments_that_hold_something_are_named_and_how_many_more(world, license):
    first, gone, crossed, *others = [world.shipment(license, KG) for _ in range(6)]
    make.shipments.cancel(gone.ref, by=world.exporter)
    world.clear(crossed.ref, KG)
    [line] = refused(lambda: handed_back(world, license)).errors
    named = ", ".join(one.ref for one in (first, *others[:2]))
    assert line.message == f"Line 1: 4 kg reserved for {named} and 1 more."


def test_nothing_is_reserved_on_it_any_more_and_what_crosses_is_booked(world, license, client):
    gone = world.shipment(license, 10 * KG)
    make.shipments.cancel(gone.ref, by=world.exporter)
    handed_back(world, license)
    error = refused(lambda: world.shipment(license, KG))
    assert error.code == "license-not-active"
    assert error.errors[0].message == (
        "Your company handed this license back. Use another license, or apply for a new one."
    )
    world.clear(gone.ref, 10 * KG)
    assert {"license_not_usable", "over_cleared"} <= set(Incident.objects.values_list("kind", flat=True))
    assert LicenseLine.objects.get().over_cleared == 10 * KG
    client.force_login(world.exporter.user)
    said = client.get(f"/api/v1/licenses/{license.ref}/").json()
    assert (said["state"], said["display"], said["revocation"]) == ("surrendered", "Handed back", None)
    port = make.Actor(world.customs.user, world.customs.organization, roles=frozenset({"customs"}))
    assert "Its holder handed the license back." in text_of(client, port, f"/customs/licenses/{license.ref}/")


def test_that_its_end_was_proposed_is_taken_back_then(world, license):
    make.end_proposed(world, license)
    handed_back(world, license)
    call = {"seen": seen(license.ref), "by": world.ministry.other_decider}
    assert refused(lambda: revocations.revoke(license.ref, **call)).code == "wrong-state"
    revocations.drop_revoke(license.ref, seen=seen(license.ref), reason="Handed back", by=world.ministry.decider)
    assert Proposal.objects.get().carried is False


@pytest.mark.parametrize(
    ("state", "way"),
    [
        ("draft", "have a signatory withdraw it first."),
        ("awaiting_decision", "have a signatory withdraw it first."),
        ("approved", "wait for its outcome."),
        ("under_reconsideration", "wait for its outcome."),
    ],
)
def test_where_a_change_of_it_stands_in_the_way_it_says_what_to_do(state, way, world, license):
    license.changing = Application(ref="AP-1", state=state)
    assert way in next(licenses.against_surrender(license)).detail


def test_a_change_of_it_is_withdrawn_before_it_is_handed_back(world, license, client):
    change = amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter)
    error = refused(lambda: handed_back(world, license))
    assert (error.code, error.status) == ("amendment-open", 409) and change.ref in error.detail
    text = text_of(client, world.exporter, f"/licenses/{license.ref}/")
    assert error.detail in text and f"Hand back {license.ref} for good" not in text
    applications.withdraw(change.ref, by=world.exporter)
    assert handed_back(world, license).state == "surrendered"
