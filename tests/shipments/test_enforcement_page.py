"""The page on which many licenses are suspended, and let go: what it shows first, and what it does then."""

import re
from collections import Counter
from dataclasses import replace
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from core.deliveries import relay
from core.models import Mail
from core.templatetags.lodestone import quantity
from licensing.actions import licenses
from licensing.models import License, Suspension
from licensing.models.balances import LicenseLine
from licensing.selectors import enforcement as hitting
from licensing.selectors import with_balances
from licensing.words.phrases import is_told, was_told
from shipments import actions
from shipments.models import ShipmentLine
from shipments.selectors import Goods, goods_of
from shipments.web import enforcement
from shipments.web.enforcement_forms import HitForm
from tests import make
from tests.licensing.test_amendments import replaced
from tests.licensing.test_enforcement import MAGNETS, licensed, sold_to, suspended
from tests.make import seen

KG = 1000
ASKED = {"item": "item:1C905.a.4", "destination": "", "end_user": ""}


@pytest.fixture
def page(client):
    """page(actor, …) is what the page says of a query; page.send(…) what it answers to one of its forms."""

    def text_of(answer):
        return answer.status_code, " ".join(unescape(answer.content.decode()).split())

    def read(actor, **asked):
        client.force_login(actor.user)
        return text_of(client.get(reverse("desk.enforcement"), asked))

    def send(actor, text, do, **said):
        client.force_login(actor.user)
        shown = re.search(r'name="shown" value="([^"]*)"', text)[1]
        data = {"do": do, "shown": shown, "reason": "Diverted goods"} | ASKED | said
        return text_of(client.post(reverse("desk.enforcement"), data, follow=True))

    read.send = send
    return read


# --- what is shown ------------------------------------------------------------------------------------------
def test_goods_are_added_up_by_unit_whether_customs_has_them_or_not(world, license):
    second = world.license(kilograms=200)
    world.shipment(license, 5 * KG)
    world.shipment(second, 7 * KG)
    declared = world.shipment(license, 11 * KG)
    actions.receive(world.message(declared.ref, "declared"), by=world.customs)
    cancelled = world.shipment(second, 3 * KG)
    actions.cancel(cancelled.ref, by=world.exporter)
    rows = list(with_balances(License.objects.all()))
    left = sum(line.available for row in rows for line in row.lines.all())
    assert goods_of(rows) == [Goods("kg", left, 12 * KG, 2, 11 * KG, 1)]


def test_what_is_under_way_on_those_that_they_replaced_is_counted_once(world):
    first = world.license(kilograms=100)
    world.shipment(first, 5 * KG)
    second = replaced(world, first, 80)
    world.shipment(second, 7 * KG)
    third = replaced(world, second, 70)
    world.shipment(third, 2 * KG)
    for hit in ([third], [first, second, third]):
        rows = list(with_balances(License.objects.filter(pk__in=[one.pk for one in hit])))
        assert goods_of(rows) == [Goods("kg", 61 * KG, 14 * KG, 3)]


def test_of_one_end_user_its_own_shipments_are_counted(world):
    shared = licensed(world, sold_to(world, "Müller Motoren"), sold_to(world, "Bosse Antriebe"))
    for user in shared.end_users.order_by("pk"):
        world.shipment(shared, 4 * KG, end_user=user.party.ref)
    rows = list(with_balances(License.objects.all()))
    (goods,) = goods_of(rows, [shared.end_users.get(party__name="Müller Motoren")])
    assert (goods.reserved, goods.reservations) == (4 * KG, 1)


def test_of_what_is_hit_in_part_its_own_goods_are_counted_and_of_what_is_hit_whole_all(world, license):
    """Nothing of the Japanese one's line, and nothing that goes to him."""
    world.shipment(license, 5 * KG)
    apart = world.apart()
    german, japanese = apart.end_users.order_by("pk")
    world.shipment(apart, 4 * KG, end_user=german.party.ref)
    world.shipment(apart, end_user=japanese.party.ref, lines=[actions.LineRequest(2, 3 * KG, "kg")])
    rows = list(with_balances(License.objects.all()))
    left = sum(line.available for row in rows for line in row.lines.all() if line.number == 1)
    assert goods_of(rows, [german]) == [Goods("kg", left, 9 * KG, 2)]


def test_the_page_shows_what_is_hit_and_what_was_stopped_before(world, license, page):
    second = world.license(kilograms=200)
    world.shipment(license, 5 * KG)
    licenses.suspend(second.ref, seen=seen(second.ref), reason="Inspection", by=world.ministry.other_decider)
    status, text = page(world.ministry.decider, **ASKED)
    assert status == 200
    for words in (license.ref, second.ref, "2 licenses are hit", "Suspend 1 license", "The whole license"):
        assert words in text
    assert '</span> <span class="xs muted nowrap"> 5 kg under way </span>' in text
    assert f"Suspended already, by {world.ministry.other_decider.user}" in text
    assert Suspension.objects.count() == 1  # nothing happened


