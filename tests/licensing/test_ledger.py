"""The quota ledger: the domain's worked numbers, and that balances are the sum of movements."""

import pytest

from core.errors import DomainError
from core.legal_time import legal_now
from licensing import books, tasks
from licensing.actions import decisions, licenses
from licensing.models import ApplicationLine
from licensing.models.balances import LicenseLine, Movement
from licensing.selectors import clearances_taken
from shipments.actions import cancel
from tests.make import seen, tolerance

KG = 1000


def balance(license):
    line = LicenseLine.objects.get(license=license)
    return {
        name: getattr(line, name)
        for name in ("authorized", "reserved", "drawn", "lapsed", "over_cleared", "available")
        if getattr(line, name)
    }


def test_a_lines_tolerance_is_its_part_of_what_is_authorized_rounded_down(world):
    license = world.license(kilograms=1_001, tolerance=tolerance("pct_line", "2.50"))
    assert LicenseLine.objects.get(license=license).tolerance == 25_025


def test_a_new_license_has_the_lines_that_were_granted_and_nothing_else(world):
    """In the order in which they were asked for, by the recommendation that counts, each from one movement."""
    m, ref = world.ministry, world.application()
    line = ApplicationLine.objects.get(application__ref=ref)
    for number in (3, 2):
        line.pk, line.number = None, number
        line.save(force_insert=True)
    world.under_review(ref)
    for granted in ({1: 1, 2: 2, 3: 3}, {1: 40 * KG, 2: 0, 3: 50 * KG}):
        facts = {"months": 6, "text": "Less", "quantities_": granted}
        decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer, **facts)
        if granted[1] == 1:
            decisions.send_back(ref, seen=seen(ref), reason="More", by=m.decider)
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    license = decisions.issue(ref, seen=seen(ref), by=m.other_decider)
    assert list(license.lines.values_list("number", "authorized")) == [(1, 40 * KG), (2, 50 * KG)]
    posted = Movement.objects.filter(license_id=license.pk).order_by("id")
    assert list(posted.values_list("line_number", "kind", "quantity", "available_after", "at")) == [
        (1, "authorize", 40 * KG, 40 * KG, license.issued_at),
        (2, "authorize", 50 * KG, 50 * KG, license.issued_at),
    ]


def test_closing_a_license_closes_no_other(world):
    license, other = world.license(), world.license()
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    assert list(LicenseLine.objects.order_by("license").values_list("license", "open")) == [
        (license.pk, False),
        (other.pk, True),
    ]


def test_q1_reserve_clear_and_exhaust(world):
    license = world.license(kilograms=60_000)
    first = world.shipment(license, 12_000 * KG)
    assert balance(license) == {"authorized": 60_000_000, "reserved": 12_000_000, "available": 48_000_000}
    receipt = world.clear(first.ref, 11_984_500)
    assert receipt.shipment.state == "cleared"
    assert balance(license) == {"authorized": 60_000_000, "drawn": 11_984_500, "available": 48_015_500}
    second = world.shipment(license, 30_000 * KG)
    world.clear(second.ref, 30_000 * KG)
    world.shipment(license, 18_015_500)
    assert balance(license) == {"authorized": 60_000_000, "reserved": 18_015_500, "drawn": 41_984_500}
    with pytest.raises(DomainError) as refused:
        world.shipment(license, 1)
    assert (refused.value.code, refused.value.detail) == (
        "line-exhausted",
        "Nothing is left of line 1; asked: 0.001 kg.",
    )
    assert refused.value.errors[0].message.startswith("Nothing is left of this line.")
    assert refused.value.errors[0].extra == {"remaining": "0.000"}
    assert balance(license) == {"authorized": 60_000_000, "reserved": 18_015_500, "drawn": 41_984_500}
    assert books.drift() == []


def test_q7_per_shipment_license_is_used_up_by_its_one_clearance(world):
    license = world.license(kind="per_shipment", kilograms=3_000)
    shipment = world.shipment(license, 3_000 * KG)
    with pytest.raises(DomainError) as refused:
        world.shipment(license, 1)
    assert [error.code for error in refused.value.errors] == ["line-exhausted", "clearances-exhausted"]
    world.clear(shipment.ref, 2_996_400)
    license.refresh_from_db()
    assert license.state == "exhausted"
    assert balance(license) == {"authorized": 3_000_000, "drawn": 2_996_400, "lapsed": 3_600}
    assert books.drift() == []


def test_cancelling_frees_the_quantity_and_the_clearance(world):
    license = world.license(kind="per_shipment", kilograms=3_000)
    shipment = world.shipment(license, 3_000 * KG)
    cancel(shipment.ref, by=world.exporter)
    license.refresh_from_db()
    assert (clearances_taken([license]), license.state) == ({license.pk: 0}, "active")
    assert balance(license) == {"authorized": 3_000_000, "available": 3_000_000}
    again = world.shipment(license, 2_000 * KG)
    assert again.state == "reserved"


def test_q14_what_crossed_the_border_is_never_clipped(world):
    license = world.license(kilograms=20_000)
    shipment = world.shipment(license, 20_000 * KG)
    receipt = world.clear(shipment.ref, 20_084_500)
    assert receipt.lines[0][1]["over_cleared"] == 84_500
    assert [incident.kind for incident in receipt.incidents] == ["over_cleared"]
    license.refresh_from_db()
    assert license.state == "suspended"
    assert list(license.suspensions.values_list("cause", flat=True)) == ["over_clearance"]
    assert balance(license) == {"authorized": 20_000_000, "drawn": 20_000_000, "over_cleared": 84_500}
    assert books.drift() == []


