"""Who is covered until when, as the overview draws it."""

import re
from datetime import date, timedelta

import pytest

from core.legal_time import legal_now, legal_today
from licensing import selectors
from licensing.actions import licenses
from licensing.cover import Axis, Cover, lanes
from licensing.forecast import Forecast
from licensing.models import Application, License
from licensing.templatetags.licensing import cover_chart
from shipments.web import pages
from tests.make import seen

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


def cover(name="Auriga", first=TODAY, last=date(2027, 7, 22), **said):
    return Cover(name, "EL-1", first, last, **said)


def test_the_axis_is_this_month_and_the_twelve_after():
    axis = Axis.of(TODAY)
    assert (axis.first, axis.last, len(axis.months())) == (date(2026, 11, 1), date(2027, 11, 30), 13)
    assert [axis.at(day) for day in (date(2020, 1, 1), axis.first, TODAY, axis.last + DAY, date(2030, 1, 1))] == [
        0,
        0,
        58,
        1000,
        1000,
    ]


def test_every_day_of_a_leap_year_has_its_place_in_order():
    axis = Axis.of(date(2028, 2, 29))
    days = [axis.first + n * DAY for n in range((axis.last - axis.first).days + 1)]
    places = [axis.at(day) for day in days]
    assert places == sorted(set(places)) and axis.last == date(2029, 2, 28)


def test_whose_cover_ends_first_stands_first_and_what_is_asked_covers_nobody():
    rows = [
        cover("Auriga"),
        cover("Delmora", last=date(2027, 4, 13), gone_on=date(2027, 1, 19)),
        cover("Nordwind", last=date(2027, 1, 18)),
        cover("Nordwind", first=date(2027, 2, 1), last=date(2028, 1, 31), asked=True),
        cover("Hoshino", asked=True),
    ]
    found = lanes(rows)
    assert [lane.name for lane in found] == ["Hoshino", "Nordwind", "Delmora", "Auriga"]
    assert [one.asked for one in found[1].covers] == [False, True]


def test_a_bar_ends_with_its_last_day_or_with_its_quantity():
    drawn = cover_chart([cover(gone_on=date(2027, 1, 19)), cover("Nordwind")], TODAY)
    axis = Axis.of(TODAY)
    for (lane, [bar]), until in zip(drawn["lanes"], (date(2027, 1, 20), date(2027, 7, 23)), strict=True):
        wide = axis.at(until) - axis.at(TODAY)
        assert bar["width"] == f"{wide // 10}.{wide % 10}%", lane.name


@pytest.mark.django_db
def test_it_is_of_licenses_in_force_and_of_cases_that_wait_for_a_decision(world):
    license, today = world.license(), legal_today()
    for filed in (world.application(), world.application(), world.application()):
        last = filed
    world.under_review(last)
    Application.objects.filter(ref=filed).update(planned_until=None)

    def found():
        cases = selectors.told_cases(Application.objects.exclude(ref=license.application.ref), legal_now())
        return list(selectors.covers(License.objects.all(), cases, today))

    user = str(license.end_users.get().party)
    assert found() == [Cover(user, license.ref, license.usable_from, license.usable_until)]
    Application.objects.filter(ref=last).update(planned_from=today, planned_until=today)
    assert [one.asked for one in found()] == [False, True]
    Application.objects.filter(ref=last).update(planned_from=today - DAY, planned_until=today - DAY)
    assert [one.asked for one in found()] == [False]
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Looked into.", by=world.ministry.decider)
    assert [one.stopped for one in found()] == [True]


@pytest.mark.django_db
def test_the_line_that_is_gone_first_ends_it(world):
    license, today = world.license(), legal_today()
    row = selectors.with_balances(License.objects.filter(pk=license.pk)).get()
    [line] = row.lines.all()
    line.forecast = Forecast(enough=True, runs_out=today + 9 * DAY, days_early=3)
    assert [one.ends for one in selectors.covers([row], [], today)] == [today + 9 * DAY]
    line.forecast = Forecast(enough=True, left=9)
    assert [one.ends for one in selectors.covers([row], [], today)] == [license.usable_until]


def test_the_overview_shows_it(world, client):
    world.license()
    client.force_login(world.exporter.user)
    page = client.get("/").content.decode()
    assert "Cover over the next year" in page and page.count('class="who"') == 1
    assert re.search(r">Dec</text>", page)
    client.cookies["language"] = "zh-hans"
    assert re.search(r">12月</text>", client.get("/").content.decode())  # no 十二月: the next one would stand on it


def test_it_shows_those_that_end_first_and_not_those_issued_last(world, client):
    rows = [world.license(kilograms=1) for _ in range(6)]
    client.force_login(world.exporter.user)
    assert client.get("/").content.decode().count('class="who"') == 6
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "MOST_COVERED", 5)
        page = client.get("/").content.decode()
    assert "Of the 5 licenses, out of 6, that end first." in page and page.count('class="who"') == 5
    assert str(rows[0].end_users.get().party) in page.partition("Cover over the next year")[2]
