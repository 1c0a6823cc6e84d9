"""What happened at the border, to a reservation or to a license reaches its holder's overview, for a fortnight."""

from datetime import timedelta
from html import unescape

import pytest

from core.access import clock as by_clock
from core.legal_time import legal_today
from core.templatetags.lodestone import day
from licensing.actions import licenses, verdicts
from licensing.models import License, Verdict
from shipments import actions
from shipments.actions import ClearedLine, incidents
from shipments.models import Incident
from tests import make
from tests.licensing.test_turns import government
from tests.make import needs_of, seen

KG = 1000


@pytest.fixture
def large(world):
    return world.license(kilograms=1_000)


def looks(actor):
    """{title: (text, address)} of all that wants a look: a report that is due by and by is something to do."""
    needs = [need for need in needs_of(actor) if not need.title.startswith("Report the delivery")]
    return {need.title: (need.text, need.url) for need in needs}


def suspended(world, large):
    licenses.suspend(large.ref, seen=seen(large.ref), reason="Inspection", by=world.ministry.decider)


@pytest.mark.parametrize(
    ("kilograms", "final", "said"),
    [(398, True, "398 kg of 400 kg"), (402, True, "402 kg of 400 kg"), (100, False, "100 kg of 400 kg")],
)
def test_a_clearance_that_differs_from_its_reservation_is_told(kilograms, final, said, world, large):
    shipment = world.shipment(large, 400 * KG)
    world.clear(shipment.ref, kilograms * KG, final=final)
    assert looks(world.exporter) == {
        "Cleared otherwise than reserved": (f"{shipment.ref}: {said}.", f"/shipments/{shipment.ref}/")
    }
    assert looks(make.exporter(world.ministry, "Other Co., Ltd.")) == {}


def test_what_happened_to_another_company_is_told_to_nobody_else(world, large):
    shipment = world.shipment(large, KG)
    for _ in range(2):
        world.clear(shipment.ref, KG)
    suspended(world, large)
    assert looks(make.exporter(world.ministry, "Other Co., Ltd.")) == {}


def test_a_clearance_as_reserved_is_no_news(world, large):
    world.clear(world.shipment(large, 400 * KG).ref, 400 * KG)
    assert looks(world.exporter) == {}


def test_several_of_one_license_are_told_at_once(world, large):
    for _ in range(3):
        world.clear(world.shipment(large, 100 * KG).ref, 99 * KG)
    text, url = looks(world.exporter)["Cleared otherwise than reserved"]
    assert (text, url) == (f"3 shipments on {large.ref}; the license shows each.", f"/licenses/{large.ref}/")


@pytest.mark.parametrize(("hours", "told"), [(14 * 24 - 1, True), (14 * 24 + 1, False)])
def test_it_is_told_for_a_fortnight(hours, told, world, large, clock):
    world.clear(world.shipment(large, 400 * KG).ref, 398 * KG)
    strange = world.shipment(large, KG)
    world.clear(strange.ref, KG)
    world.clear(strange.ref, KG)  # after the last one
    suspended(world, large)
    cause = large.suspensions.get().pk
    licenses.lift(large.ref, seen=seen(large.ref), suspension=cause, reason="Fine", by=world.ministry.other_decider)
    assert len(looks(world.exporter)) == 3
    clock.shift(hours=hours)
    assert len(looks(world.exporter)) == (3 if told else 0)


def test_of_two_incidents_of_a_shipment_the_first_is_told_for_a_fortnight_only(world, large, clock):
    strange, told = world.shipment(large, KG), []
    world.clear(strange.ref, KG)
    for days in (0, 1, 14):
        clock.shift(days=days)
        world.clear(strange.ref, KG)  # after the last one
        told.append(sum("does not fit" in need.title for need in needs_of(world.exporter)))
    assert told == [1, 2, 2]


def test_a_suspension_is_told_for_as_long_as_it_is_open_and_then_its_end(world, large, clock):
    suspended(world, large)
    title = f"License {large.ref} is suspended"
    assert list(looks(world.exporter)) == [title]
    clock.shift(days=30)
    assert list(looks(world.exporter)) == [title]
    cause = large.suspensions.get().pk
    licenses.lift(large.ref, seen=seen(large.ref), suspension=cause, reason="Fine", by=world.ministry.other_decider)
    assert list(looks(world.exporter)) == [f"License {large.ref} is in force again"]