def test_a_clearance_beyond_its_reservation_takes_free_room_first(world):
    license = world.license(kilograms=20_000)
    shipment = world.shipment(license, 5_000 * KG)
    receipt = world.clear(shipment.ref, 6_000 * KG)
    assert receipt.incidents == []
    assert balance(license) == {"authorized": 20_000_000, "drawn": 6_000_000, "available": 14_000_000}


@pytest.fixture
def tolerant(world, clock):
    """Annual, 20,000 kg, 5 % on the line; 2,000 kg are reserved. `ended`: the license, its free rest lapsed."""

    def make(*, ended):
        license = world.license(kilograms=20_000, tolerance=tolerance("pct_line", "5"))
        shipment = world.shipment(license, 2_000 * KG)
        declared_at = legal_now()
        if ended:
            clock.shift(days=366)
            tasks.expire_licenses()
        return shipment, {"declared_at": declared_at}

    return make


@pytest.mark.parametrize(
    ("kilograms", "drawn", "lapsed", "over"),
    [
        (2_000, 2_000, 18_000, 0),
        (2_500, 2_500, 17_500, 0),  # what lapsed, not the tolerance
        (20_000, 20_000, 0, 0),
        (20_001, 20_001, 0, 0),  # now the tolerance
        (21_000, 21_000, 0, 0),
        (21_001, 21_000, 0, 1),
    ],
)
def test_a_lawful_clearance_takes_what_lapsed_before_any_tolerance(tolerant, world, kilograms, drawn, lapsed, over):
    shipment, declared = tolerant(ended=True)
    world.clear(shipment.ref, kilograms * KG, final=False, **declared)
    line = LicenseLine.objects.get()
    assert (line.drawn, line.lapsed, line.over_cleared) == (drawn * KG, lapsed * KG, over * KG)
    assert books.drift() == []


def test_an_unlawful_clearance_takes_tolerance_and_leaves_what_lapsed(tolerant, world):
    shipment, _declared = tolerant(ended=True)
    world.clear(shipment.ref, 3_001 * KG, final=False, declared_at=legal_now())
    line = LicenseLine.objects.get()
    assert (line.drawn, line.lapsed, line.over_cleared) == (3_000 * KG, 18_000 * KG, KG)
    assert books.drift() == []


def test_what_lapsed_does_not_make_room_for_tolerance_that_is_used(world, clock):
    """One declared too late takes 400 kg of tolerance; one in time all that lapsed, and the other 600."""
    license = world.license(kilograms=20_000, tolerance=tolerance("pct_line", "5"))
    late, lawful = world.shipment(license, 1_000 * KG), world.shipment(license, 1_000 * KG)
    in_time = legal_now()
    clock.shift(days=366)
    tasks.expire_licenses()
    world.clear(late.ref, 1_400 * KG, declared_at=legal_now())
    world.clear(lawful.ref, 19_601 * KG, declared_at=in_time)
    line = LicenseLine.objects.get()
    assert (line.drawn, line.lapsed, line.over_cleared, line.available) == (21_000 * KG, 0, KG, -1_000 * KG)
    assert books.drift() == []


def test_free_authorization_goes_before_tolerance_and_tolerance_is_used_once(tolerant, world):
    shipment, declared = tolerant(ended=False)
    number = "530120260000000001"
    seen = []
    for kilograms in (20_400, 600, 1):
        world.clear(shipment.ref, kilograms * KG, final=False, declaration_no=number, **declared)
        line = LicenseLine.objects.get()
        seen.append((line.available, line.drawn, line.over_cleared))
    assert seen == [
        (-400 * KG, 20_400 * KG, 0),
        (-1_000 * KG, 21_000 * KG, 0),
        (-1_000 * KG, 21_000 * KG, KG),
    ]
    assert books.drift() == []


def test_partial_clearances_draw_piece_by_piece_and_final_releases_the_rest(world):
    license = world.license(kilograms=20_000)
    shipment = world.shipment(license, 5_000 * KG)
    number = "530120260000000001"
    first = world.clear(shipment.ref, 2_000 * KG, final=False, declaration_no=number)
    assert first.shipment.state == "part_cleared"
    assert balance(license) == {
        "authorized": 20_000_000,
        "reserved": 3_000_000,
        "drawn": 2_000_000,
        "available": 15_000_000,
    }
    second = world.clear(shipment.ref, 2_500 * KG, final=True, declaration_no=number)
    assert second.shipment.state == "cleared"
    assert balance(license) == {"authorized": 20_000_000, "drawn": 4_500_000, "available": 15_500_000}
    assert books.drift() == []


def test_movements_rebuild_the_balance_from_zero(world, license):
    shipment = world.shipment(license, 60 * KG)
    world.clear(shipment.ref, 59_500)
    kinds = list(
        Movement.objects.filter(license_id=license.pk)
        .order_by("id")
        .values_list("kind", "quantity", "held", "available_after")
    )
    assert kinds == [
        ("authorize", 100_000, False, 100_000),
        ("reserve", 60_000, True, 40_000),
        ("draw", 59_500, True, 40_000),
        ("release", 500, True, 40_500),
    ]
