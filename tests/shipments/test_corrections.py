"""What customs says beyond declared and cleared, and what officers do: questions, corrections, goods that come back."""

from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.local import demo
from core.access import clock as sweeper
from core.deliveries import relay
from core.errors import DomainError, Forbidden, NotFound
from core.history import lines_of
from core.legal_time import legal_now, legal_today
from core.models import Mail
from core.telling import told
from licensing import books, tasks
from licensing.actions import licenses
from licensing.models import License
from licensing.models.balances import Ceiling, LicenseLine, Movement
from licensing.selectors import clearances, clearances_taken
from shipments.actions import ClearedLine, LineRequest, cancel, deliver, depart, officers, receive
from shipments.models import CustomsMessage, Incident, Resolution, Return, Shipment
from tests import make
from tests.again import again
from tests.make import seen, tolerance

KG = 1000


def kinds(receipt):
    return [incident.kind for incident in receipt.incidents]


def say(world, shipment, event, **changes):
    return receive(world.message(shipment.ref, event, **changes), by=world.customs)


def correct(world, shipment, cleared, grams, number=1, **changes):
    """grams: what crossed on that line of the license, after all."""
    facts = {"corrects": cleared.message.message_id, "declaration_no": cleared.message.declaration_no}
    lines = [ClearedLine(number, grams, "kg")]
    return say(world, shipment, "corrected", reason="Weighed again", **{**facts, "lines": lines, **changes})


def come_back(world, shipment, grams, number=1, **changes):
    lines = [ClearedLine(number, grams, "kg")]
    return say(world, shipment, "returned", **{"reimport_no": "530120269000000001", "lines": lines, **changes})


def decide(world, shipment, verb="approve_return", by=None):
    which = Return.objects.filter(decided_at=None).first().pk
    by = by or world.ministry.decider
    return getattr(officers, verb)(shipment.ref, seen=seen(shipment.ref), which=which, reason="Looked at", by=by)