@pytest.mark.parametrize(("language", "word"), [("en", "Ann. "), ("zh-hans", "公告2025年第")])
def test_each_list_is_called_by_its_announcement_and_what_it_is_about(language, word, world):
    with override(language):
        lists = HitForm().fields["item"].choices[1][1]
        labels = [str(label) for _value, label in lists]
    assert len(labels) == 3 and all(word in one and len(one) > 15 for one in labels)


def test_a_query_that_names_nothing_is_asked_to(world, license, page):
    status, text = page(world.ministry.decider, item="", destination="", end_user="")
    assert status == 422
    assert text.count("Choose at least one: goods, a destination or an end-user.") == 1
    assert "1 license is hit" not in text


def test_nothing_is_offered_where_nothing_is_hit(world, license, page):
    status, text = page(world.ministry.decider, destination="JP")
    assert status == 200
    assert "No license in force is hit" in text
    assert 'name="reason"' not in text


def test_deciders_are_led_there_from_the_list_of_licenses(world, license, client):
    for actor, there in ((world.ministry.decider, True), (world.ministry.reviewer, False)):
        client.force_login(actor.user)
        assert (reverse("desk.enforcement") in client.get(reverse("desk.licenses")).content.decode()) is there


def test_the_page_makes_as_many_queries_for_four_licenses_as_for_one(world, license, client):
    def many():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("desk.enforcement"), ASKED).status_code == 200
        return len(queries)

    client.force_login(world.ministry.decider.user)
    many()
    one = many()
    for _ in range(3):
        world.shipment(world.license(kilograms=10, users=2), KG)
    assert many() == one


# --- what is done -------------------------------------------------------------------------------------------
def summed(text):
    """The goods that the page adds up."""
    return dict(re.findall(r'data-l="(left|reserved|declared)"> ?<b>([^<]+)</b>', text))


def stopped():
    """The same of what is closed now, and of what is under way on it."""
    lines = LicenseLine.objects.filter(open=False)
    parts = ShipmentLine.objects.filter(shipment__license__in=lines.values("license"))
    found = {"left": sum(line.authorized - line.reserved - line.drawn for line in lines)}
    found |= {state: sum(one.held for one in parts.filter(shipment__state=state)) for state in ("reserved", "declared")}
    return {name: " ".join(quantity(grams, "kg").split()) for name, grams in found.items()}


@pytest.mark.slow
def test_forty_are_suspended_by_one_form_just_as_it_showed(world, page):
    rows = [world.license(kilograms=10) for _ in range(40)]
    elsewhere = licensed(world, sold_to(world, "Moteurs du Nord", country="FR"))
    for license in (*rows[:3], elsewhere):
        world.shipment(license, KG)
        declared = world.shipment(license, 2 * KG)
        actions.receive(world.message(declared.ref, "declared"), by=world.customs)
    world.clear(world.shipment(rows[3], 4 * KG).ref, 4 * KG)
    asked = ASKED | {"destination": "DE"}
    _, text = page(world.ministry.decider, **asked)
    assert "Suspend 40 licenses" in text
    shown = summed(text)
    status, text = page.send(world.ministry.decider, text, "suspend", destination="DE")
    assert status == 200
    assert shown == stopped() == {"left": "387 kg", "reserved": "3 kg", "declared": "6 kg"}
    assert "40 licenses were suspended, as shown." in text
    assert License.objects.filter(state="suspended", suspensions__reason="Diverted goods").count() == 40
    assert "40 licenses are hit" in text  # and the query stands there, to be lifted by another
    _, text = page(world.ministry.other_decider, **asked)
    _, text = page.send(world.ministry.other_decider, text, "lift", destination="DE")
    assert "40 causes have ended." in text
    assert License.objects.filter(state="active").count() == 41


