"""The plain evaluator against the cases of rule_cases.csv, and against tiny editions for the sentences they leave open.

C01 to C33 pin the sentences that they need; what is written by hand here is what no case of the file would notice.
"""

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from tests.policy import plain

LINES = (Path(__file__).parent / "rule_cases.csv").read_text(encoding="utf-8").splitlines()[1:]
CASES = list(csv.DictReader(LINES))
FIRST = plain.edition_of_files()
DAY = date(2026, 1, 20)


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_the_cases_of_the_file(case):
    said = plain.outcome(FIRST, json.loads(case["facts_json"]), date.fromisoformat(case["as_of"]))
    del said["params"]  # the file has none
    missing = case["missing"].split(";") if case["missing"] else []
    assert said == {
        "controlled": {"true": True, "false": False, "null": None}[case["controlled"]],
        "disposition": case["disposition"],
        "channels": case["channels"].split(";") if case["channels"] else [],
        "requires": case["requires"].split(";") if case["requires"] else [],
        "clock": case["clock"],
        "matched": case["matched"].split(";") if case["matched"] else [],
        "missing": missing,
        "final": not missing,
    }


def test_there_are_33_cases():
    assert len(CASES) == 33


# --- tiny editions

CODES = {
    "1A1": {"official": True, "list": "april", "instrument": "I", "element": "Dy", "category": "magnet"},
    "1A2": {"official": True, "list": "april", "instrument": "I", "element": "", "category": "equipment"},
    "1A3": {"official": True, "list": "", "instrument": "I", "element": "Dy", "category": "magnet"},
    "X1": {"official": False, "list": "ann61", "instrument": "I", "element": "", "category": "magnet"},
}
A_MAGNET = {"item.control_code": "1A1", "destination.country": "DE"}


def rule(number, effect, match=None, **more):
    """A rule R<number>; without a match it matches every magnet of 1A1."""
    match = {"item.control_code_prefix": ["1A1"]} if match is None else match
    return {"id": f"R{number:03}", "instrument": "I", "clause": "1", "match": match, "effect": effect, **more}


def edition(*rules, suspensions=(), **instrument):
    return {
        "disposition_rank": FIRST["disposition_rank"],
        "fact_defaults": FIRST["fact_defaults"],
        "codes": CODES,
        "instruments": [{"id": "I", "effective_from": "2025-01-01", **instrument}],
        "suspensions": [{"instrument": "I", **window} for window in suspensions],
        "rules": list(rules),
    }


def says(disposition, *, control=False, **more):
    return {"disposition": disposition, **({"control": True} if control else {}), **more}


def ask(*rules, facts=A_MAGNET, on=DAY, **more):
    return plain.outcome(edition(*rules, **more), facts, on)


CONTROL = rule(1, says("standard_review", control=True, grant=["single"]))


def in_force(on, *, one=None, **more):
    """Whether one rule, which controls, is active on that day."""
    return ask(one or CONTROL, on=date.fromisoformat(on), **more)["controlled"]


def test_first_and_last_days_are_inside():
    dated = {"effective_from": "2025-05-01", "effective_to": "2026-06-30"}
    for where in ({"one": {**CONTROL, **dated}}, dated):
        days = ("2025-04-30", "2025-05-01", "2026-06-30", "2026-07-01")
        assert [in_force(day, **where) for day in days] == [False, True, True, False]


def test_a_rules_own_days_win_then_its_clauses_then_its_instruments():
    late = {"effective_from": "2026-03-01", "clauses": {"1": "2026-02-01", "2": "2026-01-01"}}
    assert [in_force(day, **late) for day in ("2026-01-31", "2026-02-01")] == [False, True]
    own = {**CONTROL, "effective_from": "2025-12-01"}
    assert [in_force(day, one=own, **late) for day in ("2025-11-30", "2025-12-01")] == [False, True]
    longer = {**CONTROL, "effective_to": "2026-12-31"}
    assert [in_force("2026-12-31", one=each, effective_to="2026-01-31") for each in (longer, CONTROL)] == [True, False]


def test_a_rule_that_is_not_enabled_says_nothing():
    off = {**CONTROL, "enabled": False}
    assert in_force("2026-01-20", one=off) is False
    assert ask(off, facts={})["missing"] == []


def test_a_window_covers_the_whole_instrument_or_one_clause_on_both_its_days():
    window = {"suspended_from": "2026-01-01", "suspended_until": "2026-01-31"}
    days = ("2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01")
    for clause, suspended in ((None, False), ("1", False), ("1.1", True), ("2", True)):
        answers = [in_force(day, suspensions=[{"clause": clause, **window}]) for day in days]
        assert answers == [True, suspended, suspended, True]
    elsewhere = {"instrument": "J", "clause": None, **window}
    assert in_force("2026-01-20", suspensions=[elsewhere]) is True


