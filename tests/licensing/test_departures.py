"""How often decisions leave what the rules presume: rates of twelve months by officer, item and destination."""

from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from core.legal_time import day_start, legal_today, months_after
from licensing.actions import decisions
from licensing.models import Application
from licensing.selectors import departure_rates
from tests import make
from tests.make import seen


def presume(disposition):
    """From now on R040 presumes this of what it opens."""
    make.edition(lambda rules, document: rules["R040"]["effect"].update(disposition=disposition), make.unique("P"))


def decided(world, outcome, *, countries=("DE",), code="1C905.a.4", by=None, why=""):
    signed = [world.declaration(country=country, codes=(code,)) for country in countries]
    ref = world.under_review(world.application(code=code, by_whom=signed))
    grounds = {"factors": ["END_USE"], "text": "No."} if outcome == "refuse" else {}
    decisions.recommend(ref, seen=seen(ref), outcome=outcome, by=world.ministry.reviewer, **grounds)
    verb = decisions.approve if outcome == "approve" else decisions.refuse
    verb(ref, seen=seen(ref), departure=why, by=by or world.ministry.decider, **grounds)
    return Application.objects.get(ref=ref)


def said(world, name, actor=None):
    rates = departure_rates(actor or world.ministry.decider, legal_today())[name]
    return {rate.name: (rate.decisions, rate.presumed, rate.approved, rate.refused, rate.percent) for rate in rates}


@pytest.fixture
def year(world):
    """Refused against a presumption of approval, approved along it, and one of each without any."""
    decided(world, "refuse", countries=("DE", "FR"), why="Doubts.")
    decided(world, "approve")
    presume("standard_review")
    decided(world, "refuse", by=world.ministry.other_decider)
    decided(world, "approve", code="1C904.a.4")


def test_refusals_against_a_presumption_of_approval_are_counted_by_officer_item_and_destination(world, year):
    names = [who.user.name for who in (world.ministry.decider, world.ministry.other_decider)]
    assert said(world, "officer") == {names[0]: (3, 2, 0, 1, 50), names[1]: (1, 0, 0, 0, 0)}
    assert said(world, "item") == {"1C905.a.4": (3, 2, 0, 1, 50), "1C904.a.4": (1, 0, 0, 0, 0)}
    assert said(world, "destination") == {"France": (1, 1, 0, 1, 100), "Germany": (4, 2, 0, 1, 50)}


def test_a_case_of_two_end_users_in_one_country_counts_there_once(world):
    decided(world, "refuse", countries=("DE", "DE"), why="Doubts.")
    assert said(world, "destination") == {"Germany": (1, 1, 0, 1, 100)}


def test_approvals_against_a_presumption_of_denial_are_counted(world):
    presume("presumption_of_denial")
    decided(world, "approve", why="A hospital.")
    decided(world, "refuse")
    assert set(said(world, "officer").values()) == {(2, 2, 1, 0, 50)}


def test_twelve_months_count_with_their_first_day(world, clock):
    decided(world, "refuse", why="Doubts.")
    first = legal_today()
    clock.set(day_start(months_after(first, 12)))
    assert list(said(world, "officer").values()) == [(1, 1, 0, 1, 100)]
    clock.set(day_start(months_after(first, 12) + timedelta(days=1)))
    assert said(world, "officer") == {}


def test_an_officer_of_a_province_counts_his_own(world, year):
    assert said(world, "item", replace(world.ministry.decider, province="44")) == {}
    assert len(said(world, "item", replace(world.ministry.decider, province="36"))) == 2


@pytest.mark.slow
def test_the_page_says_it_to_deciders_policy_officers_and_auditors(world, year, client):
    for who in (world.ministry.decider, world.ministry.policy_officer, world.ministry.auditor):
        client.force_login(who.user)
        page = " ".join(unescape(client.get("/desk/policy/departures/").content.decode()).split())
        assert "Germany" in page and "50 %" in page
        assert "Decisions against a presumption" in client.get("/desk/policy/").content.decode()
    for who in (world.ministry.reviewer, world.ministry.policy_approver, world.exporter):
        client.force_login(who.user)
        assert client.get("/desk/policy/departures/").status_code in (403, 404)


def test_it_is_asked_in_as_many_queries_for_one_decision_as_for_four(world, year, django_assert_num_queries):
    today = legal_today()
    with django_assert_num_queries(3):
        departure_rates(world.ministry.decider, today)
