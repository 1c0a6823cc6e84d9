"""Which editions that came into force lately say something else of what a company has."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.legal_time import day_start, legal_now, legal_today
from licensing.actions import follows
from licensing.models import License, Verdict
from licensing.policy.vocabulary import HIT
from licensing.selectors import editions_at
from licensing.selectors.what_if import begun
from shipments import actions as shipments
from tests import make
from tests.book import forbid
from tests.licensing.test_holds import hold

pytestmark = pytest.mark.django_db
MAGNET = "1C905.a.4"
DAY = timedelta(days=1)


def told(who, days=30):
    """The names of those of the last so many days."""
    now = legal_now()
    return [one.code for one in begun(who.organization_id, editions_at(now), now - timedelta(days=days))]


def ban(named="BAN", starts_at=None, **match):
    return make.edition(forbid(**match), named, starts_at)


def ruled(code, **words):
    """From now on the first edition with a rule that forbids magnets to Germany, and says this otherwise."""

    def change(rules, document):
        forbid(code=[MAGNET], country=["DE"])(rules, document)
        document["rules"][-1].update(words)

    return make.edition(change, code)


@pytest.fixture
def magnets(world):
    """A license for magnets to Germany."""
    return world.license()


@pytest.mark.parametrize(
    ("match", "touches"),
    [
        ({"code": [MAGNET], "country": ["DE"]}, True),
        ({"country": ["DE"]}, True),
        ({"code": [MAGNET], "country": ["DK"]}, False),
        ({"code": ["1C909"], "country": ["DE"]}, False),
        ({"code": [MAGNET], "use": ["MIL_POTENTIAL"]}, False),
    ],
)
def test_a_rule_is_news_to_whoever_holds_a_license_that_it_may_fit(match, touches, world, magnets):
    ban(**match)
    assert told(world.exporter) == (["BAN"] if touches else [])
    assert told(make.exporter()) == []


def test_that_a_rule_is_gone_again_is_news_too_and_the_last_comes_first(world, magnets):
    ban(country=["DE"])
    make.edition(lambda rules, document: None, "UNDO")
    assert told(world.exporter) == ["UNDO", "BAN"]


def test_the_same_rules_in_another_order_are_no_news(world, magnets):
    make.edition(lambda rules, document: document["rules"].reverse(), "REVERSED")
    assert told(world.exporter) == []


def test_it_is_news_for_so_many_days_from_its_start_on(world, magnets, clock):
    ban(country=["DE"], starts_at=day_start(legal_today() + DAY))
    assert told(world.exporter) == []
    clock.set(day_start(legal_today() + DAY))
    assert told(world.exporter) == ["BAN"]
    clock.shift(days=29)
    assert told(world.exporter) == ["BAN"]
    clock.shift(days=32)
    assert told(world.exporter) == []


def test_the_first_edition_of_all_is_no_news(world, magnets):
    assert told(world.exporter, days=9_999) == []


def test_what_was_repealed_is_none(world, magnets, clock):
    make.repealed(ban(country=["DE"], starts_at=day_start(legal_today() + DAY)))
    clock.shift(days=2)
    assert told(world.exporter) == []


def test_wherever_a_license_may_send_goods_counts(world, magnets):
    License.objects.filter(pk=magnets.pk).update(destinations=["DE", "DK"])
    ban(country=["DK"])
    assert told(world.exporter) == ["BAN"]


def test_a_line_without_a_verdict_is_looked_at_by_its_code(world, magnets):
    Verdict.objects.all().delete()
    ban(code=[MAGNET])
    assert told(world.exporter) == ["BAN"]


@pytest.mark.parametrize("reserved", [True, False])
def test_of_a_license_that_is_over_what_is_still_reserved_counts(reserved, world, magnets):
    shipment = world.shipment(magnets)
    License.objects.filter(pk=magnets.pk).update(state="expired")
    if not reserved:
        shipments.cancel(shipment.ref, by=world.exporter)
    ban(country=["DE"])
    assert told(world.exporter) == (["BAN"] if reserved else [])


def test_drafts_and_open_cases_count(world):
    ref = world.application(by_whom=[world.declaration(country="JP")])
    ban(country=["JP"])
    assert told(world.exporter) == ["BAN"]
    world.under_review(ref)
    assert told(world.exporter) == ["BAN"]


def test_what_a_company_follows_counts_wherever_it_goes(world):
    ban(code=[MAGNET], country=["DK"])
    assert told(world.exporter) == []
    follows.follow(code="1C905", by=world.exporter)
    assert told(world.exporter) == ["BAN"]


def test_a_rule_that_is_off_or_over_is_no_news(world, magnets):
    yesterday = str(legal_today() - DAY)
    ruled("OFF", enabled=False)
    ruled("OVER", effective_to=yesterday)
    make.edition(lambda rules, document: None, "UNDO")
    assert told(world.exporter) == []


def test_a_window_that_is_over_is_no_news(world, magnets):
    yesterday = str(legal_today() - DAY)
    ruled("BAN")

    def pause(rules, document):
        forbid(code=[MAGNET], country=["DE"])(rules, document)
        row = document["rules"][-1]
        said = {"suspended_from": "2026-01-07", "suspended_until": yesterday}
        windows = [one for one in document["windows"] if one["instrument"] != row["instrument"]]
        window = document["windows"][0] | {"instrument": row["instrument"], "clause": row["clause"]} | said
        document["windows"] = [*windows, window]

    make.edition(pause, "PAUSED")
    assert told(world.exporter) == ["BAN"]


@pytest.mark.parametrize(("country", "touches"), [("DE", True), ("DK", False)])
@pytest.mark.parametrize(("days", "lasts"), [(1, True), (-1, False)])
def test_a_hold_that_stands_is_news(days, lasts, country, touches, world, magnets):
    make.edition(hold(country, first=-9, last=days), "HOLD")
    assert told(world.exporter) == (["HOLD"] if touches and lasts else [])


def test_what_screening_found_is_not_told(world, magnets):
    """That a rule about hits is news to one company and not to another would tell of a hit."""
    other = make.World(world.ministry, world.customs, make.exporter(world.ministry))
    other.license()
    verdict = Verdict.objects.get(line__license=magnets)
    Verdict.objects.filter(pk=verdict.pk).update(facts=verdict.facts | {HIT: "watch_list"})
    ruled("HITS", match={HIT: ["watch_list"], "destination.country": ["DE"]})
    assert told(world.exporter) == told(other.exporter) == ["HITS"]


@pytest.mark.slow
def test_no_query_where_none_began_and_else_the_same_few(world, magnets):
    now = legal_now()
    counts = []
    for _ in range(3):
        editions = editions_at(legal_now())
        for _code, digest, _at in editions.rows:
            editions.rules(digest)
        with CaptureQueriesContext(connection) as asked:
            begun(world.exporter.organization_id, editions, now - 30 * DAY)
        counts.append(len(asked))
        world.license()
        world.application()
        ban(f"BAN{len(counts)}", country=["DE"])
    assert counts == [0, 6, 6]
