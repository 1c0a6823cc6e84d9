"""When a license runs out: beside a plain model, and as its pages say it."""

import random
from datetime import date, timedelta
from itertools import count

import pytest
from django.db.models import F

from config.local.demo.cases import delivered
from core.legal_time import day_start, legal_day, legal_today
from licensing import selectors
from licensing.forecast import CLEARANCES_LEAST, WINDOW, Forecast, foretell
from licensing.models import License
from licensing.models.balances import LicenseLine, Movement
from tests.book import BATCH, Book, unguarded
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


def moved(draw, line, first, number):
    """A movement of the line: of any kind and account, from ten days before this instant on."""
    at = first + draw.choice([timedelta(seconds=draw.choice([-1, 0])), timedelta(days=draw.uniform(-10, WINDOW))])
    kind = draw.choice([*["draw"] * 6, "adjust", "reserve", "release", "over_clear"])
    grams = draw.randrange(1, line.authorized // 6)
    return Movement(
        id=number,
        at=at,
        exporter_id=line.exporter_id,
        license_id=line.license_id,
        line_id=line.pk,
        line_number=line.number,
        kind=kind,
        quantity=-grams // 4 if kind == "adjust" else grams,
        held=False,
        shipment_id=draw.randrange(9),
        available_after=0,
        account=draw.choice([*["quantity"] * 6, "value"]),
    )


def plainly(license, line, moves, today):
    """Nothing of what may not be used; else whether anything is foretold, when it runs out, and what would be left."""
    left = line.authorized + line.credited - line.drawn - line.lapsed
    if license.state != "active" or license.max_clearances == 1 or not left:
        return None
    days = [today - timedelta(days=n) for n in range(WINDOW)]
    own = [one for one in moves if (one.line_id, one.account) == (line.pk, "quantity") and legal_day(one.at) in days]
    cleared = sum(one.quantity for one in own if one.kind in ("draw", "adjust"))
    if len({one.shipment_id for one in own if one.kind == "draw"}) < CLEARANCES_LEAST or cleared <= 0:
        return False, None, 0
    usable, last = sum(license.usable_from <= day for day in days), license.usable_until
    if runs_out := day_by_day(cleared, left, usable, today, last):
        return True, runs_out, 0
    return True, None, max(-(-(left * usable - cleared * (last - today).days) // usable), 0)


@pytest.mark.slow
def test_of_200_licenses_it_is_what_a_plain_sum_of_their_movements_gives(world, django_assert_num_queries):
    draw, today = random.Random(8), legal_today()
    drawn = Book(world, 200).licenses
    some = License.objects.filter(pk__in=[row.pk for row in drawn])
    with unguarded():
        some.filter(pk__in=[row.pk for row in drawn[::9]]).update(max_clearances=1)
        LicenseLine.objects.filter(license__in=drawn[1::11], reserved=0).update(drawn=F("authorized"))
    rows = list(selectors.with_balances(some))
    lines = [(row, line) for row in rows for line in row.lines.all()]
    first, numbers = day_start(today - timedelta(days=WINDOW - 1)), count(1)
    moves = [moved(draw, line, first, next(numbers)) for _, line in lines for _ in range(draw.randrange(14))]
    Movement.objects.bulk_create(moves, BATCH)
    with django_assert_num_queries(1):
        selectors.foretell_use(rows, today)
    found = [getattr(line, "forecast", None) for _, line in lines]
    found = [one and (one.enough, one.runs_out, one.left) for one in found]
    assert found == [plainly(row, line, moves, today) for row, line in lines]
    kinds = [one if one is None else (one[0], bool(one[1])) for one in found]
    assert len(rows) == 200 and min(kinds.count(kind) for kind in set(kinds)) > 20 and len(set(kinds)) == 4


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
