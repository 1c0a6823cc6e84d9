"""What customs reports is on record, whatever we think of it: disorder, doubles, strays, and the counts behind them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import translation

from config.local import demo
from core import sweeps
from core.access import clock as clock_actor
from core.errors import DomainError
from core.history import lines_of
from core.legal_time import day_start, legal_now, legal_today
from core.telling import told
from licensing import books, selectors
from licensing.actions import licenses
from licensing.models import License, Suspension
from licensing.models.balances import ClearanceCount, LicenseLine
from licensing.selectors import clearances_taken
from licensing.web.forms.licenses import LiftForm
from shipments.actions import ClearedLine, LineRequest, cancel, receive
from shipments.models import CustomsMessage, Shipment
from tests import make
from tests.make import seen

KG = 1000


def kinds(receipt):
    return [incident.kind for incident in receipt.incidents]


def test_a_shipment_is_cleared_only_by_the_message_that_says_final(world):
    license = world.license(kilograms=1_000)
    shipment = world.shipment(license, 400 * KG)
    number = "530120260000000001"
    exact = world.clear(shipment.ref, 400 * KG, final=False, declaration_no=number)
    assert exact.shipment.state == "part_cleared"
    more = world.clear(shipment.ref, 5 * KG, final=True, declaration_no=number)
    assert (more.shipment.state, more.lines[0][1]["drawn"]) == ("cleared", 5 * KG)


def test_a_clearance_that_nothing_announced_says_when_it_was_declared(world):
    shipment = world.shipment(world.license(kilograms=1_000), 400 * KG)
    message = world.message(shipment.ref, grams=400 * KG)
    cleared = receive(message, by=world.customs).shipment
    assert (shipment.declared_at, cleared.declared_at) == (None, message.declared_at)
    assert cleared.declaration_no == message.declaration_no


def test_a_shipment_keeps_the_declaration_that_announced_it(world):
    shipment = world.shipment(world.license(kilograms=1_000), 400 * KG)
    first = world.message(shipment.ref, "declared")
    receive(first, by=world.customs)
    second = world.message(shipment.ref, grams=100 * KG, final=False)
    assert second.declaration_no != first.declaration_no
    assert second.declared_at > first.declared_at
    receive(second, by=world.customs)
    shipment.refresh_from_db()
    assert shipment.state == "part_cleared"
    assert (shipment.declaration_no, shipment.declared_at) == (first.declaration_no, first.declared_at)


def test_goods_that_fit_no_line_leave_those_after_them_alone(world):
    shipment = world.shipment(world.license(kilograms=1_000), 400 * KG)
    lines = [ClearedLine(9, KG, "kg"), ClearedLine(1, 400 * KG, "kg")]
    receipt = receive(world.message(shipment.ref, lines=lines), by=world.customs)
    assert [(line.line_number, booked["drawn"]) for line, booked in receipt.lines] == [(1, 400 * KG)]


def test_a_license_is_used_up_with_its_last_clearance(world):
    license = world.license(kilograms=1_000)
    License.objects.filter(pk=license.pk).update(max_clearances=2)
    ClearanceCount.objects.create(license=license)
    for state in ("active", "exhausted"):
        world.clear(world.shipment(license, KG).ref, KG)
        assert License.objects.get(pk=license.pk).state == state


def test_the_shipment_that_said_it_is_the_last_uses_a_license_up(world):
    license = world.license(kilograms=1_000)
    world.clear(world.shipment(license, KG, final=True).ref, KG)
    assert License.objects.get(pk=license.pk).state == "exhausted"


def test_what_crosses_after_the_last_clearance_is_booked_too(world):
    license = world.license(kilograms=1_000)
    shipment = world.shipment(license, 400 * KG)
    world.clear(shipment.ref, 400 * KG)
    late = world.clear(shipment.ref, 7 * KG)
    assert (late.status, late.shipment.state, kinds(late)) == (200, "cleared", ["after_final"])
    assert LicenseLine.objects.get().drawn == 407 * KG
    assert CustomsMessage.objects.count() == 2
    assert books.drift() == []


@pytest.mark.parametrize("declared_first", [True, False])
def test_a_cancelled_shipment_that_crosses_uses_up_its_one_clearance(world, declared_first):
    license = world.license(kind="per_shipment", kilograms=3_000)
    shipment = world.shipment(license, 3_000 * KG)
    cancel(shipment.ref, by=world.exporter)
    assert clearances_taken([license]) == {license.pk: 0}
    number = "530120260000000001"
    if declared_first:
        receive(world.message(shipment.ref, "declared", declaration_no=number), by=world.customs)
    world.clear(shipment.ref, 1_000 * KG, declaration_no=number)
    license.refresh_from_db()
    assert (clearances_taken([license]), license.state) == ({license.pk: 1}, "exhausted")
    with pytest.raises(DomainError):
        world.shipment(license, 500 * KG)


def test_suspending_for_over_clearance_keeps_the_count_of_clearances(world):
    license = world.license(kind="per_shipment", kilograms=100)
    shipment = world.shipment(license, 100 * KG)
    cancel(shipment.ref, by=world.exporter)
    receipt = world.clear(shipment.ref, 150 * KG)
    license.refresh_from_db()
    assert (clearances_taken([license]), license.state) == ({license.pk: 1}, "suspended")
    assert "over_cleared" in kinds(receipt)


def test_declared_twice_or_after_cleared_is_recorded_and_moves_nothing(world):
    shipment = world.shipment(world.license(kilograms=1_000), 400 * KG)
    number = "530120260000000001"
    for _ in range(2):
        made = receive(world.message(shipment.ref, "declared", declaration_no=number), by=world.customs)
        assert (made.status, made.shipment.state) == (200, "declared")
    world.clear(shipment.ref, 400 * KG, declaration_no=number)
    late = receive(world.message(shipment.ref, "declared", declaration_no=number), by=world.customs)
    assert (late.status, late.shipment.state, late.incidents) == (200, "cleared", [])


def test_each_declaration_of_a_shipment_is_judged_for_itself_and_keeps_its_number(world):
    license = world.license(kilograms=1_000)
    first, second = (world.shipment(license, 400 * KG) for _ in range(2))
    a, b = "530120260000000001", "530120260000000002"
    assert world.clear(first.ref, 100 * KG, final=False, declaration_no=a).incidents == []
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    assert kinds(world.clear(first.ref, 100 * KG, final=False, declaration_no=b)) == ["license_not_usable"]
    with pytest.raises(DomainError) as refused:
        receive(world.message(second.ref, "declared", declaration_no=a), by=world.customs)
    assert refused.value.code == "declaration-no-used"
    crossed = world.clear(second.ref, 400 * KG, declaration_no=a)
    assert (crossed.shipment.state, kinds(crossed)) == ("cleared", ["declaration_used", "license_not_usable"])
    assert LicenseLine.objects.get().drawn == 600 * KG


def test_a_line_the_license_does_not_have_costs_nothing_of_the_others(world):
    license = world.license(kilograms=1_000)
    shipment = world.shipment(license, 400 * KG)
    lines = [ClearedLine(1, 400 * KG, "kg"), ClearedLine(9, 5, "unit")]
    receipt = world.clear(shipment.ref, 0, lines=lines)
    assert (receipt.shipment.state, kinds(receipt)) == ("cleared", ["unknown_line"])
    assert LicenseLine.objects.get().drawn == 400 * KG


def test_the_final_shipment_ends_the_license_even_when_it_was_cleared_while_suspended(world):
    license = world.license(kilograms=1_000)
    shipment = world.shipment(license, 400 * KG, final=True)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    world.clear(shipment.ref, 400 * KG)
    cause = license.suspensions.get()
    licenses.lift(
        license.ref, seen=seen(license.ref), suspension=cause.pk, reason="Cleared up", by=world.ministry.other_decider
    )
    license.refresh_from_db()
    assert license.state == "exhausted"
    assert LicenseLine.objects.get().lapsed == 600 * KG


@pytest.mark.parametrize(("days", "opened"), [(0, []), (1, ["license_not_usable"])])
def test_what_was_declared_before_the_first_day_was_not_lawful(world, license, days, opened):
    shipment = world.shipment(license, KG)
    at = day_start(license.usable_from) - timedelta(days=days)
    assert kinds(world.clear(shipment.ref, KG, declared_at=at, cleared_at=legal_now())) == opened


def test_unlawful_clearances_do_not_take_a_lapse_back(world, license, clock):
    held = world.shipment(license, 40 * KG)
    clock.shift(days=400)
    from licensing import tasks
    from shipments.tasks import lapse_reservations

    lapse_reservations()
    tasks.expire_licenses()
    receipt = world.clear(held.ref, 40 * KG, declared_at=legal_now())
    assert kinds(receipt) == ["license_not_usable", "reservation_gone", "over_cleared"]
    line = LicenseLine.objects.get()
    assert (line.drawn, line.over_cleared, line.lapsed) == (0, 40 * KG, 100 * KG)
    assert not license.suspensions.exists()


def test_one_row_that_is_broken_does_not_stop_the_sweep(world, license, clock, monkeypatch):
    first, second = (world.shipment(license, KG) for _ in range(2))
    clock.shift(days=40)
    from shipments import actions, tasks

    lapse = actions.lapse

    def busy(pk, by):
        if pk == first.pk:
            raise DomainError("locked", code="busy")
        return lapse(pk, by=by)

    def broken(*_):
        raise IntegrityError

    monkeypatch.setattr(sweeps, "batch", broken)
    monkeypatch.setattr(actions, "lapse", busy)
    assert tasks.lapse_reservations() == 1
    assert Shipment.objects.get(pk=second.pk).state == "expired"


def test_a_second_declaration_of_a_shipment_whose_reservation_is_gone_is_no_more_lawful(world):
    license = world.license(kilograms=1_000)
    gone, last = world.shipment(license, 400 * KG), world.shipment(license, 300 * KG, final=True)
    cancel(gone.ref, by=world.exporter)
    world.clear(last.ref, 300 * KG)
    license.refresh_from_db()
    assert license.state == "exhausted"
    for number, kilograms in (("530120260000000001", 1), ("530120260000000002", 100)):
        receipt = world.clear(gone.ref, kilograms * KG, final=False, declaration_no=number)
        assert kinds(receipt) == ["license_not_usable", "reservation_gone", "over_cleared"]
    line = LicenseLine.objects.get()
    assert (line.drawn, line.lapsed, line.over_cleared) == (300 * KG, 700 * KG, 101 * KG)


def test_after_the_final_shipment_nothing_more_is_taken_and_the_last_cancellation_ends_the_license(world):
    license = world.license(kilograms=1_000)
    open_one, last = world.shipment(license, 100 * KG), world.shipment(license, 400 * KG, final=True)
    world.clear(last.ref, 400 * KG)
    license.refresh_from_db()
    assert license.state == "active"
    with pytest.raises(DomainError) as refused:
        world.shipment(license, 50 * KG)
    assert refused.value.code == "license-not-active"
    cancel(open_one.ref, by=world.exporter)
    license.refresh_from_db()
    assert license.state == "exhausted"
    assert books.drift() == []


def test_after_the_final_shipment_the_last_reservation_that_lapses_ends_the_license(world, clock):
    license = world.license(kilograms=1_000)
    open_one, last = world.shipment(license, 100 * KG), world.shipment(license, 400 * KG, final=True)
    world.clear(last.ref, 400 * KG)
    clock.shift(days=40)
    from shipments.tasks import lapse_reservations

    assert (License.objects.get().state, lapse_reservations()) == ("active", 1)
    open_one.refresh_from_db()
    assert (open_one.state, License.objects.get().state) == ("expired", "exhausted")
    assert books.drift() == []


def test_an_unlawful_declaration_opens_its_incident_once(world):
    license = world.license(kilograms=1_000)
    shipment = world.shipment(license, 400 * KG)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    number = "530120260000000001"
    assert kinds(world.clear(shipment.ref, KG, final=False, declaration_no=number)) == ["license_not_usable"]
    assert kinds(world.clear(shipment.ref, KG, final=False, declaration_no=number)) == []


def test_after_exhaustion_a_declaration_is_unlawful_from_that_instant(world):
    license = world.license(kind="per_shipment", kilograms=100)
    shipment = world.shipment(license, 100 * KG)
    world.clear(shipment.ref, 100 * KG)
    at = lines_of(license).get(verb="exhaust").at
    for moment, expected in ((at, ["license_not_usable"]), (at - timedelta(microseconds=1), [])):
        message = world.message(shipment.ref, "declared", declared_at=moment)
        assert kinds(receive(message, by=world.customs)) == expected


def test_grams_and_kilograms_are_one_unit_and_pieces_are_another(world):
    license = world.license(kilograms=1_000)
    shipment = world.shipment(license, 400 * KG)
    pieces = world.clear(shipment.ref, 0, lines=[ClearedLine(1, 5, "unit")], final=False)
    assert kinds(pieces) == ["unknown_line"]
    assert LicenseLine.objects.get().drawn == 0
    assert kinds(world.clear(shipment.ref, 0, lines=[ClearedLine(1, 5, "g")])) == []
    assert LicenseLine.objects.get().drawn == 5


def test_a_part_of_the_final_shipment_does_not_end_the_license(world):
    license = world.license(kilograms=1_000)
    shipment = world.shipment(license, 400 * KG, final=True)
    world.clear(shipment.ref, 100 * KG, final=False)
    license.refresh_from_db()
    assert (license.last_cleared, license.state) == (False, "active")


def test_the_answer_that_is_kept_names_every_incident(world):
    shipment = world.shipment(world.license(kilograms=100), 100 * KG)
    lines = [ClearedLine(9, KG, "kg"), ClearedLine(1, 105 * KG, "kg")]
    receipt = receive(world.message(shipment.ref, lines=lines), by=world.customs)
    assert kinds(receipt) == ["unknown_line", "over_cleared"]
    first, second = receipt.incidents
    assert CustomsMessage.objects.get().answer == f"{first.ref}, {second.ref}"


def test_goods_that_cross_on_another_line_take_nothing_that_is_reserved_there(world):
    signed = [world.declaration(codes=("1C905.a.4", "1C904.a.4"))]
    goods = [(code, "NdFeB magnets", 100) for code in ("1C905.a.4", "1C904.a.4")]
    ref = demo.application(world.exporter, "annual", goods, signed, make.unique("K-"))
    license = demo.issued(world.exporter, ref, world.ministry, signed)
    first = world.shipment(license, 10 * KG)
    world.shipment(license, lines=[LineRequest(2, 10 * KG, "kg")])
    world.clear(first.ref, 10 * KG, lines=[ClearedLine(1, 10 * KG, "kg"), ClearedLine(2, 3 * KG, "kg")])
    lines = LicenseLine.objects.filter(license=license).order_by("number")
    assert [(line.reserved, line.drawn) for line in lines] == [(0, 10 * KG), (10 * KG, 3 * KG)]
    assert list(first.lines.order_by("line_number").values_list("held", "drawn")) == [(0, 10 * KG), (0, 3 * KG)]


@pytest.mark.parametrize(("another", "over"), [(False, 0), (True, 5 * KG)])
def test_what_lapsed_is_not_taken_back_under_the_number_of_another_shipment(another, over, world, license, clock):
    """Its own lawful declaration takes the lapse back; a number that is not its own proves nothing."""
    first, second = world.shipment(license, 10 * KG), world.shipment(license, 10 * KG)
    taken = world.message(first.ref, grams=10 * KG)
    receive(taken, by=world.customs)
    declared, sweeper = legal_now(), clock_actor()
    clock.shift(days=(license.usable_until - legal_today()).days + 1)
    assert licenses.expire(license.pk, by=sweeper) is True
    number = {"declaration_no": taken.declaration_no} if another else {}
    world.clear(second.ref, 15 * KG, declared_at=declared, **number)
    assert second.lines.get().over_cleared == over


def test_a_shipment_that_was_cancelled_and_crosses_in_two_parts_counts_once(world):
    license = world.license(kind="per_shipment", kilograms=100)
    shipment = world.shipment(license, 10 * KG)
    cancel(shipment.ref, by=world.exporter)
    assert clearances_taken([license]) == {license.pk: 0}
    for final in (False, True):
        world.clear(shipment.ref, 5 * KG, final=final)
        assert Shipment.objects.get().counted is True
        assert ClearanceCount.objects.get(license=license).taken == clearances_taken([license])[license.pk] == 1


def test_why_an_over_clearance_suspended_is_read_in_each_readers_language(world):
    license = world.license(kilograms=10)
    ref = world.shipment(license, 10_000).ref
    with translation.override("zh-hans"):  # of whoever reports it
        world.clear(ref, 12_000)
    cause = license.suspensions.get()
    assert (cause.reason, cause.facts) == ("", {"shipment": ref})
    said = {"en": f"Customs cleared more of shipment {ref} than the license had left."}
    said["zh-hans"] = f"海关放行批次 {ref} 的数量超出许可证余额。"
    license = License.objects.get(pk=license.pk)
    for language, why in said.items():
        with translation.override(language):
            assert selectors.why(cause) == why
            (form,) = LiftForm(row=license).fields["suspension"].choices
            assert form[1].endswith(why)
            assert told(lines_of(license), world.exporter)[-1].sentence.endswith(why)


def test_a_suspension_from_before_facts_were_kept_says_what_it_said():
    assert selectors.why(Suspension(cause="over_clearance", reason="As it was said then")) == "As it was said then"