def test_an_incident_is_told_in_place_of_the_quantities(world, large):
    shipment = world.shipment(large, 400 * KG)
    world.clear(shipment.ref, 400 * KG)
    world.clear(shipment.ref, 7 * KG)
    assert looks(world.exporter) == {
        "Customs reported something that does not fit": (
            f"{shipment.ref}: Cleared after the last clearance. An officer looks at it.",
            f"/shipments/{shipment.ref}/",
        )
    }


def test_an_incident_that_nobody_follows_any_more_is_told_no_more(world, large):
    shipment, by = world.shipment(large, 400 * KG), world.ministry.decider
    world.clear(shipment.ref, 398 * KG)
    for _ in range(2):
        world.clear(shipment.ref, 7 * KG)
    told = []
    for incident in Incident.objects.all():
        told.append(sum("does not fit" in need.title for need in needs_of(world.exporter)))
        incidents.take(incident.ref, seen=0, by=by)
        incidents.end(incident.ref, seen=1, reason="Sent twice.", by=by)
    assert (told, list(looks(world.exporter))) == ([2, 1], ["Cleared otherwise than reserved"])


def test_what_is_over_is_told_and_not_counted(world, large, client):
    """A question of customs and a suspension are things to do; what came of them, and what crossed, is news."""
    client.force_login(world.exporter.user)

    def overview():
        page = client.get("/")
        heading = "Nothing needs you now" if "Nothing needs you now" in page.content.decode() else "needs you"
        kept = [one for one in page.context["needs"] if not one.title.startswith("Report the delivery")]
        return heading, [one.title for one in kept], {one.title for one in page.context["news"]}

    asked, off = world.shipment(large, 400 * KG), world.shipment(large, KG)
    actions.receive(world.message(asked.ref, "questioned", reason="What is it?"), by=world.customs)
    suspended(world, large)
    heading, needs, news = overview()
    assert (heading, len(needs), news) == ("needs you", 2, set())
    actions.officers.answer(asked.ref, seen=seen(asked.ref), reason="Magnets", by=world.ministry.reviewer)
    cause = large.suspensions.get().pk
    licenses.lift(large.ref, seen=seen(large.ref), suspension=cause, reason="Fine", by=world.ministry.other_decider)
    actions.receive(world.message(off.ref, "rejected", reason="No papers"), by=world.customs)
    assert overview() == (
        "Nothing needs you now",
        [],
        {f"License {large.ref} is in force again", "Rejected by customs"},
    )
    world.clear(asked.ref, 398 * KG)
    _, needs, news = overview()
    assert (needs, "Cleared otherwise than reserved" in news) == ([], True)


@pytest.mark.slow
@pytest.mark.parametrize("days", [0, 1])
def test_of_much_news_the_latest_is_told_and_that_there_is_more(days, world, large, client, clock):
    client.force_login(world.exporter.user)
    rows = [world.shipment(large, KG) for _ in range(11)]
    for row in rows:
        page = client.get("/")
        assert "The latest 10" not in page.content.decode()
        actions.receive(world.message(row.ref, "rejected", reason="No papers"), by=world.customs)
        clock.shift(days=days)
    page = client.get("/")
    assert [one.text for one in page.context["news"]] == [f"{row.ref}: No papers" for row in rows[:0:-1]]
    assert "The latest 10 of 11 in 14 days." in page.content.decode()


def test_a_lapsed_reservation_and_the_rest_of_a_license_that_ended_are_told(world, large, clock):
    shipment = world.shipment(large, 400 * KG)
    clock.shift(days=31)
    actions.lapse(shipment.pk, by=by_clock())
    found = looks(world.exporter)
    text, url = found.pop("1 reservation lapsed")
    assert "Cleared otherwise than reserved" not in found
    assert url == f"/shipments/{shipment.ref}/"
    assert text == f"{shipment.ref}: its days were over, and the quantity is free again on {large.ref}."
    clock.shift(days=370)
    licenses.expire(large.pk, by=by_clock())
    text, url = looks(world.exporter)[f"License {large.ref} has ended"]
    assert (text.endswith("and lapsed: 1,000 kg."), url) == (True, f"/licenses/{large.ref}/")