def test_the_holders_are_told_as_the_pages_say(world, license, page, client, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    second, other, address = world.license(kilograms=10), world.ministry.other_decider, world.exporter.user.email
    alone, of_each = (reverse(name, args=[license.ref]) for name in ("desk.license", "license.suspend"))
    single = {"reason": "Forged papers", "seen": seen(license.ref)}
    _, asked = page(world.ministry.decider, **ASKED)
    assert is_told() in " ".join(client.get(alone).content.decode().split()) and is_told() in asked
    _, text = page.send(world.ministry.decider, asked, "suspend")
    assert f"2 licenses were suspended, as shown. {was_told()}" in text
    answer = client.post(of_each, single | {"seen": seen(license.ref)}, follow=True)
    assert f"Suspended. {was_told()}" in unescape(answer.content.decode())
    _, text = page(other, **ASKED)
    assert is_told() in text
    page.send(other, text, "lift", reason="Looked into")
    relay()
    mails = Mail.objects.filter(recipients__contains=address, subject__contains="suspen")
    told = Counter(mails.values_list("subject", flat=True))
    assert told == {
        f"{license.ref}: suspended": 2,
        f"{license.ref}: a suspension was lifted": 2,
        f"{second.ref}: suspended": 1,
        f"{second.ref}: a suspension was lifted": 1,
    }
    client.force_login(world.exporter.user)
    history = client.get(reverse("license", args=[license.ref])).content.decode()
    assert all(reason in history for reason in ("Diverted goods", "Forged papers", "Looked into"))


def test_each_holder_is_counted_once_however_many_licenses_are_hit(world, license, page):
    stranger = make.exporter(world.ministry, "Other Magnets Co., Ltd.")
    world.license(kilograms=10)
    _, asked = page(world.ministry.decider, **ASKED)
    assert is_told(1) in asked
    replace(world, exporter=stranger).license(kilograms=10)
    _, asked = page(world.ministry.decider, **ASKED)
    assert is_told(2) in asked
    _, text = page.send(world.ministry.decider, asked, "suspend")
    assert f"3 licenses were suspended, as shown. {was_told(2)}" in text
    _, text = page(world.ministry.other_decider, **ASKED)
    assert is_told(2) in text


def test_what_changed_since_is_told_and_the_reason_stays_typed(world, license, page):
    _, text = page(world.ministry.decider, **ASKED)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.other_decider)
    new = world.license(kilograms=10)
    status, text = page.send(world.ministry.decider, text, "suspend")
    assert status == 412
    assert f"{new.ref} is hit now, too." in text
    assert f"Something happened to {license.ref}." in text
    assert f'<b>Suspended</b> <span class="muted">{world.ministry.other_decider.user}' in text
    assert "Diverted goods</textarea>" in text
    assert not Suspension.objects.filter(license=new).exists()
    assert page.send(world.ministry.decider, text, "suspend")[0] == 200  # as it is shown now


def test_a_reason_is_asked_for(world, license, page):
    _, text = page(world.ministry.decider, **ASKED)
    status, text = page.send(world.ministry.decider, text, "suspend", reason="")
    assert (status, Suspension.objects.count()) == (422, 0)
    assert 'id="id_suspend_reason"' in text


@pytest.mark.parametrize("shown", ["", "EL-1", "EL-1:x", "EL-1:1,EL-2:2"])
def test_what_was_shown_is_what_the_page_carried(world, license, page, shown):
    _, text = page(world.ministry.decider, **ASKED)
    assert page.send(world.ministry.decider, text, "suspend", shown=shown)[0] == 422
    assert not Suspension.objects.exists()


def test_what_he_opened_himself_is_listed_as_left(world, license, page):
    second = world.license(kilograms=10)
    licenses.suspend(second.ref, seen=seen(second.ref), reason="Inspection", by=world.ministry.other_decider)
    suspended(world, MAGNETS)
    _, text = page(world.ministry.decider, **ASKED)
    assert "You opened these yourself, so they are left for another officer:" in text
    assert "End 1 cause of enforcement" in text
    status, text = page.send(world.ministry.decider, text, "lift")
    assert (status, "1 cause has ended. 1 that you opened is left for another officer." in text) == (200, True)
    assert Suspension.objects.get(ended_at=None).license == license
    _, text = page(world.ministry.decider, **ASKED)
    assert "What another officer must end" in text
    assert 'value="lift"' not in text


def test_a_page_that_hits_too_many_offers_nothing(world, license, page, monkeypatch):
    world.license(kilograms=10)
    for module in (hitting, enforcement):
        monkeypatch.setattr(module, "MOST_HIT", 1)
    _, text = page(world.ministry.decider, **ASKED)
    assert "More than 1 licenses are hit" in text
    assert 'name="reason"' not in text


def test_an_auditor_reads_what_is_hit_and_is_offered_nothing_to_do(page, world, license, client):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Diverted", by=world.ministry.decider)
    other = world.license(kilograms=10)
    status, text = page(world.ministry.auditor, **ASKED)
    assert status == 200 and license.ref in text and other.ref in text
    assert "Your role only looks at this." in text and 'name="do"' not in text and 'name="reason"' not in text
    assert 'name="do"' in page(world.ministry.decider, **ASKED)[1]
    client.force_login(world.ministry.auditor.user)
    said = {"do": "suspend", "shown": f"{other.ref}:{seen(other.ref)}", "reason": "x"} | ASKED
    assert client.post(reverse("desk.enforcement"), said).status_code == 403
    assert not Suspension.objects.filter(license=other).exists()
