"""What only adds rules that can't loosen is nowhere milder: shown beside the plain evaluator, whatever is drawn."""

import copy
import os
from collections import Counter

import pytest

from licensing.policy.comparison import only_adds
from licensing.policy.engine import Outcome
from licensing.policy.strictness import LOOSENS, differences
from tests.policy import generated, plain
from tests.policy.drafts import another, draft, first
from tests.policy.test_twin import compiled

CASES = 20_000 if os.environ.get("FULL") else 1_500


def with_more(pick, edition):
    """The edition with some rules more; in half of them no rule grants, sets or overrides anything."""
    edition = copy.deepcopy(edition)
    plainly = pick.chance(50)
    for _ in range(pick.one([1, 1, 2, 3])):
        rule = generated.add_rule(pick, edition)
        if plainly:
            rule["effect"] = {name: did for name, did in rule["effect"].items() if name not in ("grant", "params")}
        elif pick.chance(30):
            generated.override(pick, edition)
    return edition


def without_names_of_none(edition):
    """An edition that is read names no rule that it has not."""
    names = {rule["id"] for rule in edition["rules"]}
    named = [(rule, rule.get("overrides_disposition_of", [])) for rule in edition["rules"]]
    rules = [rule | {"overrides_disposition_of": [one for one in some if one in names]} for rule, some in named]
    return edition | {"rules": rules}


def said(edition, facts, on):
    found = plain.outcome(edition, facts, on)
    lists = {name: tuple(found[name]) for name in ("channels", "requires", "matched", "missing")}
    return Outcome(**{name: found[name] for name in ("controlled", "disposition", "clock", "params")}, **lists)


def test_whatever_is_only_added_loosens_nothing():
    pick, seen, last = generated.Seeded(20261128), Counter(), None
    for drawn, facts, on in generated.seeded_cases(20261128, CASES, each=20):
        if drawn is not last:
            last, old = drawn, without_names_of_none(drawn)
            new = with_more(pick, old)
            adds = only_adds(compiled(old).edition, compiled(new).edition)
        found = differences(said(old, facts, on), said(new, facts, on))
        loosens = any(one.direction == LOOSENS for one in found)
        assert not (adds and loosens), (facts, on, found, generated.apart(new))
        seen[adds, bool(found), loosens] += 1
    assert min(seen[True, True, False], seen[False, True, True]) > 20


def added(**changes):
    def change(rules, document):
        another(rules, document, "R050", "R033", **{"effect": {"disposition": "prohibited"}} | changes)

    return change


def test_bans_holds_instruments_and_promises_are_only_added():
    def more(rules, document):
        added()(rules, document)
        document["instruments"].append(document["instruments"][0] | {"id": "NEW"})
        match = {"destination.country": ["JP"]}
        words = {"reason_en": "Studied.", "reason_zh": "研究中。", "owner": "Bureau"}
        document["holds"] = [{"id": "H1", "match": match, "from": "2026-11-28", "until": None, **words}]
        document["invariants"].append(document["invariants"][0] | {"id": "I99"})

    assert only_adds(first().edition, draft(more).edition)
    assert only_adds(first().edition, first().edition)


@pytest.mark.parametrize("effect", [
    {"disposition": "prohibited", "remove": ["single"], "require": ["undertaking"], "clock": "untimed"},
    {"require": ["undertaking"]},
    {"control": True, "disposition": "standard_review"},
])  # fmt: skip
def test_a_rule_that_asks_for_more_is_only_added(effect):
    assert only_adds(first().edition, draft(added(effect=effect)).edition)


@pytest.mark.parametrize("change", [
    added(effect={"disposition": "prohibited", "grant": ["special_application"]}),
    added(effect={"disposition": "prohibited", "params": {"qty_tolerance_mode": "pct_line"}}),
    added(effect={"disposition": "exempt"}),
    added(effect={"disposition": "presumption_of_approval"}),
    added(overrides_disposition_of=["R045"]),
    lambda rules, _: rules["R044"].update(enabled=False),
    lambda rules, document: document["rules"].remove(rules["R044"]),
    lambda _, document: document["instruments"][0].update(effective_to="2030-01-01"),
    lambda _, document: document["windows"][0].update(suspended_until="2026-12-10"),
    lambda _, document: document["groups"].update(NEW={"en": "New", "zh": "新", "countries": ["FR"]}),
    lambda _, document: document["thresholds"].pop(),
])  # fmt: skip
def test_what_grants_lowers_or_changes_anything_does_more_than_add(change):
    assert not only_adds(first().edition, draft(change).edition)
