"""Histories, and who stands in their records: nothing that takes two people has one, nobody is in two rounds of a case,
nobody of a case in its reconsideration.

The walk (test_all_graphs.py) says at each step what the rules allow; this reads what was written down, without them. A
run has 10; TWO_PEOPLE=1000 the whole.
"""

import os
from collections import Counter, defaultdict

import pytest
from django.db import connection
from django.db.models import F

from core.models import HistoryLine
from licensing.models import License, Suspension
from tests.walk.walker import OFFICERS, Walk

HISTORIES = int(os.environ.get("TWO_PEOPLE") or 10)
STEPS = 80
TWO = {"revoke", "invalidate", "bar"}
pytestmark = [pytest.mark.full, pytest.mark.slow, pytest.mark.django_db]


def records():
    """By row, in their order: what was done, and by whom."""
    found = defaultdict(list)
    lines = HistoryLine.objects.order_by("subject_kind", "subject_id", "seq")
    for kind, pk, verb, who in lines.values_list("subject_kind", "subject_id", "verb", "actor_id"):
        found[kind, pk].append((verb, who))
    return found


def by_one(lines):
    """What somebody did whom nobody else had asked to."""
    proposed = {}
    for verb, who in lines:
        step, _, of = verb.partition("_")
        if step == "propose":
            proposed[of] = who
        elif step == "drop":
            proposed.pop(of, None)
        elif verb in TWO and proposed.pop(verb, who) == who:
            yield verb, who


def out_of_turn(lines, officers):
    """Which officers of a case did what was another's. before: whoever acted in a round that was quashed; contested:
    whoever had a part in what is under reconsideration."""
    before, acted, contested, recommended, decided, changed = set(), set(), set(), 0, 0, False
    for verb, who in lines:
        if verb == "reconsider":
            contested = set(acted)
        if who not in officers:
            continue
        again = who in before | contested and verb != "undeclared"  # what is done to a declaration is told of its cases
        if again or verb in ("approve", "refuse", "change") and who == recommended:
            yield verb, who
        if verb == "issue" and (decided in (0, recommended) or changed and who in (decided, recommended)):
            yield verb, who
        acted.add(who)
        recommended = who if verb == "recommend" else recommended
        if verb in ("approve", "change"):
            decided, changed = who, verb == "change"
        if verb in ("uphold", "change", "quash"):
            contested = set()
        if verb == "quash":
            before, recommended, decided, changed = set(acted), 0, 0, False


def test_nothing_is_written_down_that_one_person_did_where_it_takes_two(world):
    done = Counter()
    with connection.cursor() as cursor:  # verbs are no part of a transaction, as far as Django knows
        for number in range(HISTORIES):
            cursor.execute("SAVEPOINT history")
            walk = Walk(world, 1_000_000 + number)
            while walk.plain.step < STEPS:
                walk.go()
            officers = {one.pk for one in walk.people if one.has(*OFFICERS)}
            told = records()
            for (kind, pk), lines in told.items():
                wrong = [*by_one(lines), *(out_of_turn(lines, officers) if kind == "application" else ())]
                assert wrong == [], (number, kind, pk, lines)
                done.update(verb for verb, _ in lines)
            lifted = Suspension.objects.filter(cause="enforcement", ended_at__isnull=False)
            assert not lifted.filter(ended_by=F("opened_by")).exists()
            issued = HistoryLine.objects.filter(subject_kind="application", verb="issue").count()
            assert (walk.differences, License.objects.count()) == ([], issued), number
            cursor.execute("ROLLBACK TO SAVEPOINT history")
    if HISTORIES >= 1_000:
        assert {"issue", "change", "quash", "lift", "reinstate", *TWO} <= done.keys(), done


def test_twin_a_record_of_one_person_is_seen():
    one, two, three = 1, 2, 3
    assert list(by_one([("revoke", one)])) == [("revoke", one)]
    assert list(by_one([("propose_revoke", one), ("revoke", one)])) == [("revoke", one)]
    assert list(by_one([("propose_bar", one), ("drop_bar", two), ("bar", two)])) == [("bar", two)]
    refused = [("accept", one), ("recommend", two), ("refuse", three), ("reconsider", 9)]
    for lines in (
        [("recommend", one), ("approve", one)],
        [("recommend", one), ("issue", two)],
        [*refused, ("admit", one)],
        [*refused, ("change", 4), ("issue", 4)],
        [*refused, ("change", 4), ("issue", two)],
        [*refused, ("quash", 4), ("assign", three)],
        [*refused, ("quash", 4), ("assign", 4)],
    ):
        assert len(list(out_of_turn(lines, {1, 2, 3, 4}))) == 1, lines
    told = [*refused, ("undeclared", three), ("quash", 4), ("undeclared", three)]
    for lines in ([*refused, ("change", 4), ("issue", three)], told):
        assert list(out_of_turn(lines, {1, 2, 3, 4})) == []
