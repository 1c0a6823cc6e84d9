"""A license is replaced, expires, or is stopped with its company amid reservations and clearances: each reservation
that was accepted lay before, each crossing is booked. That the ministry ends it is test_races', but for its twin."""

import time
from datetime import timedelta

import pytest

from core.legal_time import day_end
from core.models import HistoryLine
from licensing import books, ledger
from licensing.actions import decisions, standing
from licensing.models import License
from licensing.models.balances import LicenseLine, Movement
from licensing.tasks import expire_licenses
from shipments.models import CustomsDeclaration, Incident
from tests import make
from tests.licensing.test_amendments import asks, begun, decided
from tests.make import seen
from tests.shipments.amid import KG, MANY, UNDER_WAY, amid
from tests.shipments.test_bulk_races import world
from tests.shipments.test_pool_races import changed
from tests.shipments.test_races import ended_amid

__all__ = ["world"]

CROSSED = UNDER_WAY * 10 * KG
pytestmark = [pytest.mark.full, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def license(world):
    return world.license(kilograms=5_000)


def late(ended_at):
    """How many were accepted after it had ended."""
    return Movement.objects.filter(kind="reserve", at__gte=ended_at).count()


def booked(license, said, ended_at, codes):
    """None was accepted late, and all that crossed is booked: its line, and how many declarations came afterwards."""
    accepted, line = said.count("accepted"), LicenseLine.objects.get(license=license)
    assert set(said) - {"accepted", "cleared"} <= codes and 0 < accepted < MANY, set(said)
    assert late(ended_at) == 0
    assert (said.count("cleared"), line.drawn, line.over_cleared) == (UNDER_WAY, CROSSED, 0)
    assert line.reserved == accepted * KG
    assert books.drift() == []
    return line, CustomsDeclaration.objects.filter(declared_at__gte=ended_at).count()


def unlawful():
    return (
        CustomsDeclaration.objects.filter(lawful=False).count(),
        Incident.objects.filter(kind="license_not_usable").count(),
    )


def at_of(kind, verb):
    return HistoryLine.objects.get(subject_kind=kind, verb=verb).at


def replaced(world, license):
    """What all were answered while it was."""
    ref, m = decided(world, asks(begun(world, license), 6_000)), world.ministry
    page = seen(ref)
    return amid(world, license, lambda: decisions.issue(ref, seen=page, by=m.decider))


def barred(world, license):
    pk, m = make.bar_proposed(world).pk, world.ministry
    page = seen(pk)
    return amid(world, license, lambda: standing.bar(pk, seen=page, by=m.other_decider))


def over(world, license, clock, *, swept):
    """swept: how many seconds after its last one it is said to have expired."""
    until = day_end(license.usable_until)
    clock.set(until - timedelta(hours=1))

    def end():
        time.sleep(0.9 + swept)
        return expire_licenses() + 1

    return amid(world, license, end, lambda: clock.set(until - timedelta(seconds=0.9)), pause=0.1), until


def test_it_is_replaced(world, license):
    said = replaced(world, license)
    old, after = booked(license, said, at_of("license", "replace"), {"license-not-active"})
    new = LicenseLine.objects.get(license__replaces=license)
    assert (old.available, new.available) == (0, 6_000 * KG - old.drawn - old.reserved)
    assert 0 < after < UNDER_WAY
    assert unlawful() == (0, 0)  # what was reserved goes on there


def test_its_company_is_barred(world, license):
    said = barred(world, license)
    line, after = booked(license, said, at_of("exporter", "bar"), {"license-suspended", "exporter-not-active"})
    assert (License.objects.get().state, line.open, line.lapsed) == ("suspended", False, 0)
    assert 0 < after < UNDER_WAY and unlawful() == (after, after)


def test_its_last_day_is_over(world, license, clock):
    said, until = over(world, license, clock, swept=0.1)
    expire_licenses()  # which passes over a license that somebody holds
    line, after = booked(license, said, until, {"license-expired", "date-out-of-range"})
    assert (License.objects.get().state, line.available) == ("expired", 0)
    assert line.lapsed == 5_000 * KG - line.drawn - line.reserved
    assert 0 < after < UNDER_WAY and unlawful() == (after, after)


# --- twins ------------------------------------------------------------------------------------------------
@pytest.fixture
def unheld(monkeypatch):
    """Whoever ends a license does not hold its lines, and is a while between the clock and closing them."""
    closes = ledger.set_usable
    monkeypatch.setattr(ledger, "lock_lines", lambda license: None)
    monkeypatch.setattr(ledger, "set_usable", lambda *args, **named: (time.sleep(1.5), closes(*args, **named)))


@pytest.mark.parametrize(("ends", "told"), [(replaced, ("license", "replace")), (barred, ("exporter", "bar"))])
def test_twin_its_lines_are_not_held(ends, told, unheld, world, license):
    ends(world, license)
    assert late(at_of(*told)) > 0


def test_twin_its_lines_are_not_held_and_the_ministry_ends_it(unheld, world, license):
    ended_amid(world, license)
    assert late(at_of("license", "revoke")) > 0


def test_twin_its_last_day_ends_late(world, license, clock):
    """No lock of whoever says that it expired keeps it: each reservation reads the clock by itself."""
    with changed("legal_day", "(at AT", "((at - interval '1 hour') AT"):
        _, until = over(world, license, clock, swept=0.1)
    assert late(until) > 0
