"""The trace: it tells of each rule what the plain evaluator and the outcome say of it, and what would change that."""

from datetime import date

import pytest

from licensing.policy import trace as traces
from licensing.policy.facts import whole
from licensing.policy.trace import ANY_OTHER, Fate, Line, Stretch
from tests.policy import generated, plain
from tests.policy.test_engine import CAR, DAY
from tests.policy.test_twin import compiled

ON = date(2026, 1, 20)
ABROAD = {
    "exporter.territory": "overseas",
    "item.control_code": "ANN61-P2",
    "item.cn_input_value_share": "0.0009999",
    "destination.country": "FR",
    "end_use.code": "CIV_AUTO",
    "item.origin": "FR",
}


@pytest.fixture
def told(first):
    def tell(facts, on=ON, **more):
        lines = traces.trace(first, whole(facts, first.edition), on=on, **more)
        assert [line.rule for line in lines] == [rule.id for rule in first.rules]
        return {line.rule: line for line in lines}

    return tell


@pytest.fixture
def changed(first):
    def find(facts, on=ON):
        found = traces.changes(first, whole(facts, first.edition), on=on)
        return {(one.fact, value): one.outcome for one in found for value in one.values}

    return find


def test_a_rule_that_counts_one_that_fails_and_on_what(told):
    lines = told(CAR)
    assert lines["R001"] == Line("R001", Fate.MATCHED) and lines["R040"].fate is Fate.MATCHED
    assert lines["R030"] == Line("R030", Fate.FAILED, ("destination.country", "end_user.class"))
    assert lines["R047"].facts == ("end_user.validated", "item.category")


def test_a_rule_for_want_of_facts_names_those_it_wants(told):
    few = {"item.control_code": "1C905.a.4", "destination.country": "US"}
    assert told(few)["R030"] == Line("R030", Fate.UNDETERMINED, ("end_user.class",))
    without_code = {"end_use.code": "CIV_AUTO", "destination.country": "US"}
    assert "item.control_code" in told(without_code)["R040"].facts
    assert "item.list" not in told(without_code)["R040"].facts


def test_what_does_not_count_on_the_day_says_since_when_or_until_when(told):
    assert told(CAR)["R041"] == Line("R041", Fate.DISABLED)
    assert told(CAR)["R002"] == Line("R002", Fate.PAUSED, day=date(2026, 11, 10))
    assert told(CAR, date(2026, 1, 5))["R033"] == Line("R033", Fate.NOT_YET, day=date(2026, 1, 6))
    assert told(CAR, date(2026, 11, 11))["R002"].fate is Fate.FAILED
    assert told(CAR, audience="existing")["R001"] == Line("R001", Fate.FOR_OTHERS)


def test_what_begins_inside_a_pause_is_told_to_begin_after_it(told):
    assert told(CAR, date(2025, 11, 6))["R005"] == Line("R005", Fate.NOT_YET, day=date(2026, 11, 11))


def april(rule=None, windows=()):
    """What becomes of the April list's rule, when it and its pauses are others."""
    edition = plain.edition_of_files()
    rules = [one | (rule or {}) if one["id"] == "R001" else one for one in edition["rules"]]
    rules_of = compiled(edition | {"rules": rules, "suspensions": list(windows)})
    facts = whole(CAR, rules_of.edition)
    return lambda on: next(line for line in traces.trace(rules_of, facts, on=on) if line.rule == "R001")


def pause(begins, ends):
    return {"instrument": "A18-2025", "clause": None, "suspended_from": begins, "suspended_until": ends, "by": "x"}


def test_pauses_that_follow_each_other_are_told_as_one_and_an_end_inside_is_no_return():
    windows = [pause("2026-01-01", "2026-01-31"), pause("2026-02-01", "2026-02-10")]
    assert april(windows=windows)(ON) == Line("R001", Fate.PAUSED, day=date(2026, 2, 10))
    ends = april({"effective_to": "2026-02-05"}, windows)
    assert ends(ON) == Line("R001", Fate.PAUSED)
    assert ends(date(2026, 2, 6)) == Line("R001", Fate.ENDED, day=date(2026, 2, 5))


def test_a_pause_until_the_last_day_that_can_be_written_has_no_end():
    assert april(windows=[pause("2026-01-01", "9999-12-31")])(ON) == Line("R001", Fate.PAUSED)


