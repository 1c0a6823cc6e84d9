"""The ledger's doors for what comes after a clearance: what they hold, and what they refuse by themselves."""

import pytest
from django.db import IntegrityError, transaction

from core.legal_time import legal_today
from licensing import books, ledger
from licensing.models import License
from licensing.models.balances import Movement
from licensing.states import LicenseState
from shipments.models import Shipment
from tests import make
from tests.licensing.test_take import held

__all__ = ["held"]
KG = 1000
NOTHING = {"asked": 100 * KG, "crossed": 0, "worth": 0, "worth_held": 0, "worth_drawn": 0}


@pytest.fixture
def used_up(world):
    """100 kg, all of it cleared."""
    license = world.license(kilograms=100)
    world.clear(world.shipment(license, 100 * KG).ref, 100 * KG)
    license.refresh_from_db()
    return license


def refused(call, *args):
    with pytest.raises(IntegrityError), transaction.atomic():
        call(*args)


def credit(license, grams):
    make.told("ledger_credit", license, {"line": 1, "quantity": grams, "worth": 0})


def last_day_over(clock, license):
    clock.shift(days=(license.usable_until - legal_today()).days + 1)


def test_no_more_is_credited_than_was_drawn(used_up):
    for wrong in (0, -1, 100 * KG + 1):
        refused(credit, used_up, wrong)
    credit(used_up, 60 * KG)
    refused(credit, used_up, 40 * KG + 1)
    credit(used_up, 40 * KG)
    line = used_up.lines.get()
    assert (line.credited, line.lapsed) == (100 * KG, 100 * KG)  # it is used up, and nobody opens it again here
    assert len(set(Movement.objects.order_by("-seq").values_list("at", flat=True)[:2])) == 1


def test_nothing_is_credited_to_a_license_that_is_not_in_date(used_up, clock):
    last_day_over(clock, used_up)
    refused(credit, used_up, KG)


def test_nothing_is_credited_to_a_license_that_has_expired(world, license):
    world.clear(world.shipment(license, 60 * KG).ref, 60 * KG)
    License.objects.update(state="expired")
    refused(credit, license, KG)


@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("state", sorted(set(LicenseState) - {"revoked", "replaced"}))  # of which more has to be true
def test_what_pages_call_creditable_is_what_the_ledger_credits(state, over, world, license, clock):
    shipment = world.shipment(license, 60 * KG)
    world.clear(shipment.ref, 60 * KG)
    if over:
        last_day_over(clock, license)
    License.objects.update(state=state)
    shipment = Shipment.objects.get(pk=shipment.pk)
    if shipment.license.not_to_credit(legal_today()):
        refused(credit, license, KG)
    else:
        credit(license, KG)


def test_only_a_license_that_was_used_up_is_reopened_and_in_date(used_up, world, clock):
    refused(ledger.reopen, world.license(kilograms=1))
    last_day_over(clock, used_up)
    refused(ledger.reopen, used_up)


@pytest.mark.parametrize("wrong", [{"held": -1}, {"over": -1}, {"worth_drawn": -1}])
def test_a_correction_believes_no_amount_below_nothing(used_up, wrong):
    line = {"line": 1, "delta": -1, "held": 0, "over": 0, **NOTHING, "lawful": False, "others": []} | wrong
    refused(make.told, "ledger_correct", used_up, line)


def test_a_correction_holds_license_and_lines_even_where_nothing_moves(held):
    world, locked = held
    license = world.license(kilograms=1)
    with transaction.atomic():
        make.told("ledger_correct", license)
        assert locked() == ["licensing_license", "licensing_licenseline"]


def test_a_credit_holds_license_and_lines_even_where_nothing_moves(held):
    world, locked = held
    license = world.license(kilograms=1)
    with transaction.atomic():
        make.told("ledger_credit", license)
        assert locked() == ["licensing_license", "licensing_licenseline"]


def test_reopening_holds_license_and_lines_even_where_nothing_lapsed(held):
    world, locked = held
    license = world.license(kilograms=1)
    world.clear(world.shipment(license, KG).ref, KG)
    with transaction.atomic():
        ledger.reopen(license)
        assert locked() == ["licensing_license", "licensing_licenseline"]


def test_what_a_correction_takes_out_of_a_reservation_is_rebuilt_from_its_movements(world, license):
    shipment = world.shipment(license, 10 * KG)
    more = {"line": 1, "delta": 4 * KG, "held": 10 * KG, "over": 0, **NOTHING, "lawful": False, "others": []}
    make.told("ledger_correct", license, more, shipment=shipment.pk, shipment_ref=shipment.ref)
    assert [one for one in books.drift() if not one.what.startswith("shipment")] == []  # of which only the ledger heard
    line = license.lines.get()
    assert (line.reserved, line.drawn) == (6 * KG, 4 * KG)
