"""The engine: what an edition says of facts on a day. The outcomes are those of rule_cases.csv, worked by hand."""

import csv
import hashlib
import json
from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.legal_time import DAY_PATTERN
from core.models import people
from licensing.policy import engine, shape, vocabulary
from licensing.policy.editions import Unreadable, canonical
from licensing.policy.facts import may_be, share_of, whole
from tests.policy import generated
from tests.policy.drafts import draft
from tests.policy.test_twin import compiled

DAY = timedelta(days=1)
CASES = Path(__file__).with_name("rule_cases.csv")
CAR = {
    "item.control_code": "1C905.a.4",
    "destination.country": "DE",
    "end_use.code": "CIV_AUTO",
    "end_user.class": "commercial",
    "screening.hit": "none",
    "exporter.annual_qualified": True,
}


def worked():
    with CASES.open(encoding="utf-8", newline="") as source:
        next(source)
        return list(csv.DictReader(source))


def said(edition, facts, on, **more):
    return edition.assess(whole(facts, edition.edition), on=on, **more)


@pytest.mark.parametrize("case", worked(), ids=lambda case: case["case"])
def test_a_worked_case_comes_out_as_worked(first, case):
    found = said(first, json.loads(case["facts_json"]), date.fromisoformat(case["as_of"]))
    lists = {
        name: tuple(filter(None, case[name].split(";"))) for name in ("channels", "requires", "matched", "missing")
    }
    assert {name: getattr(found, name) for name in lists} == lists
    assert found.controlled is {"true": True, "false": False, "null": None}[case["controlled"]]
    assert (found.disposition, found.clock, found.final) == (case["disposition"], case["clock"], not lists["missing"])


@pytest.mark.parametrize(("country", "rule"), [("US", "R035"), ("JP", "R036")])
def test_what_a_later_list_leaves_open_stays_closed_to_a_listed_military_user(country, rule):
    """No hit is of two lists, so that what these rules close shows where a rule leaves this list its way."""
    edition = draft(lambda rules, _: rules["R020"]["match"].update({"screening.hit": ["military_list"]}))
    facts = CAR | {"screening.hit": "military_list", "destination.country": country}
    found = said(edition, facts, date(2026, 2, 2))
    assert (rule in found.matched, found.channels) == (True, ())
    assert said(edition, facts | {"destination.country": "DE"}, date(2026, 2, 2)).channels == ("special_application",)


def test_rules_count_from_their_day_to_the_end_of_a_pause_and_again_after_it(first):
    ho = CAR | {"item.control_code": "1C909.b"}
    days = [date(2025, 10, 8), date(2025, 10, 9), date(2026, 11, 10), date(2026, 11, 11)]
    assert [said(first, ho, day).controlled for day in days] == [False, False, False, True]
    japan = CAR | {"item.control_code": "1C904.a.4", "destination.country": "JP", "end_use.code": "MIL_POTENTIAL"}
    assert said(first, japan, date(2026, 1, 5)).disposition == "presumption_of_denial"
    assert said(first, japan, date(2026, 1, 6)).disposition == "prohibited"


def test_the_turns_are_the_days_on_which_other_rules_count(first):
    turns = first.turns("new")
    assert date(2026, 11, 11) in turns and date(2026, 11, 10) not in turns
    assert all(first.active(day, "new") != first.active(day - DAY, "new") for day in turns)
    assert date(2025, 12, 1) not in turns  # two clauses begin while their instrument is suspended
    assert first.turns("existing") == [date(2024, 12, 1), date(2024, 12, 3), date(2026, 1, 6)]


def test_a_rule_counts_for_those_whom_it_names(first):
    listed = CAR | {"screening.hit": "watch_list"}
    assert said(first, listed, date(2026, 1, 20), audience="pending").clock == "untimed"
    assert said(first, listed, date(2026, 1, 20), audience="existing").controlled is False


def test_any_of_several_countries_matches(first):
    through = CAR | {"destination.country": ["DE", "US"], "end_use.code": "MIL_USE"}
    assert "R031" in said(first, through, date(2026, 1, 20)).matched
    assert said(first, through, date(2026, 1, 20)) == said(
        first, through | {"destination.country": ["US", "DE", "US"]}, date(2026, 1, 20)
    )
    assert said(first, CAR | {"destination.country": ["DE"]}, date(2026, 1, 20)) == said(first, CAR, date(2026, 1, 20))


@pytest.mark.parametrize(
    ("change", "where", "code"),
    [
        ({"item.colour": "red"}, "item.colour", "unknown-fact"),
        ({"item.control_code": "1C914"}, "item.control_code", "fact-value"),
        ({"item.element": "Tb"}, "item.element", "facts-contradict"),
        ({"item.list": "october"}, "item.list", "facts-contradict"),
        ({"item.category": "oxide"}, "item.category", "facts-contradict"),
        ({"item.category": "bread"}, "item.category", "fact-value"),
        ({"item.element": "Xx"}, "item.element", "fact-value"),
        ({"exporter.territory": "overseas"}, "item.control_code", "code-of-others"),
        ({"item.control_code": "ANN61-P1"}, "item.control_code", "code-of-others"),
        ({"destination.country": "Germany"}, "destination.country", "fact-value"),
        ({"destination.country": []}, "destination.country", "fact-value"),
        ({"destination.country": ["DE"] * 51}, "destination.country", "fact-value"),
        ({"destination.country": ["DE", 7]}, "destination.country", "fact-value"),
        ({"item.origin": "jp"}, "item.origin", "fact-value"),
        ({"end_use.code": "BREAD"}, "end_use.code", "fact-value"),
        ({"end_user.class": "army"}, "end_user.class", "fact-value"),
        ({"end_user.class": None}, "end_user.class", "fact-value"),
        ({"exporter.annual_qualified": "true"}, "exporter.annual_qualified", "fact-value"),
        ({"item.cn_input_value_share": "1.1"}, "item.cn_input_value_share", "fact-value"),
        ({"item.cn_input_value_share": "NaN"}, "item.cn_input_value_share", "fact-value"),
        ({"item.cn_input_value_share": "-0.1"}, "item.cn_input_value_share", "fact-value"),
        ({"item.cn_input_value_share": 0.1}, "item.cn_input_value_share", "fact-value"),
    ],
)
def test_facts_that_nobody_can_have_are_refused_by_name(first, change, where, code):
    with pytest.raises(Unreadable) as refused:
        whole(CAR | change, first.edition)
    assert [(flaw.where, flaw.code) for flaw in refused.value.flaws] == [(where, code)]