def test_humanitarian_goods_made_abroad_lose_the_disposition_and_keep_the_rule(told):
    relief = ABROAD | {"end_use.code": "HUMANITARIAN", "item.cn_input_value_share": "0.5"}
    lines = told(relief, date(2026, 11, 20))
    assert (lines["R005"].fate, lines["R014"].fate) == (Fate.OVERRIDDEN, Fate.MATCHED)
    listed = told(relief | {"screening.hit": "owned_50_by_listed"}, date(2026, 11, 20))
    assert (listed["R014"].fate, listed["R011"].fate) == (Fate.DROPPED, Fate.MATCHED)


def test_a_rule_that_matches_what_nothing_controls_has_no_say(told):
    assert told({"item.control_code": "none", "end_use.code": "SEMI_EQUIP"})["R043"] == Line("R043", Fate.IDLE)


def test_it_says_of_thousands_of_drawn_cases_what_the_plain_evaluator_says():
    last = rules = None
    for edition, facts, on in generated.seeded_cases(20261126, 2_000):
        if edition is not last:
            last, rules = edition, compiled(edition)
        lines = traces.trace(rules, whole(facts, rules.edition), on=on)
        full, said = plain.complete(edition, facts), plain.outcome(edition, facts, on)
        active = [rule for rule in edition["rules"] if plain.is_active(edition, rule, on)]
        by_fate = {fate: {line.rule for line in lines if line.fate is fate} for fate in Fate}
        assert by_fate[Fate.UNDETERMINED] == {rule["id"] for rule in active if plain.is_undetermined(rule, full)}
        matching = {rule["id"] for rule in active if plain.matches(rule, full)}
        counting = by_fate[Fate.MATCHED] | by_fate[Fate.OVERRIDDEN]
        assert counting == set(said["matched"])
        assert counting | by_fate[Fate.DROPPED] | by_fate[Fate.IDLE] == matching
        resting = {rule["id"] for rule in edition["rules"]} - {rule["id"] for rule in active}
        assert {line.rule for line in lines if line.fate in RESTING} == resting


RESTING = {Fate.DISABLED, Fate.FOR_OTHERS, Fate.NOT_YET, Fate.ENDED, Fate.PAUSED}


def test_the_day_that_a_resting_rule_names_is_the_first_on_which_it_counts_or_the_last_before():
    for edition, facts, on in generated.seeded_cases(20261127, 300, each=10):
        rules = compiled(edition)
        of = {rule.id: rule for rule in rules.rules}
        for line in traces.trace(rules, whole(facts, rules.edition), on=on):
            if line.fate in (Fate.PAUSED, Fate.NOT_YET) and line.day:
                returns = line.day + DAY if line.fate is Fate.PAUSED else line.day
                assert of[line.rule].active(returns) and not of[line.rule].active(returns - DAY)
                between = [turn for turn in rules.turns("new") if on <= turn < returns]
                assert not any(of[line.rule].active(turn) for turn in between)


# --- what would change it


def test_each_other_answer_is_named_with_the_one_fact_that_gives_it(changed):
    found = changed(CAR)
    assert found["exporter.annual_qualified", False].disposition == "standard_review"
    assert found["end_use.code", "WMD"].disposition == "presumption_of_denial"
    assert found["end_user.class", "military"].channels == ("single",)
    assert found["screening.hit", "control_list"].channels == ("special_application",)
    oxide = found["item.control_code", "1C905.b"]
    assert oxide.disposition == "standard_review" and oxide.final
    assert found["item.control_code", "1C909.b"].controlled is False
    assert not any(fact == "destination.country" for fact, _ in found)  # no civil export hangs on it


def test_another_channel_alone_is_another_answer(changed):
    found = changed(CAR | {"item.control_code": "1C905.a.1"})["end_user.validated", True]
    assert (found.disposition, found.channels) == ("standard_review", ("annual", "single"))


def test_what_brings_nothing_else_is_not_named(changed, first):
    found = changed(CAR)
    facts = whole(CAR, first.edition)
    now = first.assess(facts, on=ON)
    assert ("end_use.code", "CIV_WIND") not in found and ("item.control_code", "1C904.a.4") not in found
    assert all((one.disposition, one.channels) != (now.disposition, now.channels) for one in found.values())
    assert not any(fact in ("item.list", "item.category", "item.element", "exporter.territory") for fact, _ in found)