def test_windows_that_overlap_suspend_together():
    first = {"clause": "1", "suspended_from": "2026-01-01", "suspended_until": "2026-01-31"}
    then = {"clause": None, "suspended_from": "2026-01-15", "suspended_until": "2026-02-28"}
    days = ("2026-01-20", "2026-02-01", "2026-02-28", "2026-03-01")
    assert [in_force(day, suspensions=[first, then]) for day in days] == [False, False, False, True]


@pytest.mark.parametrize(
    ("share", "controlled"),
    [
        ("0.001", True),
        ("0.0010", True),
        ("0.00099999999999999999999999999999999999999999", False),
        ("0.00100000000000000000000000000000000000000001", True),
        ("0", False),
    ],
)
def test_gte_compares_decimals_unrounded(share, controlled):
    rules = rule(1, says("standard_review", control=True), {"item.cn_input_value_share": {"gte": "0.001"}})
    assert ask(rules, facts=A_MAGNET | {"item.cn_input_value_share": share})["controlled"] is controlled


def test_a_float_is_refused():
    rules = rule(1, says("standard_review", control=True), {"item.cn_input_value_share": {"gte": "0.001"}})
    with pytest.raises(TypeError):
        ask(rules, facts=A_MAGNET | {"item.cn_input_value_share": 0.001})


def test_any_country_of_the_way_matches_and_one_is_a_list_of_one():
    rules = rule(1, says("standard_review", control=True), {"destination.country": ["US", "JP"]})
    ways = ("US", ["US"], ["DE", "JP"], "DE", ["DE", "FR"])
    answers = [ask(rules, facts=A_MAGNET | {"destination.country": way})["controlled"] for way in ways]
    assert answers == [True, True, True, False, False]


@pytest.mark.parametrize("nothing", [{}, {"destination.country": None}, {"destination.country": []}])
def test_no_country_is_an_absent_fact(nothing):
    rules = rule(1, says("standard_review", control=True), {"destination.country": ["US"]})
    said = ask(rules, facts={"item.control_code": "1A1", **nothing})
    assert (said["disposition"], said["missing"]) == ("needs_facts", ["destination.country"])


def test_a_blank_element_is_present_and_matches_nothing():
    of_an_element = rule(2, says("case_by_case", control=True), {"item.element": ["Dy", ""]})
    said = ask(of_an_element, facts={"item.control_code": "1A2"})
    assert (said["disposition"], said["missing"]) == ("not_controlled", [])


def test_a_default_fills_what_is_absent_and_gives_way_to_what_is_given():
    rules = rule(1, says("standard_review", control=True), {"transaction.purpose": ["sale"]})
    assert ask(rules)["controlled"] is True
    assert ask(rules, facts=A_MAGNET | {"transaction.purpose": "civil_aircraft_parts"})["controlled"] is False


# --- undetermined, and what is named


def test_one_key_that_fails_settles_a_rule_whatever_is_absent():
    match = {"end_user.class": ["military"], "destination.country": ["US"], "screening.hit": ["none"]}
    rules = rule(1, says("standard_review", control=True), match)
    assert ask(rules)["missing"] == []
    there = ask(rules, facts=A_MAGNET | {"destination.country": "US"})
    assert there["missing"] == ["end_user.class", "screening.hit"]


@pytest.mark.parametrize(
    ("match", "named"),
    [
        ({"item.list": ["april"]}, ["item.control_code"]),
        ({"item.category": ["magnet"], "item.element": ["Dy"]}, ["item.control_code"]),
        ({"item.control_code_prefix": ["1A"]}, ["item.control_code"]),
        ({"item.element": ["Dy"], "item.origin": ["CN"]}, ["item.control_code", "item.origin"]),
    ],
)
def test_what_follows_from_a_code_is_named_as_the_code_when_that_is_absent(match, named):
    said = ask(rule(1, says("standard_review", control=True), match), facts={})
    assert (said["controlled"], said["disposition"], said["missing"]) == (None, "needs_facts", named)
    assert (said["channels"], said["requires"], said["matched"], said["clock"]) == ([], [], [], "none")
    assert (said["final"], said["params"]) == (False, {})


def test_not_controlled_names_nothing_of_rules_that_would_not_control():
    more = rule(2, says("prohibited", require=["undertaking"]), {"end_user.class": ["military"]})
    always = rule(3, says("case_by_case", require=["undertaking"], clock="untimed", params={"report_days": 15}), {})
    said = ask(more, always)
    assert (said["controlled"], said["missing"], said["final"], said["matched"]) == (False, [], True, [])
    assert (said["requires"], said["clock"], said["params"]) == ([], "none", {})


def test_needs_facts_names_only_the_rules_that_would_control():
    would = rule(1, says("standard_review", control=True), {"item.origin": ["CN"]})
    would_not = rule(2, says("prohibited"), {"end_user.class": ["military"]})
    assert ask(would, would_not)["missing"] == ["item.origin"]


