"""Q13, and what the design says is worth a test besides its scenarios, over pages and with its numbers.

A question of customs is in test_corrections.py; in tests/licensing a surrender with something reserved is in
test_surrender.py, the calendar of 2027 in test_deadlines_moved.py.
"""

import re
from html import unescape

import pytest
from django.http import QueryDict

from config.local.visitor import Page
from core.errors import DomainError
from licensing.models import Application, Declaration, License
from licensing.models.balances import LicenseLine
from shipments.models import Incident
from tests import make
from tests.make import seen
from tests.shipments.test_counter import DECLARED, browser, carried, filled, officer, send
from tests.shipments.test_counter import text as text_of

__all__ = ["browser", "officer"]

KG = 1000
DRAWN = 41_984_500


@pytest.fixture
def asks(client):
    """What somebody's browser is answered: by a page, or to its form of that address with what was typed into it."""

    def page(actor, path, action=None, **typed):
        client.force_login(actor.user)
        answer = client.get(path)
        if action is not None:
            assert answer.status_code == 200
            form = Page(path, answer.status_code, answer.content.decode()).form(action)
            data = QueryDict(mutable=True)
            for name, value in form.filled(typed):
                data.appendlist(name, value)
            answer = client.post(action or path, dict(data.lists()), follow=True)
        answer.text = " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())
        return answer

    return page


def begun(asks, world, license, **typed):
    """A change of it as its signatory types it: its reference."""
    path = f"/licenses/{license.ref}/"
    asks(world.exporter, path, f"{path}amend/")
    ref = Application.objects.get(amends=license).ref
    asks(world.exporter, f"/applications/{ref}/edit/", "", **typed)
    return ref


def sent(client, world, ref):
    """What he is answered who sends it."""
    client.force_login(world.exporter.user)
    answer = client.post(f"/applications/{ref}/submit/", {"seen": seen(ref)}, follow=True)
    return answer.status_code, text_of(answer)


@pytest.mark.slow
def test_q13_a_change_to_less_than_is_drawn_and_reserved(world, asks, client):
    license = world.license(kilograms=60_000)
    world.clear(world.shipment(license, DRAWN).ref, DRAWN)
    world.shipment(license, 15_500)
    ref = begun(asks, world, license, **{"lines-0-quantity": "40000"})
    status, said = sent(client, world, ref)
    assert status == 422 and "Line 1: at least what is drawn and reserved, 42,000 kg." in said
    row = Application.objects.get(ref=ref)
    assert (row.state, row.lines.get().quantity) == ("draft", 40_000 * KG)  # what was typed stays
    asks(world.exporter, f"/applications/{ref}/edit/", "", **{"lines-0-quantity": "42000"})
    assert sent(client, world, ref)[0] == 200
    assert Application.objects.get(ref=ref).state == "submitted"


@pytest.mark.slow
def test_another_end_user_takes_the_place_of_one_with_what_is_left(world, asks, client):
    """The old license ends with it, and the new one has what was authorized without what was drawn."""
    license, other, m = world.license(kilograms=60_000), world.declaration(), world.ministry
    before = license.end_users.get().party
    world.clear(world.shipment(license, 10_000 * KG).ref, 10_000 * KG)
    consignees = [before.pk, other.end_user_id]
    ref = begun(asks, world, license, end_users=[other.pk], consignees=consignees)
    assert sent(client, world, ref)[0] == 200
    desk = f"/desk/cases/{ref}/"
    asks(m.intake, desk, f"{desk}accept/")
    asks(m.reviewer, desk, f"{desk}assign/")
    make.demo.screened(ref, m.reviewer)
    asks(m.reviewer, desk, f"{desk}recommend/", outcome="approve", months="12")
    asks(m.decider, desk, f"{desk}approve/")
    asks(m.decider, desk, f"{desk}issue/")
    new = License.objects.get(replaces=license)
    line = LicenseLine.objects.get(license=new)
    assert (line.authorized, line.available) == (50_000 * KG, 50_000 * KG)
    assert new.end_users.get().party == other.end_user
    said = asks(world.exporter, f"/licenses/{new.ref}/").text
    assert "50,000 kg" in said and other.end_user.name in said
    assert f"{new.ref} took its place" in asks(world.exporter, f"/licenses/{license.ref}/").text
    with pytest.raises(DomainError) as refused:
        world.shipment(new, KG, end_user=before.ref)
    assert refused.value.code == "end-user-not-authorized"
    assert world.shipment(new, 50_000 * KG).ref


def test_q14_more_crosses_than_was_reserved(world, asks, browser):
    license = world.license(kilograms=60_000)
    world.clear(world.shipment(license, DRAWN).ref, DRAWN)
    shipment = world.shipment(license, 18_015_500)
    data = carried(browser, shipment, "clear") | {"declaration_no": DECLARED, "final": "true", "quantity_1": "18,100"}
    told = send(browser, shipment, "clear", data)
    assert told.status_code == 409 and "Line 1: 84.5 kg more than the license has." in text_of(told)
    assert send(browser, shipment, "clear", filled(told, "clear") | {"final": "true"}).status_code == 200
    line = LicenseLine.objects.get()
    assert (line.drawn - DRAWN, line.over_cleared) == (18_015_500, 84_500)
    row = License.objects.get()
    assert (row.state, row.suspensions.get().cause) == ("suspended", "over_clearance")
    assert Incident.objects.get().kind == "over_cleared"
    why = f"Customs cleared more of shipment {shipment.ref} than the license had left."
    assert why in asks(world.exporter, f"/licenses/{license.ref}/").text


@pytest.mark.parametrize("users", [1, 2])
def test_a_forged_certificate_closes_whom_it_was_for_and_the_license_where_he_was_the_last(users, world, asks):
    license, m = world.license(kilograms=100, users=users), world.ministry
    world.shipment(license, 10 * KG)
    user = license.end_users.order_by("pk")[0]
    desk = f"/desk/declarations/{user.declaration.ref}/"
    why = {"ground": "forged", "reason": "The stamp is not that of the company."}
    asks(m.reviewer, desk, f"{desk}propose_invalidate/", **why)
    assert License.objects.get().state == "active"  # until a second officer countersigns
    asks(m.decider, desk, f"{desk}invalidate/")
    assert Declaration.objects.get(pk=user.declaration_id).state == "invalid"
    assert License.objects.get().state == ("suspended" if users == 1 else "active")
    assert why["reason"] in asks(world.exporter, f"/declarations/{user.declaration.ref}/").text
    with pytest.raises(DomainError) as refused:
        world.shipment(license, KG)
    assert refused.value.code == "end-user-closed"
    if users == 2:
        other = license.end_users.order_by("pk")[1].party
        assert world.shipment(license, KG, end_user=other.ref, consignee=other.ref).ref
