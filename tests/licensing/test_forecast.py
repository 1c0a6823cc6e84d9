"""When a license runs out: beside a plain model, and as its pages say it."""

import random
from datetime import date, timedelta

import pytest

from config.local.demo.cases import delivered
from core.legal_time import legal_today
from licensing import selectors
from licensing.forecast import CLEARANCES_LEAST, WINDOW, Forecast, foretell
from licensing.models import License
from tests.shipments.test_corrections import correct

KG = 1000
TODAY, LAST = date(2026, 11, 30), date(2027, 4, 13)


def day_by_day(cleared, left, days, today, last):
    """What is left each evening, in fractions of a day's rate, until nothing is or the last day is over."""
    day, gone = today, 0
    while day < last and (gone + 1) * cleared <= left * days:
        day, gone = day + timedelta(days=1), gone + 1
    return day if day < last else None


def test_it_is_what_counting_day_by_day_gives_on_200_licenses():
    draw = random.Random(8)
    early = 0
    for _ in range(200):
        first = TODAY - timedelta(days=draw.choice([0, 1, 30, 89, 90, 300]))
        last = TODAY + timedelta(days=draw.randint(0, 300))
        cleared, left = draw.randint(1, 90_000), draw.randint(1, 200_000)
        said = foretell(cleared=cleared, clearances=3, left=left, today=TODAY, first=first, last=last)
        days = min(WINDOW, (TODAY - first).days + 1)
        runs_out = day_by_day(cleared, left, days, TODAY, last)
        assert (said.enough, said.days, said.runs_out) == (True, days, runs_out)
        if runs_out:
            early += 1
            assert said.days_early == (last - runs_out).days > 0
        else:
            whole = left * days - cleared * (last - TODAY).days
            assert said.left == max(-(-whole // days), 0)
    assert 50 < early < 150


def test_what_lasts_longer_than_any_calendar_is_no_error():
    of = {"cleared": 1, "clearances": 3, "left": 10**12, "today": TODAY, "first": TODAY, "last": LAST}
    assert foretell(**of) == Forecast(enough=True, days=1, left=10**12 - (LAST - TODAY).days)


@pytest.mark.parametrize(("clearances", "cleared"), [(CLEARANCES_LEAST - 1, 900), (CLEARANCES_LEAST, 0)])
def test_of_too_little_nothing_is_foretold(clearances, cleared):
    said = foretell(
        cleared=cleared, clearances=clearances, left=9, today=TODAY, first=TODAY - timedelta(days=99), last=LAST
    )
    assert said == Forecast(enough=False)


def of(license):
    row = selectors.with_balances(License.objects.filter(pk=license.pk)).get()
    selectors.foretell_use([row], legal_today())
    return getattr(row.lines.all()[0], "forecast", None)


def clear(world, license, grams):
    shipment = world.shipment(license, grams).ref
    world.clear(shipment, grams)
    delivered(world.exporter, shipment)


def test_what_crossed_in_the_last_90_days_is_the_rate(world, clock):
    license = world.license(kilograms=10_000)
    clear(world, license, 5_000 * KG)
    assert of(license).enough is False
    clock.shift(days=100)
    for _ in range(3):
        clear(world, license, 300 * KG)
    shipped = world.shipment(license, 100 * KG)  # reserved is not cleared, and not gone
    today, last = legal_today(), License.objects.get().usable_until
    said = of(license)
    assert said == foretell(
        cleared=900 * KG, clearances=3, left=4_100 * KG, today=today, first=license.usable_from, last=last
    )
    assert said.left == 4_100 * KG - 900 * KG * (last - today).days // 90
    clock.shift(days=100 + WINDOW - 1)
    assert of(license).enough
    clock.shift(days=100 + WINDOW)
    assert not of(license).enough
    assert shipped.state == "reserved"


def test_it_is_corrected_with_what_customs_corrects(world, clock):
    license = world.license(kilograms=10_000)
    clock.shift(days=120)
    found = [world.clear(world.shipment(license, 100 * KG).ref, 100 * KG) for _ in range(3)]
    before = of(license)
    correct(world, found[0].shipment, found[0], 40 * KG)
    after = of(license)
    today = {"today": legal_today(), "first": license.usable_from, "last": license.usable_until}
    assert before == foretell(cleared=300 * KG, clearances=3, left=9_700 * KG, **today)
    assert after == foretell(cleared=240 * KG, clearances=3, left=9_760 * KG, **today)


def test_nothing_is_foretold_of_one_shipment_or_of_what_can_not_be_used(world):
    one = world.license(kind="per_shipment", kilograms=100)
    ended = world.license(kilograms=100)
    License.objects.filter(pk=ended.pk).update(state="suspended")
    assert (of(one), of(ended)) == (None, None)


def test_pages_say_it(world, clock, client):
    license = world.license(kilograms=1_000)
    client.force_login(world.exporter.user)
    page = client.get(f"/licenses/{license.ref}/").content.decode()
    assert "No forecast yet: it needs 3 cleared shipments in 90 days." in " ".join(page.split())
    clock.shift(days=120)
    for _ in range(3):
        clear(world, license, 300 * KG)
    said = of(license)
    words = f"{said.days_early} days early"
    for path in (f"/licenses/{license.ref}/", "/"):
        assert words in client.get(path).content.decode()