def balance(license=None, number=1):
    line = LicenseLine.objects.get(number=number, **({"license": license} if license else {}))
    names = ("reserved", "drawn", "over_cleared", "credited", "lapsed", "available")
    return {name: getattr(line, name) // KG for name in names if getattr(line, name)}


def figures(shipment, number=1):
    line = shipment.lines.get(line_number=number)
    names = ("held", "drawn", "released", "over_cleared", "returned", "credited")
    return {name: getattr(line, name) // KG for name in names if getattr(line, name)}


@pytest.fixture(autouse=True)
def reconciled(db):
    yield
    assert books.drift() == []


@pytest.fixture
def cleared(world):
    """1,000 kg on a license, of which a shipment cleared 400: (license, shipment, receipt)."""
    license = world.license(kilograms=1_000)
    shipment = world.shipment(license, 400 * KG)
    return license, shipment, world.clear(shipment.ref, 400 * KG)


def state(row):
    row.refresh_from_db()
    return row.state


# questions


def test_customs_asks_and_the_ministry_answers(world):
    shipment = world.shipment(world.license(kilograms=1_000), 400 * KG)
    say(world, shipment, "declared")
    say(world, shipment, "questioned", reason="Are these magnets?")
    assert (state(shipment), balance()) == ("questioned", {"reserved": 400, "available": 600})
    officers.answer(shipment.ref, seen=seen(shipment.ref), reason="They are", by=world.ministry.reviewer)
    assert state(shipment) == "declared"
    assert [(line.verb, line.reason) for line in lines_of(shipment)][-2:] == [
        ("question", "Are these magnets?"),
        ("answer", "They are"),
    ]


def test_a_question_that_comes_before_its_declaration_declares(world):
    shipment = world.shipment(world.license(kilograms=1_000), 400 * KG)
    asked = world.message(shipment.ref, "questioned", reason="What is it?")
    receive(asked, by=world.customs)
    assert (state(shipment), shipment.declaration_no) == ("questioned", asked.declaration_no)
    say(world, shipment, "declared", declaration_no=asked.declaration_no)
    assert state(shipment) == "questioned"


def test_what_is_questioned_may_be_cleared(world):
    shipment = world.shipment(world.license(kilograms=1_000), 400 * KG)
    say(world, shipment, "questioned", reason="What is it?")
    world.clear(shipment.ref, 400 * KG)
    assert state(shipment) == "cleared"


def test_a_question_about_what_is_cleared_is_recorded_and_moves_nothing(world, cleared):
    _, shipment, _ = cleared
    say(world, shipment, "questioned", reason="Was it right?")
    assert state(shipment) == "cleared"
    assert lines_of(shipment).last().reason == "Was it right?"


# rejections


@pytest.mark.parametrize("before", [[], ["declared"], ["questioned"]])
def test_what_is_rejected_gives_back_all_that_it_held_and_its_clearance(world, before):
    license = world.license(kind="per_shipment", kilograms=1_000)
    shipment = world.shipment(license, 400 * KG)
    for event in before:
        say(world, shipment, event, reason="?")
    assert kinds(say(world, shipment, "rejected", reason="Misdeclared")) == []
    assert (state(shipment), figures(shipment)) == ("rejected", {"released": 400})
    assert (balance(), clearances_taken([license])) == ({"available": 1_000}, {license.pk: 0})
    assert lines_of(shipment).last().reason == "Misdeclared"


def test_what_was_cleared_is_not_rejected(world, cleared):
    _, shipment, _ = cleared
    assert kinds(say(world, shipment, "rejected")) == ["cleared_and_rejected"]
    assert (state(shipment), balance()) == ("cleared", {"drawn": 400, "available": 600})


def test_what_was_rejected_and_crosses_is_booked_and_is_a_clearance(world):
    license = world.license(kind="per_shipment", kilograms=1_000)
    shipment = world.shipment(license, 400 * KG)
    say(world, shipment, "rejected")
    assert kinds(world.clear(shipment.ref, 400 * KG)) == ["cleared_and_rejected"]
    assert (state(shipment), figures(shipment)) == ("rejected", {"drawn": 400, "released": 400})
    assert clearances_taken([license]) == {license.pk: 1}


def test_rejected_twice_is_recorded_once_more(world):
    shipment = world.shipment(world.license(kilograms=1_000), 400 * KG)
    for _ in range(2):
        assert kinds(say(world, shipment, "rejected")) == []
    assert figures(shipment) == {"released": 400}


def test_the_last_reservation_that_is_rejected_ends_a_license_whose_last_shipment_was_cleared(world):
    license = world.license(kilograms=1_000)
    other, last = world.shipment(license, 100 * KG), world.shipment(license, 400 * KG, final=True)
    world.clear(last.ref, 400 * KG)
    assert state(license) == "active"
    say(world, other, "rejected")
    assert state(license) == "exhausted"


# closing out


@pytest.mark.parametrize("event", ["declared", "questioned"])
def test_what_customs_does_not_come_back_to_is_closed_out(world, event):
    license = world.license(kind="per_shipment", kilograms=1_000)
    shipment = world.shipment(license, 400 * KG)
    say(world, shipment, event, reason="?")
    officers.close_out(shipment.ref, seen=seen(shipment.ref), reason="Silence", by=world.ministry.decider)
    assert (state(shipment), figures(shipment), balance()) == ("cancelled", {"released": 400}, {"available": 1_000})
    assert clearances_taken([license]) == {license.pk: 0}


def test_what_was_cleared_in_part_is_closed_out_with_that_part(world):
    license = world.license(kind="per_shipment", kilograms=1_000)
    shipment = world.shipment(license, 400 * KG)
    world.clear(shipment.ref, 100 * KG, final=False)
    officers.close_out(shipment.ref, seen=seen(shipment.ref), reason="Silence", by=world.ministry.decider)
    assert (state(shipment), figures(shipment)) == ("cleared", {"drawn": 100, "released": 300})
    assert (state(license), clearances_taken([license])) == ("exhausted", {license.pk: 1})


def test_the_last_shipment_that_is_closed_out_ends_the_license(world):
    license = world.license(kilograms=1_000)
    shipment = world.shipment(license, 400 * KG, final=True)
    world.clear(shipment.ref, 100 * KG, final=False)
    officers.close_out(shipment.ref, seen=seen(shipment.ref), reason="Silence", by=world.ministry.decider)
    assert (state(license), balance()) == ("exhausted", {"drawn": 100, "lapsed": 900})


def test_what_was_closed_out_and_crosses_is_booked(world):
    shipment = world.shipment(world.license(kilograms=1_000), 400 * KG)
    say(world, shipment, "declared")
    officers.close_out(shipment.ref, seen=seen(shipment.ref), reason="Silence", by=world.ministry.decider)
    assert kinds(world.clear(shipment.ref, 400 * KG)) == ["reservation_gone"]
    assert (state(shipment), balance()) == ("cleared", {"drawn": 400, "available": 600})


# corrections


def test_a_correction_says_what_crossed_and_each_stands_on_the_one_before(world, cleared):
    _license, shipment, first = cleared
    less = correct(world, shipment, first, 390 * KG)
    assert (less.shipment.state, figures(shipment), balance()) == (
        "cleared",
        {"drawn": 390},
        {"drawn": 390, "available": 610},
    )
    correct(world, shipment, first, 395 * KG)
    correct(world, shipment, less, 405 * KG)  # names a correction: what that corrected
    assert (figures(shipment), balance()) == ({"drawn": 405}, {"drawn": 405, "available": 595})
    stood = Resolution.objects.order_by("pk")
    assert [(one.quantity // KG, one.drawn // KG, one.before // KG) for one in stood] == [
        (400, 400, 0),
        (390, -10, 400),
        (395, 5, 390),
        (405, 10, 395),
    ]
    posted = Movement.objects.filter(kind="adjust").order_by("id")
    assert list(posted.values_list("quantity", "available_after", "shipment_ref")) == [
        (-10 * KG, 610 * KG, shipment.ref),
        (5 * KG, 605 * KG, shipment.ref),
        (10 * KG, 595 * KG, shipment.ref),
    ]


def test_each_clearance_of_a_shipment_is_corrected_for_itself(world):
    shipment = world.shipment(world.license(kilograms=1_000), 400 * KG)
    first = world.clear(shipment.ref, 100 * KG, final=False)
    second = world.clear(shipment.ref, 300 * KG)
    correct(world, shipment, second, 200 * KG)
    correct(world, shipment, first, 90 * KG)
    assert figures(shipment) == {"drawn": 290}


def test_a_correction_may_say_that_nothing_crossed(world, cleared):
    _, shipment, first = cleared
    correct(world, shipment, first, 0)
    assert (figures(shipment), balance()) == ({}, {"available": 1_000})


def test_a_correction_of_an_unknown_message_is_refused(world, cleared):
    license, shipment, first = cleared
    other = world.shipment(license, KG)
    elsewhere = world.clear(other.ref, KG)
    declared = say(world, shipment, "declared")
    for wrong in ("NONE", elsewhere.message.message_id, declared.message.message_id):
        with pytest.raises(DomainError) as refused:
            correct(world, shipment, first, KG, corrects=wrong)
        assert [(one.pointer, one.code) for one in refused.value.errors] == [("/corrects", "unknown-reference")]
    assert figures(shipment) == {"drawn": 400}


def test_the_messages_of_another_source_are_not_known(world, cleared):
    _, shipment, first = cleared
    facts = {"corrects": first.message.message_id, "reason": "x", "lines": [ClearedLine(1, KG, "kg")]}
    with pytest.raises(DomainError):
        receive(world.message(shipment.ref, "corrected", **facts), by=make.customs())


def test_upward_takes_what_is_held_then_what_is_free_then_tolerance_then_goes_beyond(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 50 * KG)
    part = world.clear(shipment.ref, 20 * KG, final=False)
    correct(world, shipment, part, 35 * KG)
    assert (figures(shipment), balance()) == (
        {"held": 15, "drawn": 35},
        {"reserved": 15, "drawn": 35, "available": 50},
    )
    assert books.drift() == []
    more = correct(world, shipment, part, 120 * KG)
    assert kinds(more) == ["over_cleared"]
    assert (figures(shipment), balance()) == ({"drawn": 100, "over_cleared": 20}, {"drawn": 100, "over_cleared": 20})
    assert state(license) == "suspended"
    assert license.suspensions.get().cause == "over_clearance"


def test_upward_uses_tolerance_once_before_it_goes_beyond(world):
    license = world.license(kilograms=100, tolerance=tolerance("pct_line", "5"))
    shipment = world.shipment(license, 100 * KG)
    first = world.clear(shipment.ref, 98 * KG, final=False)
    assert kinds(correct(world, shipment, first, 104 * KG)) == []
    assert balance() == {"drawn": 104, "available": -4}
    assert kinds(correct(world, shipment, first, 107 * KG)) == ["over_cleared"]
    assert balance() == {"drawn": 105, "over_cleared": 2, "available": -5}


def test_downward_gives_back_first_what_went_beyond(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 100 * KG)
    first = world.clear(shipment.ref, 110 * KG)
    less = correct(world, shipment, first, 104 * KG)
    assert (kinds(less), balance()) == ([], {"drawn": 100, "over_cleared": 4})
    correct(world, shipment, first, 97 * KG)
    assert (figures(shipment), balance()) == ({"drawn": 97}, {"drawn": 97, "available": 3})
    over = Movement.objects.filter(kind="over_clear").order_by("id")
    assert list(over.values_list("quantity", flat=True)) == [10 * KG, -6 * KG, -4 * KG]
    assert state(license) == "suspended"  # a decider ends that


def test_room_that_a_correction_makes_is_found_for_what_others_have_beyond(world):
    license = world.license(kilograms=100)
    first, second = world.shipment(license, 90 * KG), world.shipment(license, 10 * KG)
    cleared = world.clear(first.ref, 90 * KG)
    world.clear(second.ref, 16 * KG)
    assert (figures(second), balance()) == ({"drawn": 10, "over_cleared": 6}, {"drawn": 100, "over_cleared": 6})
    correct(world, first, cleared, 86 * KG)
    assert (figures(first), figures(second)) == ({"drawn": 86}, {"drawn": 14, "over_cleared": 2})
    assert balance() == {"drawn": 100, "over_cleared": 2}
    assert lines_of(second).last().verb == "absorb"
    correct(world, first, cleared, 80 * KG)
    assert (figures(second), balance()) == ({"drawn": 16}, {"drawn": 96, "available": 4})


def test_goods_that_were_another_line_are_put_right(world):
    signed = [world.declaration(codes=("1C905.a.4", "1C904.a.4"))]
    goods = [(code, "NdFeB magnets", 100) for code in ("1C905.a.4", "1C904.a.4")]
    ref = demo.application(world.exporter, "annual", goods, signed, make.unique("K-"))
    license = demo.issued(world.exporter, ref, world.ministry, signed)
    shipment = world.shipment(license, 10 * KG)
    first = world.clear(shipment.ref, 10 * KG)
    lines = [ClearedLine(1, 0, "kg"), ClearedLine(2, 10 * KG, "kg")]
    correct(world, shipment, first, 0, lines=lines)
    assert (figures(shipment), figures(shipment, 2)) == ({}, {"drawn": 10})
    correct(world, shipment, first, 8 * KG, number=2)
    assert balance(number=2) == {"drawn": 8, "available": 92}


def test_a_correction_on_a_line_the_license_does_not_have_opens_an_incident(world, cleared):
    _, shipment, first = cleared
    lines = [ClearedLine(1, 399 * KG, "kg"), ClearedLine(9, KG, "kg")]
    assert kinds(correct(world, shipment, first, 0, lines=lines)) == ["unknown_line"]
    assert figures(shipment) == {"drawn": 399}


def expired(world, clock):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 60 * KG)
    first = world.clear(shipment.ref, 60 * KG)
    clock.shift(days=(license.usable_until - legal_today()).days + 1)
    assert licenses.expire(license.pk, by=sweeper()) is True
    return license, shipment, first


def test_a_license_that_has_ended_is_corrected_too_and_what_comes_free_lapses(world, clock):
    license, shipment, first = expired(world, clock)
    correct(world, shipment, first, 55 * KG)
    assert (state(license), balance()) == ("expired", {"drawn": 55, "lapsed": 45})
    assert len(set(Movement.objects.order_by("-seq").values_list("at", flat=True)[:2])) == 1


@pytest.mark.parametrize(
    ("own", "after"),
    [(True, {"drawn": 65, "lapsed": 35}), (False, {"drawn": 60, "over_cleared": 5, "lapsed": 40})],
)
def test_upward_takes_back_what_lapsed_where_its_declaration_was_lawful(world, clock, own, after):
    license, shipment, first = expired(world, clock)
    number = {} if own else {"declaration_no": "530120260999999999"}
    correct(world, shipment, first, 65 * KG, **number)
    assert balance() == after
    assert state(license) == "expired"


def test_a_license_that_was_used_up_is_in_force_again_after_a_correction(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 100 * KG)
    first = world.clear(shipment.ref, 100 * KG)
    assert state(license) == "exhausted"
    correct(world, shipment, first, 95 * KG)
    assert (state(license), balance()) == ("active", {"drawn": 95, "available": 5})
    kinds_ = Movement.objects.filter(license_id=license.pk).order_by("id").values_list("kind", flat=True)
    assert list(kinds_)[-3:] == ["adjust", "lapse", "unlapse"]
    assert world.clear(world.shipment(license, 5 * KG).ref, 5 * KG).incidents == []
    assert state(license) == "exhausted"


@again
def used_up_and_beyond(world):
    """A license that was used up, and on which something that had been cancelled was cleared after that."""
    license = world.license(kilograms=100)
    gone = world.shipment(license, 10 * KG)
    cancel(gone.ref, by=world.exporter)
    shipment = world.shipment(license, 100 * KG)
    world.clear(shipment.ref, 100 * KG)
    assert kinds(world.clear(gone.ref, 10 * KG))[-1] == "over_cleared"
    assert (state(license), license.suspensions.count()) == ("exhausted", 0)
    return license, shipment, gone


def test_what_went_beyond_while_it_was_used_up_stops_a_license_that_is_in_force_again(world):
    license, shipment, gone = used_up_and_beyond(world)
    come_back(world, shipment, 20 * KG)
    decide(world, shipment)
    assert (state(license), balance()["over_cleared"]) == ("suspended", 10)
    cause = license.suspensions.get()
    assert (cause.cause, cause.facts) == ("over_clearance", {"shipment": gone.ref})
    with pytest.raises(DomainError):
        world.shipment(license, KG)
    facts = {"seen": seen(license.ref), "suspension": cause.pk, "reason": "Fined", "by": world.ministry.decider}
    assert licenses.lift(license.ref, **facts).state == "active"
    world.clear(world.shipment(license, 20 * KG).ref, 20 * KG)
    assert state(license) == "exhausted"
    come_back(world, shipment, 5 * KG, reimport_no="530120269000000002")
    decide(world, shipment)
    assert (state(license), license.suspensions.count()) == ("active", 1)  # nothing crossed beyond it since


@pytest.mark.parametrize(("which", "left"), [("gone", 0), ("shipment", 90)])
def test_what_a_correction_made_room_for_stops_nothing_when_the_license_is_in_force_again(world, which, left):
    """Of what went beyond itself, or of what had left it no room."""
    license, shipment, gone = used_up_and_beyond(world)
    wrong = {"gone": gone, "shipment": shipment}[which]
    first = CustomsMessage.objects.get(shipment=wrong, event="cleared")
    facts = {"corrects": first.message_id, "lines": [ClearedLine(1, left * KG, "kg")], "reason": "Weighed again"}
    say(world, wrong, "corrected", **facts)
    come_back(world, shipment, 20 * KG)
    decide(world, shipment)
    assert (state(license), license.suspensions.count()) == ("active", 0)


@pytest.mark.parametrize(("left", "stands", "causes"), [(0, "active", ["gone"]), (2, "suspended", ["gone", "other"])])
def test_what_was_corrected_since_the_last_cause_counts_as_it_stands(world, left, stands, causes):
    """100 kg; 10 of one shipment beyond it, which an officer ended; then 5 of another, of which customs says `left`."""
    license = world.license(kilograms=100)
    named = {"gone": world.shipment(license, 10 * KG), "other": world.shipment(license, 5 * KG)}
    for one in named.values():
        cancel(one.ref, by=world.exporter)
    shipment = world.shipment(license, 100 * KG)
    world.clear(shipment.ref, 100 * KG)
    world.clear(named["gone"].ref, 10 * KG)
    come_back(world, shipment, 20 * KG)
    decide(world, shipment)
    facts = {"seen": seen(license.ref), "suspension": license.suspensions.get().pk, "reason": "Fined"}
    licenses.lift(license.ref, by=world.ministry.decider, **facts)
    world.clear(world.shipment(license, 20 * KG).ref, 20 * KG)
    beyond = world.clear(named["other"].ref, 5 * KG)
    assert (state(license), balance()) == ("exhausted", {"drawn": 120, "credited": 20, "over_cleared": 15})
    correct(world, named["other"], beyond, left * KG)
    assert balance()["over_cleared"] == 10 + left
    come_back(world, shipment, 5 * KG, reimport_no="530120269000000002")
    decide(world, shipment)
    assert state(license) == stands
    told = [cause.facts["shipment"] for cause in license.suspensions.order_by("pk")]
    assert told == [named[name].ref for name in causes]


def test_a_correction_upward_uses_a_license_up(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 95 * KG)
    first = world.clear(shipment.ref, 95 * KG)
    correct(world, shipment, first, 100 * KG)
    assert state(license) == "exhausted"


@pytest.mark.parametrize("kind", ["per_shipment", "annual"])
def test_where_nothing_more_may_cross_what_comes_free_lapses(world, kind):
    license = world.license(kind=kind, kilograms=100)
    shipment = world.shipment(license, 90 * KG, final=kind == "annual")
    first = world.clear(shipment.ref, 90 * KG)
    correct(world, shipment, first, 80 * KG)
    assert (state(license), balance()) == ("exhausted", {"drawn": 80, "lapsed": 20})


def test_after_its_last_day_a_license_stays_used_up(world, clock):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 100 * KG)
    first = world.clear(shipment.ref, 100 * KG)
    left = (license.usable_until - legal_today()).days
    clock.shift(days=left)
    correct(world, shipment, first, 95 * KG)
    assert state(license) == "active"  # on its last day
    correct(world, shipment, first, 100 * KG)
    clock.shift(days=left + 1)
    correct(world, shipment, first, 90 * KG)
    assert (state(license), balance()) == ("exhausted", {"drawn": 90, "lapsed": 10})


def test_after_it_was_reopened_a_declaration_is_lawful_again(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 100 * KG)
    first = world.clear(shipment.ref, 100 * KG)
    between = legal_now()
    correct(world, shipment, first, 50 * KG)
    again = world.shipment(license, 10 * KG)
    assert kinds(say(world, again, "declared", declared_at=between)) == ["license_not_usable"]
    assert kinds(say(world, again, "declared")) == []


# returns


def test_what_came_back_is_on_the_license_when_an_officer_approves(world, cleared):
    _, shipment, _ = cleared
    come_back(world, shipment, 100 * KG)
    assert (state(shipment), figures(shipment), balance()) == (
        "cleared",
        {"drawn": 400, "returned": 100},
        {"drawn": 400, "available": 600},
    )
    decide(world, shipment)
    assert figures(shipment) == {"drawn": 400, "returned": 100, "credited": 100}
    assert balance() == {"drawn": 400, "credited": 100, "available": 700}
    row = Return.objects.get()
    assert (row.approved, row.decided_by, row.reason) == (True, world.ministry.decider.user, "Looked at")


def test_a_shipment_is_returned_when_all_of_it_came_back(world, cleared):
    _, shipment, _ = cleared
    come_back(world, shipment, 100 * KG)
    come_back(world, shipment, 300 * KG)
    assert state(shipment) == "returned"
    decide(world, shipment)
    decide(world, shipment, "decline_return")
    assert balance() == {"drawn": 400, "credited": 100, "available": 700}
    assert (state(shipment), [row.approved for row in Return.objects.all()]) == ("returned", [True, False])


@pytest.mark.parametrize(
    ("kind", "after", "words"),
    [
        ("annual", {"drawn": 100, "credited": 10, "available": 10}, "is on the license again"),
        ("per_shipment", {"drawn": 100, "credited": 10, "lapsed": 10}, "was credited, and lapsed"),
    ],
)
def test_a_credit_that_lapses_at_once_is_told_as_what_it_is(world, settings, kind, after, words):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    license = world.license(kind=kind, kilograms=100)
    shipment = world.shipment(license, 100 * KG)
    world.clear(shipment.ref, 100 * KG)
    come_back(world, shipment, 10 * KG)
    decide(world, shipment)
    assert balance(license) == after
    assert words in told(lines_of(shipment), world.exporter)[-1].sentence
    relay()
    assert Mail.objects.filter(subject__contains=words).exists()


def test_no_more_comes_back_than_is_out(world, cleared):
    _, shipment, _ = cleared
    come_back(world, shipment, 300 * KG)
    for wrong in (
        {"grams": 100 * KG + 1},
        {"grams": 1, "number": 2},
        {"grams": 1, "lines": [ClearedLine(1, 1, "unit")]},
    ):
        with pytest.raises(DomainError) as refused:
            come_back(world, shipment, **wrong)
        assert [(one.pointer, one.code) for one in refused.value.errors] == [("/lines/0/quantity", "more-than-crossed")]
    assert refused.value.errors[0].message == "Nothing of this line is left to come back."
    assert figures(shipment) == {"drawn": 400, "returned": 300}
    assert Return.objects.count() == 1


def test_nothing_is_corrected_below_what_came_back(world, cleared):
    _, shipment, first = cleared
    come_back(world, shipment, 300 * KG)
    with pytest.raises(DomainError) as refused:
        correct(world, shipment, first, 300 * KG - 1)
    assert [(one.pointer, one.code) for one in refused.value.errors] == [("/lines/0/quantity", "below-returned")]
    correct(world, shipment, first, 300 * KG)
    assert state(shipment) == "returned"


def test_what_came_back_before_the_last_part_was_cleared_is_all_of_it_then(world):
    shipment = world.shipment(world.license(kilograms=1_000), 400 * KG)
    world.clear(shipment.ref, 100 * KG, final=False)
    come_back(world, shipment, 100 * KG)
    assert state(shipment) == "part_cleared"
    lines = [ClearedLine(9, KG, "kg")]
    world.clear(shipment.ref, 0, lines=lines)
    assert state(shipment) == "returned"


def test_what_crosses_after_all_came_back_is_booked_too(world, cleared):
    _, shipment, _ = cleared
    come_back(world, shipment, 400 * KG)
    assert kinds(world.clear(shipment.ref, 7 * KG)) == ["after_final"]
    assert (state(shipment), figures(shipment)) == ("returned", {"drawn": 407, "returned": 400})


def test_what_went_beyond_the_license_is_not_credited(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 100 * KG)
    world.clear(shipment.ref, 110 * KG)
    come_back(world, shipment, 110 * KG)
    decide(world, shipment)
    assert figures(shipment) == {"drawn": 100, "over_cleared": 10, "returned": 110, "credited": 100}
    assert balance() == {"drawn": 100, "over_cleared": 10, "credited": 100, "available": 100}


def test_a_license_that_was_used_up_is_in_force_again_after_an_approved_return(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 100 * KG)
    world.clear(shipment.ref, 100 * KG)
    come_back(world, shipment, 30 * KG)
    assert state(license) == "exhausted"
    decide(world, shipment)
    assert (state(license), balance()) == ("active", {"drawn": 100, "credited": 30, "available": 30})
    assert world.shipment(license, 30 * KG).state == "reserved"


def test_nothing_is_credited_after_the_last_day(world, clock, cleared):
    license, shipment, _ = cleared
    come_back(world, shipment, 100 * KG)
    come_back(world, shipment, 100 * KG)
    left = (license.usable_until - legal_today()).days
    clock.shift(days=left)
    decide(world, shipment)  # on the last day
    clock.shift(days=left + 1)
    with pytest.raises(DomainError) as refused:
        decide(world, shipment)
    assert refused.value.code == "license-expired"
    assert (Return.objects.get(decided_at=None).approved, figures(shipment)) == (
        None,
        {"drawn": 400, "returned": 200, "credited": 100},
    )
    decide(world, shipment, "decline_return")


def test_only_a_decider_decides_and_once(world, cleared):
    _, shipment, _ = cleared
    come_back(world, shipment, 100 * KG)
    for verb in ("approve_return", "decline_return"):
        with pytest.raises(Forbidden):
            decide(world, shipment, verb, by=world.ministry.reviewer)
    decide(world, shipment)
    row = Return.objects.get()
    with pytest.raises(NotFound):
        officers.decline_return(
            shipment.ref, seen=seen(shipment.ref), which=row.pk, reason="x", by=world.ministry.decider
        )
    assert Return.objects.get().approved is True


def test_a_return_of_another_shipment_is_not_decided_here(world, cleared):
    license, shipment, _ = cleared
    other = world.shipment(license, KG)
    come_back(world, shipment, 100 * KG)
    with pytest.raises(NotFound):
        decide(world, other)


def test_what_is_unknown_is_parked_whatever_the_message(world):
    for event in ("questioned", "rejected", "corrected", "returned"):
        receipt = receive(world.message(make.unknown("SH"), event), by=world.customs)
        assert (receipt.status, kinds(receipt)) == (202, ["unknown_shipment"])
    assert Incident.objects.count() == 4


def test_a_cancelled_shipment_may_be_rejected_and_holds_nothing(world):
    license = world.license(kind="per_shipment", kilograms=100)
    shipment = world.shipment(license, 10 * KG)
    cancel(shipment.ref, by=world.exporter)
    say(world, shipment, "rejected")
    assert (state(shipment), clearances_taken([license])) == ("rejected", {license.pk: 0})
    assert Shipment.objects.get().counted is False
    assert License.objects.get().state == "active"


def test_room_is_found_once_and_for_the_oldest_first(world):
    license = world.license(kilograms=100)
    first, second, third = (world.shipment(license, grams * KG) for grams in (80, 10, 10))
    cleared = world.clear(first.ref, 80 * KG)
    world.clear(third.ref, 15 * KG)
    world.clear(second.ref, 15 * KG)
    correct(world, first, cleared, 73 * KG)
    assert (figures(second), figures(third)) == ({"drawn": 15}, {"drawn": 12, "over_cleared": 3})


def test_whom_a_correction_finds_room_for_is_locked_before_its_history_goes_on(world):
    """A report of it takes the shipment alone, and would write the same line."""
    license = world.license(kilograms=100)
    first, other = world.shipment(license, 80 * KG), world.shipment(license, 20 * KG)
    cleared = world.clear(first.ref, 80 * KG)
    world.clear(other.ref, 25 * KG)
    with CaptureQueriesContext(connection) as asked:
        correct(world, first, cleared, 70 * KG)
    held = [one["sql"] for one in asked if one["sql"].endswith("FOR NO KEY UPDATE")]
    assert [sql for sql in held if f"IN ({other.pk})" in sql]
    assert lines_of(other).last().verb == "absorb"


def test_a_correction_that_frees_nothing_reopens_nothing(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 100 * KG)
    first = world.clear(shipment.ref, 100 * KG)
    correct(world, shipment, first, 100 * KG)
    assert state(license) == "exhausted"
    assert lines_of(license).last().verb == "exhaust"


@pytest.mark.parametrize("limited", [None, 5])
def test_goods_that_were_no_line_of_it_are_a_clearance_before_and_after_they_are_put_right(world, limited):
    license = world.license(kilograms=100, max_clearances=limited)
    shipment = world.shipment(license, 10 * KG)
    first = world.clear(shipment.ref, 0, lines=[ClearedLine(9, 10 * KG, "kg")])
    assert clearances([license]) == {license.pk: (1, 1)}
    correct(world, shipment, first, 10 * KG)
    assert clearances([license]) == {license.pk: (1, 1)}


def test_the_last_shipment_of_which_nothing_crossed_ends_nothing(world):
    license = world.license(kilograms=1_000)
    shipment = world.shipment(license, 400 * KG, final=True)
    say(world, shipment, "declared")
    officers.close_out(shipment.ref, seen=seen(shipment.ref), reason="Silence", by=world.ministry.decider)
    assert (state(license), balance()) == ("active", {"available": 1_000})


def test_a_last_shipment_that_is_cleared_of_nothing_ends_the_license_once_something_crossed(world):
    license = world.license(kilograms=1_000)
    shipment = world.shipment(license, 400 * KG, final=True)
    first = world.clear(shipment.ref, 0)
    assert (state(shipment), state(license), balance()) == ("cleared", "active", {"available": 1_000})
    correct(world, shipment, first, 100 * KG)
    assert (state(license), balance()) == ("exhausted", {"drawn": 100, "lapsed": 900})


@pytest.mark.parametrize("final", [False, True])
def test_what_is_cleared_of_a_last_shipment_that_was_rejected_ends_no_license(world, final):
    license = world.license(kilograms=1_000)
    shipment = world.shipment(license, 400 * KG, final=True)
    say(world, shipment, "rejected")
    assert kinds(world.clear(shipment.ref, 100 * KG, final=final)) == ["cleared_and_rejected"]
    assert (state(license), balance()) == ("active", {"available": 900, "drawn": 100})


def test_upward_under_a_declaration_that_was_not_lawful_takes_no_lapse_back(world, clock):
    license, shipment, _ = expired(world, clock)
    late = world.clear(shipment.ref, KG)  # declared after the license's last day
    assert kinds(late) == ["license_not_usable", "after_final", "over_cleared"]
    correct(world, shipment, late, 3 * KG)
    assert balance() == {"drawn": 60, "over_cleared": 3, "lapsed": 40}


# what pages say


def page(client, actor, shipment):
    client.force_login(actor.user)
    path = "shipments" if actor.kind == "exporter" else "desk/shipments"
    answer = client.get(f"/{path}/{shipment.ref}/")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_the_page_of_a_shipment_says_what_customs_asked_and_offers_the_answer_to_officers(world, client):
    shipment = world.shipment(world.license(kilograms=1_000), 400 * KG)
    say(world, shipment, "questioned", reason="Are these magnets?")
    for actor, offered in ((world.exporter, False), (world.ministry.reviewer, True), (world.ministry.decider, True)):
        text = page(client, actor, shipment)
        assert "Customs has a question, and holds the goods" in text
        assert text.count("Are these magnets?") == 2
        assert (f"/desk/shipments/{shipment.ref}/answer/" in text) is offered
    client.force_login(world.ministry.reviewer.user)
    facts = {"reason": "They are", "seen": seen(shipment.ref)}
    assert client.post(f"/desk/shipments/{shipment.ref}/answer/", facts).status_code == 302
    assert "They are" in page(client, world.exporter, shipment)


def test_the_page_says_what_was_corrected_and_came_back_and_a_decider_decides_there(world, client, cleared):
    _, shipment, first = cleared
    correct(world, shipment, first, 390 * KG)
    come_back(world, shipment, 100 * KG)
    text = " ".join(page(client, world.exporter, shipment).split())
    assert "Line 1: 390 kg crossed, and not 400 kg" in text
    assert "An officer decides whether the license has it again." in text
    assert "approve_return" not in text
    address = f"/desk/shipments/{shipment.ref}/approve_return/"
    assert address not in page(client, world.ministry.reviewer, shipment)
    assert address in page(client, world.ministry.decider, shipment)
    facts = {"reason": "Seen at the port", "which": Return.objects.get().pk, "seen": seen(shipment.ref)}
    assert client.post(address, facts).status_code == 302
    text = page(client, world.exporter, shipment)
    assert "The license has it again, as far as it had been drawn." in text
    assert "Seen at the port" in text


def test_after_the_last_day_the_page_offers_to_decline_alone(world, client, clock, cleared):
    license, shipment, _ = cleared
    come_back(world, shipment, 100 * KG)
    clock.shift(days=(license.usable_until - legal_today()).days + 1)
    text = page(client, world.ministry.decider, shipment)
    assert "approve_return" not in text
    assert "decline_return" in text
    assert "The license is not in date, so nothing comes back to it." in text


# --- on every account ---------------------------------------------------------------------------------------


def of_account(license, account):
    one = Ceiling.objects.get(line__license=license, account=account)
    return one.available, one.reserved, one.drawn


def test_what_customs_corrects_stands_on_every_account(world):
    """Value in proportion to what crossed after all, and the end-user's share."""
    license = world.license(kilograms=100, users=2, allotted=[60 * KG], values={1: Decimal("1000.00")})
    paid = [LineRequest(1, 50 * KG, "kg", value=Decimal("500.00"), currency="CNY")]
    shipment = world.shipment(license, lines=paid)
    first = world.clear(shipment.ref, 40 * KG, final=False)
    assert of_account(license, "value") == (500_00, 100_00, 400_00)
    correct(world, shipment, first, 45 * KG)
    assert of_account(license, "value") == (500_00, 50_00, 450_00)
    assert of_account(license, "allotment") == (10 * KG, 5 * KG, 45 * KG)
    correct(world, shipment, first, 30 * KG)
    assert of_account(license, "value") == (650_00, 50_00, 300_00)
    assert of_account(license, "allotment") == (25 * KG, 5 * KG, 30 * KG)
    line = shipment.lines.get()
    assert (line.worth_held, line.worth_drawn) == (50_00, 300_00)


def test_what_comes_back_is_credited_on_every_account(world):
    license = world.license(kilograms=100, users=2, allotted=[60 * KG], values={1: Decimal("1000.00")})
    paid = [LineRequest(1, 50 * KG, "kg", value=Decimal("500.00"), currency="CNY")]
    shipment = world.shipment(license, lines=paid)
    world.clear(shipment.ref, 50 * KG)
    come_back(world, shipment, 20 * KG)
    decide(world, shipment)
    assert of_account(license, "value") == (700_00, 0, 500_00)
    assert of_account(license, "allotment") == (30 * KG, 0, 50 * KG)


def test_a_shipment_that_has_left_and_was_delivered_is_corrected_and_comes_back(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 50 * KG)
    first = world.clear(shipment.ref, 50 * KG)
    depart(shipment.ref, departed_on=legal_today(), by=world.exporter)
    correct(world, shipment, first, 49 * KG)
    assert Shipment.objects.get(pk=shipment.pk).state == "departed"
    proof = ("proof.pdf", demo.pdf("Received"))
    deliver(shipment.ref, delivered_on=legal_today(), proof=proof, by=world.exporter)
    come_back(world, shipment, 49 * KG)
    assert Shipment.objects.get(pk=shipment.pk).state == "returned"


def test_one_that_is_closed_out_after_a_part_owes_its_report(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 50 * KG)
    world.clear(shipment.ref, 20 * KG, final=False)
    officers.close_out(shipment.ref, seen=seen(shipment.ref), reason="Silent", by=world.ministry.decider)
    assert Shipment.objects.get(pk=shipment.pk).report_due_on is not None


def test_one_that_is_closed_out_after_all_that_crossed_came_back_is_returned_and_owes_no_report(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 50 * KG)
    world.clear(shipment.ref, 20 * KG, final=False)
    come_back(world, shipment, 20 * KG)
    officers.close_out(shipment.ref, seen=seen(shipment.ref), reason="Silent", by=world.ministry.decider)
    row = Shipment.objects.get(pk=shipment.pk)
    assert (row.state, row.report_owed_until, figures(shipment)) == (
        "returned",
        None,
        {"drawn": 20, "released": 30, "returned": 20},
    )


def test_of_what_did_not_cross_after_all_no_delivery_is_reported(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 50 * KG)
    first = world.clear(shipment.ref, 50 * KG)
    due = Shipment.objects.get(pk=shipment.pk).report_due_on
    correct(world, shipment, first, 0)
    assert Shipment.objects.get(pk=shipment.pk).report_due_on is None
    correct(world, shipment, first, KG)
    assert Shipment.objects.get(pk=shipment.pk).report_due_on == due is not None


def test_what_an_expired_reservation_gave_back_to_an_ended_license_is_no_drift(world, clock):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 50 * KG)
    clock.shift(days=366)
    tasks.expire_licenses()
    clock.shift(days=400)
    cancel(shipment.ref, by=world.exporter)
    assert books.drift() == []