def test_controlled_names_the_facts_of_all_undetermined_rules():
    would = rule(2, says("standard_review", control=True), {"item.origin": ["CN"]})
    would_not = rule(3, says("prohibited"), {"end_user.class": ["military"]})
    said = ask(CONTROL, would, would_not)
    assert (said["controlled"], said["missing"], said["final"]) == (True, ["end_user.class", "item.origin"], False)


def test_unlisted_is_said_of_the_list_none_alone():
    assert ask(facts={"item.control_code": "none"})["disposition"] == "unlisted"
    assert ask(facts={"item.list": "none"})["disposition"] == "unlisted"
    assert ask(facts={"item.control_code": "1A2"})["disposition"] == "not_controlled"
    assert ask(facts={"item.control_code": "1A3"})["disposition"] == "not_controlled"
    assert ask(facts={})["disposition"] == "not_controlled"


def test_with_the_code_none_list_and_category_are_none_and_match_as_such():
    rules = rule(1, says("standard_review", control=True), {"item.list": ["none"], "item.category": ["none"]})
    assert ask(rules, facts={"item.control_code": "none"})["controlled"] is True


# --- disposition


def of(*dispositions):
    """The disposition of rules that all match, of which the first controls."""
    first, *others = dispositions
    rules = [rule(n, says(each)) for n, each in enumerate(others, start=2)]
    return ask(rule(1, says(first, control=True)), *rules)["disposition"]


@pytest.mark.parametrize(
    ("stricter", "together"),
    [
        ("standard_review", "presumption_of_approval"),
        ("case_by_case", "case_by_case"),
        ("presumption_of_denial", "presumption_of_denial"),
        ("prohibited", "prohibited"),
        ("exempt", "presumption_of_approval"),
    ],
)
def test_presumption_of_approval_lowers_standard_review_and_nothing_stricter(stricter, together):
    assert of(stricter, "presumption_of_approval") == of("presumption_of_approval", stricter) == together


def test_the_highest_rank_is_taken():
    assert of("standard_review", "prohibited", "case_by_case") == "prohibited"
    assert of("standard_review", "case_by_case", "presumption_of_approval") == "case_by_case"


def test_a_rule_that_is_overridden_loses_its_disposition_and_nothing_else():
    strict = rule(2, says("prohibited", control=True, grant=["annual"], require=["undertaking"], clock="untimed"))
    mild = rule(3, says("case_by_case", grant=["single"]), overrides_disposition_of=["R002"])
    said = ask(strict, mild)
    assert (said["disposition"], said["channels"]) == ("case_by_case", ["annual", "single"])
    assert (said["requires"], said["clock"], said["matched"]) == (["undertaking"], "untimed", ["R002", "R003"])
    elsewhere = {**mild, "match": {"destination.country": ["US"]}}
    assert ask(strict, elsewhere)["disposition"] == "prohibited"
    assert ask(strict, {**mild, "enabled": False})["disposition"] == "prohibited"


def test_a_presumption_of_approval_that_is_overridden_lowers_nothing():
    approval = rule(2, says("presumption_of_approval"))
    assert ask(CONTROL, approval)["disposition"] == "presumption_of_approval"
    over = rule(3, {}, overrides_disposition_of=["R002"])
    assert ask(CONTROL, approval, over)["disposition"] == "standard_review"


def test_overrides_happen_at_once_and_what_is_left_of_nothing_is_standard_review():
    one = rule(1, says("prohibited", control=True), overrides_disposition_of=["R002"])
    two = rule(2, says("case_by_case"), overrides_disposition_of=["R001"])
    assert ask(one, two)["disposition"] == "standard_review"
    assert ask(rule(1, {"control": True}))["disposition"] == "standard_review"


# --- exempt

PAPERS = {"grant": ["exempt_report", "annual"], "require": ["undertaking"], "params": {"report_days": 10}}
EXEMPT = rule(9, says("exempt", remove=["single"], clock="untimed", **PAPERS), overrides_disposition_of=["R001"])


def test_exempt_leaves_the_report_alone_and_no_clock():
    said = ask(CONTROL, EXEMPT)
    assert (said["disposition"], said["channels"], said["clock"]) == ("exempt", ["exempt_report"], "none")
    assert (said["requires"], said["matched"], said["params"]) == (
        ["undertaking"],
        ["R001", "R009"],
        {"report_days": 10},
    )


def test_exempt_adds_no_report_that_no_rule_grants():
    assert ask(CONTROL, {**EXEMPT, "effect": says("exempt")})["channels"] == []


