"""A walk over all graphs at once beside a plain model: account, annual channel, inquiries, declarations, cases,
licenses, causes, shipments; after each step somebody tries what the model refuses, and at the end time passes."""

import logging
import os
from collections import Counter

import pytest
from django.db import connection

from core import history
from licensing.actions import inquiries, licenses
from licensing.models import Inquiry
from tests.walk import coverage
from tests.walk.later import goes_on
from tests.walk.plain import Asked
from tests.walk.verbs import ALL
from tests.walk.walker import Walk

log = logging.getLogger(__name__)
STEPS = int(os.environ.get("WALK_STEPS") or 600)
MANY = 20_000  # steps in which each verb is done, and each row taken that a walk takes
FIRST = int(os.environ.get("WALK_FIRST") or 0)  # the number of the first walk
ONE = 300  # steps of a walk; then another one begins
AGAIN = 150  # steps of one that is taken twice
AFTER = 10  # steps when time has passed, each time
LEAST = 85  # rows of workflows.csv that the shortest run takes
pytestmark = [pytest.mark.full, pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture
def on_its_day(on):
    """Each walk begins at the same instant, so that its number says all of it."""
    on("2026-11-30")


def test_what_is_done_and_what_is_refused_is_what_the_rules_say(on_its_day, world):
    """And of many steps no row is left out but those that have a reason to be."""
    counts: Counter[tuple[str, str]] = Counter()
    taken: set[coverage.Row] = set()
    attempts = 0
    with connection.cursor() as cursor:  # verbs are no part of a transaction, as far as Django knows
        for number in range(FIRST, FIRST + STEPS // ONE):
            cursor.execute("SAVEPOINT walk")
            walk = Walk(world, number)
            walk.begin()
            while walk.plain.step < ONE:
                walk.go()
                walk.attempt()
                walk.compare()
                assert walk.differences == [], (number, walk.plain.step)
            walk.ends()
            walk.compare()
            goes_on(walk, AFTER)
            walk.replay()
            assert walk.differences == [], number
            counts += walk.counts
            taken |= coverage.taken()
            attempts += walk.attempts
            cursor.execute("ROLLBACK TO SAVEPOINT walk")
        walk = Walk(world, FIRST)
        walk.leaves()
        counts += walk.counts
        taken |= coverage.taken()
    refused = sum(times for (_verb, said), times in counts.items() if said)
    log.info("%s steps, refused %s, of these tried for that %s; %s", STEPS, refused, attempts, coverage.told(taken))
    assert len(taken) >= LEAST
    done = {verb for verb, said in counts if not said}
    assert done >= {"account close", "annual grant", "annual renew"} or STEPS < 2 * ONE
    if STEPS >= MANY:
        assert {f"{verb.noun} {verb.name}" for verb in ALL} <= done
        assert coverage.rows() - taken - coverage.RARE == coverage.NOT_HERE


@pytest.mark.parametrize("number", range(FIRST, FIRST + max(2, STEPS // ONE // 3)))
def test_whoever_has_nothing_open_leaves_and_does_nothing_more(number, on_its_day, world):
    walk = Walk(world, number)
    walk.leaves()
    assert walk.plain.account.state == "closed" and ("account close", "") in walk.told
    for _ in range(20):
        walk.go()
        walk.attempt()
        walk.compare()
    walk.replay()
    assert walk.differences == []


def test_a_walk_of_the_same_number_takes_the_same_steps(on_its_day, world):
    told: list[list[tuple[str, str]]] = []
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute("SAVEPOINT walk")
            walk = Walk(world, FIRST)
            walk.begin()
            while walk.plain.step < AGAIN:
                walk.go()
                walk.attempt()
            told.append(walk.told)
            cursor.execute("ROLLBACK TO SAVEPOINT walk")
    assert told[0] == told[1]


# --- twins ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("of", "rule"), [(history, "require_seen"), (licenses, "exhaust_if_done")])
def test_twin_a_rule_is_gone(of, rule, on_its_day, world, monkeypatch):
    """It is seen by what somebody was let do, or by what stands."""
    monkeypatch.setattr(of, rule, lambda *_, **__: None)
    walk = Walk(world, 0)
    walk.begin()
    while walk.plain.step < ONE and not walk.differences:
        walk.go()
        walk.attempt()
        walk.compare()
    assert walk.differences


def test_twin_a_state_is_changed_past_the_verb(on_its_day, world):
    """The comparison says so, and what replays the history."""
    walk, ref = Walk(world, FIRST), inquiries.ask(description="Magnets", by=world.exporter).ref
    walk.plain.inquiries[ref] = Asked(ref)
    Inquiry.objects.filter(ref=ref).update(state="withdrawn")
    walk.compare()
    walk.replay()
    told, replayed = walk.differences
    assert told[1:] == (ref, "withdrawn", "asked")
    assert replayed[1] == "otherwise than its history"
