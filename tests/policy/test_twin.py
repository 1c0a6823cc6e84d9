"""The engine and the plain evaluator, which was written from the rules' own words alone, say the same."""

import os

import pytest
from hypothesis import given, settings

from licensing.policy.editions import Unreadable, edition_of
from licensing.policy.engine import Compiled
from licensing.policy.facts import whole
from tests.policy import generated, plain

CASES = 100_000 if os.environ.get("FULL") else 8_000


def compiled(edition):
    """The same edition as the engine's document."""
    rules = [{"applies_to": ["new"], "clause": "", **rule} for rule in edition["rules"]]
    codes = [{"code": code, **row} for code, row in edition["codes"].items()]
    parts = {"instruments": edition["instruments"], "windows": edition["suspensions"], "end_uses": edition["end_uses"]}
    return Compiled(edition_of({**parts, "rules": rules, "codes": codes, "groups": {}, "invariants": []}, "drawn"))


def both(rules, edition, facts, on):
    said = rules.assess(whole(facts, rules.edition), on=on)
    found = {name: getattr(said, name) for name in ("controlled", "disposition", "clock", "final", "params")}
    lists = {name: list(getattr(said, name)) for name in ("channels", "requires", "matched", "missing")}
    return found | lists, plain.outcome(edition, facts, on)


@pytest.mark.slow
def test_thousands_of_drawn_cases_come_out_alike():
    last = rules = None
    for edition, facts, on in generated.seeded_cases(20261125, CASES):
        if edition is not last:
            last, rules = edition, compiled(edition)
        engine, evaluator = both(rules, edition, facts, on)
        assert engine == evaluator, (facts, on, generated.apart(edition))


@settings(max_examples=100, deadline=None)
@given(generated.cases())
def test_whatever_is_drawn_comes_out_alike(case):
    engine, evaluator = both(compiled(case[0]), *case)
    assert engine == evaluator


def test_what_can_not_be_is_refused_by_both():
    pick = generated.Seeded(3)
    for _ in range(200):
        edition = generated.edition(pick)
        facts = generated.refused(pick, edition)
        with pytest.raises(Unreadable):
            whole(facts, compiled(edition).edition)