def test_what_a_code_says_may_stand_beside_it(first):
    beside = {"item.list": "april", "item.category": "magnet", "item.element": "Dy"}
    assert whole(CAR | beside, first.edition) == whole(CAR, first.edition)


def test_the_rules_that_facts_fail_and_what_follows_from_those_that_match_can_be_asked_apart(first):
    facts, on = whole(CAR, first.edition), date(2026, 1, 20)
    failing = first.failing(facts)
    assert "R001" not in {rule.id for rule in first.of(failing)} and "R002" in {rule.id for rule in first.of(failing)}
    assert first.failing({"end_use.code": "CIV_AUTO"}) & ~failing == 0  # an absent fact fails none
    matched = first.active(on, "new") & ~failing
    assert first.outcome(matched, unlisted=False) == first.assess(facts, on=on)
    assert first.outcome(0, unlisted=True).disposition == "unlisted"


@pytest.mark.parametrize(
    ("part", "value", "reached"),
    [
        ("99.99", "100000.00", False),
        ("100.00", "100000.00", True),
        ("0.01", "10.00", True),
        ("0.01", "10.01", False),
        ("1", "999.99", True),
        ("1", "1000.0000000000000000000000000001", False),
        ("0", "5", False),
        ("5", "5", True),
    ],
)
def test_a_share_of_two_amounts_reaches_the_threshold_when_a_thousand_parts_make_up_the_value(part, value, reached):
    share = share_of(Decimal(part), Decimal(value))
    assert may_be("item.cn_input_value_share", share, None)
    assert (Decimal(share) >= Decimal("0.001")) is reached is (Decimal(part) * 1000 >= Decimal(value))


@pytest.mark.parametrize("countries", [["DE", 3], [["DE"]], ["DE", None], []])
def test_a_list_of_countries_holds_nothing_else(countries):
    assert may_be("destination.country", ["DE", "FR"], None)
    assert not may_be("destination.country", countries, None)


def test_a_rule_may_end_on_the_last_day_that_can_be_written():
    ends = draft(lambda rules, _: rules["R033"].update(effective_to="9999-12-31"))
    assert "R033" in {rule.id for rule in ends.of(ends.active(date.max, "new"))}


@pytest.mark.parametrize(("one", "other"), [("pct_line", "pct_remaining_final"), ("pct_remaining_final", "pct_line")])
def test_a_share_of_what_remains_is_a_stricter_tolerance_than_one_of_the_line(one, other):
    def tolerant(rules, _):
        for name, mode in (("R001", one), ("R040", other)):
            rules[name]["effect"]["params"] = {"qty_tolerance_mode": mode}

    found = said(draft(tolerant), CAR, date(2026, 1, 20))
    assert {"R001", "R040"} <= set(found.matched)
    assert found.params["qty_tolerance_mode"] == "pct_remaining_final"


def test_the_first_rule_matches_as_any_other(first):
    facts = whole(CAR, first.edition)
    matching = {rule.id for rule in first.of(first.matching(facts, on=date(2026, 1, 20), audience="new"))}
    assert first.rules[0].id in matching
    assert matching == set(first.assess(facts, on=date(2026, 1, 20)).matched)


def test_an_outcome_that_many_share_is_changed_by_none(first):
    with pytest.raises(FrozenInstanceError):
        said(first, CAR, date(2026, 1, 20)).disposition = "exempt"


def test_whoever_changes_what_is_said_of_the_same_cases_counts_the_engine_on():
    drawn, found = hashlib.sha256(), hashlib.sha256()
    for number, (edition, facts, on) in enumerate(generated.seeded_cases(7, 400)):
        if number % 200 == 0:
            rules = compiled(edition)
        drawn.update(canonical({"edition": edition, "facts": facts, "on": str(on)}).encode())
        outcome = rules.assess(whole(facts, rules.edition), on=on)
        found.update(repr(outcome).encode())
    assert drawn.hexdigest()[:16] == "2b4521af370e6c8a", "other cases: write their digests here"
    assert (engine.ENGINE, found.hexdigest()[:16]) == (1, "b9a500032aeff997")


def test_a_country_is_written_in_rules_as_everywhere():
    assert vocabulary.COUNTRY_PATTERN == people.COUNTRY_PATTERN


def test_a_day_is_written_in_rules_as_everywhere():
    assert shape.LAST["pattern"] == rf"^{DAY_PATTERN}\Z"