def test_all_of_an_exempt_rule_vanishes_when_the_disposition_is_stricter():
    said = ask(CONTROL, EXEMPT, rule(2, says("case_by_case")))
    assert said == ask(CONTROL, rule(2, says("case_by_case")))
    assert (said["disposition"], said["channels"], said["requires"]) == ("case_by_case", ["single"], [])
    assert (said["clock"], said["matched"], said["params"]) == ("45wd", ["R001", "R002"], {})


def test_the_override_of_an_exempt_rule_stands_also_when_the_rule_is_dropped():
    strict = rule(1, says("case_by_case", control=True))
    said = ask(strict, EXEMPT, rule(2, says("standard_review")))
    assert (said["disposition"], said["matched"]) == ("standard_review", ["R001", "R002"])


def test_an_exempt_rule_alone_may_control():
    said = ask({**EXEMPT, "effect": says("exempt", control=True, **PAPERS)})
    assert (said["controlled"], said["disposition"], said["matched"]) == (True, "exempt", ["R009"])
    stricter = ask({**EXEMPT, "effect": says("exempt", control=True)}, rule(2, says("case_by_case")))
    assert (stricter["controlled"], stricter["disposition"], stricter["matched"]) == (True, "case_by_case", ["R002"])


# --- channels, papers, clock, order, parameters


def test_what_one_rule_removes_no_other_grants():
    removing = rule(2, {"remove": ["annual"], "grant": ["registration", "annual"]})
    again = rule(3, {"grant": ["annual"]})
    assert ask(CONTROL, removing, again)["channels"] == ["registration", "single"]


def test_prohibited_leaves_at_most_special_application():
    banned = rule(2, says("prohibited", grant=["annual", "exempt_report"], require=["undertaking"]))
    special = rule(3, {"grant": ["special_application"]})
    assert ask(CONTROL, banned)["channels"] == []
    said = ask(CONTROL, banned, special)
    assert (said["channels"], said["clock"], said["requires"]) == (["special_application"], "45wd", ["undertaking"])
    assert ask(CONTROL, banned, special, rule(4, {"remove": ["special_application"]}))["channels"] == []


def test_papers_are_a_sorted_union():
    rules = (rule(2, {"require": ["c", "a"]}), rule(3, {"require": ["b", "a"]}))
    assert ask(CONTROL, *rules)["requires"] == ["a", "b", "c"]


def test_one_untimed_rule_is_enough_at_any_disposition():
    untimed = rule(2, says("prohibited", clock="untimed"))
    assert [ask(CONTROL, each)["clock"] for each in (untimed, rule(2, {}))] == ["untimed", "45wd"]


def test_matched_is_in_the_order_of_ids_whatever_the_order_of_the_rules():
    rules = [rule(3, {}), rule(2, {}), CONTROL]
    assert ask(*rules)["matched"] == ["R001", "R002", "R003"]


def test_parameters_are_the_strictest_that_the_rules_give():
    gives = [
        {"max_validity_months": 12, "max_clearances": None, "qty_tolerance_mode": "pct_line", "conditions": ["b", "a"]},
        {"max_validity_months": 6, "max_clearances": 12, "qty_tolerance_pct": "10.0", "conditions": ["c"]},
        {"max_clearances": 24, "qty_tolerance_mode": "pct_remaining_final", "qty_tolerance_pct": "9.5"},
    ]
    rules = [rule(number, {"params": params}) for number, params in enumerate(gives, start=2)]
    assert ask(CONTROL, *rules)["params"] == {
        "max_validity_months": 6,
        "max_clearances": 12,
        "qty_tolerance_mode": "pct_remaining_final",
        "qty_tolerance_pct": "9.5",
        "conditions": ["a", "b", "c"],
    }
    assert ask(CONTROL, rules[0])["params"]["max_clearances"] is None


# --- what can't be asked


@pytest.mark.parametrize(
    "facts",
    [
        {"item.control_code": "1A9"},
        {"item.control_code": "1A1", "item.element": "Tb"},
        {"item.control_code": "1A1", "item.list": "october"},
        {"item.control_code": "1A2", "item.element": "Dy"},
        {"item.control_code": "none", "item.category": "magnet"},
        {"item.control_code": "X1"},
        {"item.control_code": "X1", "exporter.territory": "domestic"},
        {"item.control_code": "1A1", "exporter.territory": "overseas"},
    ],
)
def test_facts_that_contradict_the_code_are_refused(facts):
    with pytest.raises(ValueError, match=r"contradicts|not in this edition|chooses"):
        ask(CONTROL, facts=facts)


def test_a_fact_that_agrees_with_the_code_may_be_said_again():
    said = {"item.list": "april", "item.element": "Dy", "item.category": "magnet", "exporter.territory": "domestic"}
    assert ask(CONTROL, facts=A_MAGNET | said) == ask(CONTROL)
    assert ask(facts={"item.control_code": "X1", "exporter.territory": "overseas"})["controlled"] is False