def test_a_reservation_that_lasts_as_long_as_its_license_lapses_with_it(world, large, clock, client):
    client.force_login(world.exporter.user)

    def shown(shipment):
        return unescape(client.get(f"/shipments/{shipment.ref}/cancel/").content.decode())

    days = (large.usable_until - legal_today()).days
    clock.shift(days=days)
    forgotten, off = world.shipment(large, 400 * KG), world.shipment(large, 100 * KG)
    assert "Free again on" in shown(off)
    clock.shift(days=days + 1)
    assert "Lapses with" in shown(off)
    page = client.post(f"/shipments/{off.ref}/cancel/", follow=True)
    assert [str(message) for message in page.context["messages"]] == [
        "Cancelled. The license is over, so its quantity has lapsed."
    ]
    said = f"{forgotten.ref}: its days were over, and so is {large.ref}; what it had left lapsed with it."
    actions.lapse(forgotten.pk, by=by_clock())
    assert looks(world.exporter)["1 reservation lapsed"][0] == said
    licenses.expire(large.pk, by=by_clock())
    assert looks(world.exporter)["1 reservation lapsed"][0] == said


def test_what_is_cancelled_in_its_licenses_days_is_free_again(world, large, client):
    client.force_login(world.exporter.user)
    page = client.post(f"/shipments/{world.shipment(large, KG).ref}/cancel/", follow=True)
    assert [str(message) for message in page.context["messages"]] == ["Cancelled. Its quantity is free again."]


def test_a_license_that_ended_with_nothing_left_is_no_news(world, large):
    world.clear(world.shipment(large, 1_000 * KG).ref, 1_000 * KG)
    large.refresh_from_db()
    assert (large.state, looks(world.exporter)) == ("exhausted", {})


def test_the_most_pressing_stands_first(world, large):
    world.clear(world.shipment(large, 400 * KG).ref, 398 * KG)
    suspended(world, large)
    first, second = needs_of(world.exporter)
    assert (first.due_on, first.tone) == (legal_today(), "red")
    assert (second.due_on - legal_today()).days == 14


@pytest.mark.slow
def test_the_overview_asks_the_same_for_one_and_three(world, large, django_assert_num_queries):
    def more():
        world.clear(world.shipment(large, 10 * KG).ref, 9 * KG)
        twice = world.shipment(large, KG)
        world.clear(twice.ref, KG)
        world.clear(twice.ref, KG)
        suspended(world, world.license(kilograms=10))

    more()
    with django_assert_num_queries(9):
        needs_of(world.exporter)
    more()
    more()
    with django_assert_num_queries(9):
        needs_of(world.exporter)


def test_the_licenses_page_tells_used_clearances_from_reserved_ones(world, large, client):
    world.clear(world.shipment(large, 100 * KG).ref, 98 * KG)
    world.shipment(large, 50 * KG)
    actions.cancel(world.shipment(large, 20 * KG).ref, by=world.exporter)
    client.force_login(world.exporter.user)
    page = client.get(f"/licenses/{large.ref}/")
    text = " ".join(unescape(page.content.decode()).split())
    assert "2 taken, no limit" in text
    assert "1 used at the border, 1 reserved" in text
    assert '<b class="sig warn">98 kg</b>' in text


def test_a_license_that_is_suspended_again_is_not_told_to_be_back(world, large):
    m = world.ministry
    suspended(world, large)
    cause = large.suspensions.get().pk
    licenses.lift(large.ref, seen=seen(large.ref), suspension=cause, reason="Cleared up.", by=m.other_decider)
    assert [title for title in looks(world.exporter) if "force again" in title]
    suspended(world, large)
    assert not [title for title in looks(world.exporter) if "force again" in title]


