"""Decisions under six editions of the rules: what each was judged by is kept, and replays byte for byte.

1,000 with FULL.
"""

import json
import os
from datetime import timedelta
from random import Random

import pytest
from django.db import connection

from core.legal_time import legal_now, legal_today
from licensing import selectors
from licensing.actions import decisions
from licensing.models import Application, Finding, PolicyEdition, Screening
from licensing.policy.engine import ENGINE
from licensing.policy.records import replayed
from licensing.policy.trace import Fate
from licensing.policy.vocabulary import FACTS, HIT
from tests import make
from tests.book import Book, unguarded
from tests.make import seen
from tests.ticks import tick

DECISIONS = 1_000 if os.environ.get("FULL") else 60
EDITIONS = 6
DAY = timedelta(days=1)
WORDS = ["presumption_of_approval", "standard_review", "case_by_case", "presumption_of_denial", "prohibited"]
pytestmark = pytest.mark.full


def other(random):
    """A change of some rules: whether they count, what they say, which papers they ask for, and the limit of days."""

    def change(rules, document):
        for rule in random.sample(sorted(rules), 12):
            effect = rules[rule]["effect"]
            match random.randrange(4):
                case 0:
                    rules[rule]["enabled"] = not rules[rule].get("enabled", True)
                case 1 if "disposition" in effect:
                    effect["disposition"] = random.choice(WORDS)
                case 2:
                    effect["require"] = ["undertaking"]
                case _:
                    effect["clock"] = "untimed"

    return change


@pytest.fixture
def decided(world, clock):
    """So many cases, each recommended and refused under the edition of its day."""
    random, m = Random(6), world.ministry
    book = Book(world, 0, cases=0)
    parties = [row.end_user for row in book.signed]
    with unguarded():
        cases = book.cases("under_review", DECISIONS)
        Application.objects.update(reviewer=m.reviewer.user, submitted_at=legal_now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # else the planner knows what some earlier test left, and each query takes a second
    why = {"factors": ["END_USE"], "text": "No."}
    for number in range(EDITIONS):
        clock.shift(days=number)
        if number:
            make.edition(other(random), f"E{number}")
        facts = {"by": m.reviewer.user, "at": legal_now(), "screened_on": legal_today(), "list_version": "1"}
        Screening.objects.bulk_create(
            Screening(party=party, party_version=1, application=cases[0], hit=hit, reason="Entry", **facts)
            for party, hit in zip(parties, random.choices(FACTS[HIT].words, k=len(parties)), strict=True)
        )
        for case in cases[number::EDITIONS]:
            decisions.recommend(
                case.ref, seen=seen(case.ref), outcome="refuse", acknowledged=tick(case.ref), by=m.reviewer, **why
            )
            decisions.refuse(case.ref, seen=seen(case.ref), departure="Doubts.", by=m.decider, **why)
    return cases


def test_decisions_under_six_editions_replay_byte_for_byte_and_otherwise_under_other_rules(decided):
    """What replays does so by its own edition: another one's text says something else of some of the same facts."""
    codes = dict(PolicyEdition.objects.values_list("digest", "code"))
    selectors.rules_of.cache_clear()
    said, found = set(), Finding.objects.filter(moment="refuse")
    for finding in found:
        kept = json.loads(finding.record)
        assert replayed(finding.record, selectors.rules_of(kept["edition"])) == finding.record
        assert (codes[kept["edition"]], kept["engine"], kept["as_of"]) == (finding.edition, ENGINE, str(finding.as_of))
        outcome = kept["outcome"]
        told = (finding.disposition, finding.channels, finding.matched)
        assert (outcome["disposition"], outcome["channels"], outcome["matched"]) == told
        assert [line[0] for line in kept["trace"] if line[1] == Fate.MATCHED.value] == finding.matched
        said.add((finding.edition, finding.disposition))
    assert set(found.values_list("application__ref", flat=True)) == {case.ref for case in decided}
    assert {edition for edition, _ in said} == set(codes.values())
    assert len(codes) == EDITIONS
    assert len({disposition for _, disposition in said}) >= 4
    first, *others = map(selectors.rules_of, PolicyEdition.objects.order_by("pk").values_list("digest", flat=True))
    of_first = found.filter(record__contains=first.edition.digest)
    for rules in others:
        said = [(json.loads(replayed(one.record, rules)), json.loads(one.record)) for one in of_first]
        assert any(now["outcome"] != then["outcome"] for now, then in said)