def test_another_country_is_any_that_no_rule_names(changed):
    to_japan = changed(CAR | {"destination.country": "JP", "end_use.code": "MIL_USE"})
    assert to_japan["destination.country", ANY_OTHER].disposition == "presumption_of_denial"
    assert ("destination.country", "US") not in to_japan  # as barred as Japan
    assert changed(CAR | {"end_use.code": "MIL_USE"})["destination.country", "JP"].disposition == "prohibited"


def test_a_share_that_reaches_the_threshold_and_one_that_does_not(changed):
    on = date(2026, 11, 20)
    values = {value: one for (fact, value), one in changed(ABROAD, on).items() if fact == "item.cn_input_value_share"}
    assert [(str(value), one.disposition) for value, one in values.items()] == [("0.001", "standard_review")]
    above = changed(ABROAD | {"item.cn_input_value_share": "0.2"}, on)
    assert above["item.cn_input_value_share", 0].disposition == "not_controlled"


def test_an_element_changes_what_is_on_no_list_only(changed):
    on = date(2026, 12, 1)
    gallium = {"item.control_code": "none", "item.element": "Ga"}
    unlisted = gallium | {"destination.country": "US", "end_use.code": "CIV_AUTO"}
    assert changed(unlisted, on)["item.element", ANY_OTHER].disposition == "unlisted"


def test_each_change_is_what_the_engine_says_of_the_changed_facts_in_drawn_editions():
    for edition, facts, on in generated.seeded_cases(20261128, 60, each=10):
        rules = compiled(edition)
        full = whole(facts, rules.edition)
        found = traces.changes(rules, full, on=on)
        assert found == traces.changes(rules, full, on=on)
        for one in found:
            if one.fact != "item.control_code":
                value = (one.values[0],) if one.fact == "destination.country" else one.values[0]
                assert rules.assess({**full, one.fact: value}, on=on) == one.outcome


# --- when it changes by itself


def test_holmium_oxide_has_its_periods(first):
    facts = whole(CAR | {"item.control_code": "1C909.b"}, first.edition)
    found = traces.periods([Stretch(None, first, facts)])
    assert [(one.first, one.outcome.disposition) for one in found] == [
        (None, "not_controlled"),
        (date(2026, 11, 11), "standard_review"),
    ]


def test_periods_say_what_the_engine_says_on_every_day_around_a_turn():
    for edition, facts, _ in generated.seeded_cases(20261129, 40, each=4):
        rules = compiled(edition)
        full = whole(facts, rules.edition)
        found = traces.periods([Stretch(None, rules, full)])
        for turn in rules.turns("new"):
            for day in (turn - DAY, turn):
                period = [one for one in found if one.first is None or one.first <= day][-1]
                said = rules.assess(full, on=day)
                assert (period.outcome.disposition, period.outcome.channels) == (said.disposition, said.channels)
        assert all(one.outcome != before.outcome for before, one in zip(found, found[1:], strict=False))


def test_an_edition_speaks_for_its_own_days(first):
    prolonged = plain.edition_of_files()
    windows = [row | {"suspended_until": "2027-11-10"} for row in prolonged["suspensions"]]
    later = compiled(prolonged | {"suspensions": windows})
    facts = whole(CAR | {"item.control_code": "1C909.b"}, first.edition)

    def days(*stretches):
        found = traces.periods([Stretch(begins, rules, facts) for begins, rules in stretches])
        return [(one.first, one.outcome.controlled) for one in found]

    assert days((None, first), (date(2026, 11, 11), later)) == [(None, False), (date(2027, 11, 11), True)]
    assert days((None, first), (date(2026, 11, 12), later)) == [
        (None, False),
        (date(2026, 11, 11), True),
        (date(2026, 11, 12), False),
        (date(2027, 11, 11), True),
    ]
    assert days((None, later), (date(2026, 12, 1), first), (date(2026, 12, 1), later)) == days((None, later))
    assert days((None, later), (date(2026, 12, 1), first)) == [(None, False), (date(2026, 12, 1), True)]