def test_a_license_that_may_not_be_used_yet_is_not_in_force_again(world):
    m, license = world.ministry, world.license(kilograms=10)
    first = legal_today() + timedelta(days=9)
    License.objects.filter(pk=license.pk).update(usable_from=first)
    suspended(world, license)
    licenses.lift(
        license.ref, seen=seen(license.ref), suspension=license.suspensions.get().pk, reason="No.", by=m.other_decider
    )
    text, _url = looks(world.exporter)[f"License {license.ref} is not suspended any more"]
    assert text == f"No cause is open since {day(legal_today())}. It can be used from {day(first)} on."


@pytest.mark.parametrize("closed", [False, True])
def test_a_license_that_is_back_for_some_of_its_end_users_says_so(closed, world):
    m, license = world.ministry, world.license(kilograms=10, users=2)
    if closed:
        row = Verdict.objects.get(end_user=license.end_users.last())
        Verdict.objects.filter(pk=row.pk).update(facts={**row.facts, "end_user.class": "government"})
        make.edition(government)
        verdicts.turn(license.pk, by=by_clock())
    suspended(world, license)
    cause = license.suspensions.get(end_user=None).pk
    licenses.lift(license.ref, seen=seen(license.ref), suspension=cause, reason="Cleared up.", by=m.other_decider)
    (text,) = [text for title, (text, _) in looks(world.exporter).items() if "force again" in title]
    if closed:
        assert text == f"For some of its end-users, since {day(legal_today())}; for the others it is still closed."
    else:
        assert text == f"No cause is open since {day(legal_today())}."


def test_a_license_is_suspended_since_its_first_open_cause(world, large, clock):
    first = legal_today()
    suspended(world, large)
    clock.shift(days=3)
    suspended(world, large)
    (text,) = [need.text for need in needs_of(world.exporter) if "is suspended" in need.title]
    assert day(first) in text


def test_an_exporter_does_not_read_who_suspended_his_license(world, large, client):
    suspended(world, large)
    name = str(world.ministry.decider.user)
    reads = []
    for actor, path in ((world.exporter, "/licenses/"), (world.ministry.other_decider, "/desk/licenses/")):
        client.force_login(actor.user)
        reads.append(name in unescape(client.get(f"{path}{large.ref}/").content.decode()))
    assert reads == [False, True]


def test_what_customs_and_officers_did_since_is_told_and_the_last_of_it_only(world, large):
    shipment = world.shipment(large, 400 * KG)
    where = f"/shipments/{shipment.ref}/"
    actions.receive(world.message(shipment.ref, "questioned", reason="What is it?"), by=world.customs)
    asked = {"Customs has a question, and holds the goods": (f"{shipment.ref}: What is it?", where)}
    assert looks(world.exporter) == asked
    actions.officers.answer(shipment.ref, seen=seen(shipment.ref), reason="Magnets", by=world.ministry.reviewer)
    assert looks(world.exporter) == {}
    cleared = world.clear(shipment.ref, 400 * KG)
    facts = {"corrects": cleared.message.message_id, "reason": "Weighed", "lines": [ClearedLine(1, 390 * KG, "kg")]}
    actions.receive(world.message(shipment.ref, "corrected", **facts), by=world.customs)
    assert looks(world.exporter) == {"Customs corrected a clearance": (f"{shipment.ref}: Weighed", where)}
    facts = {"reimport_no": "530120269000000001", "lines": [ClearedLine(1, 390 * KG, "kg")]}
    actions.receive(world.message(shipment.ref, "returned", **facts), by=world.customs)
    assert looks(world.exporter) == {"Goods came back": (shipment.ref, where)}


def test_a_license_that_was_used_up_and_is_in_force_again_is_told(world, large):
    shipment = world.shipment(large, 1_000 * KG)
    cleared = world.clear(shipment.ref, 1_000 * KG)
    facts = {"corrects": cleared.message.message_id, "reason": "Weighed", "lines": [ClearedLine(1, 990 * KG, "kg")]}
    actions.receive(world.message(shipment.ref, "corrected", **facts), by=world.customs)
    text, url = looks(world.exporter)[f"License {large.ref} is in force again"]
    assert (text, url) == (f"Something of it came free, {day(legal_today())}.", f"/licenses/{large.ref}/")
