"""Policy: what the rules say of facts on a day; pure arithmetic."""

import dataclasses
from datetime import date, timedelta

import pytest

from licensing import policy

DAY = timedelta(days=1)
BEGINS, WINDOW = date(2026, 1, 10), policy.Window(date(2026, 2, 1), date(2026, 2, 10))
INSTRUMENT = policy.InstrumentFacts("A", BEGINS, (WINDOW,))
REGIME = policy.Regime("E", {"A": INSTRUMENT})
FACTS = policy.Facts("1C904", "A")


@pytest.mark.parametrize("frozen", [WINDOW, INSTRUMENT, REGIME, FACTS, policy.assess(FACTS, REGIME, on=BEGINS)])
def test_what_was_found_is_not_changed_by_who_reads_it(frozen):
    name = dataclasses.fields(frozen)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(frozen, name, getattr(frozen, name))


def test_an_instrument_is_in_force_from_its_day_and_not_in_its_windows():
    facts = policy.InstrumentFacts("A", BEGINS, (WINDOW, policy.Window(BEGINS, BEGINS, "clause")))
    days = {day: facts.in_force(day) for day in (BEGINS - DAY, BEGINS, WINDOW.begins - DAY, WINDOW.begins, WINDOW.ends)}
    assert list(days.values()) == [False, True, True, False, False]
    assert facts.in_force(WINDOW.ends + DAY) is True


def test_the_days_that_matter_are_today_the_first_and_each_change_inside():
    regime = policy.Regime("E", {"A": policy.InstrumentFacts("A", BEGINS, (WINDOW,))})
    after = WINDOW.ends + DAY

    def days(today, begins, ends):
        return policy.days_that_matter(regime, today=today, begins=begins, ends=ends)

    assert days(BEGINS, BEGINS, after) == [BEGINS, WINDOW.begins, after]
    assert days(BEGINS, WINDOW.begins, WINDOW.ends) == [BEGINS, WINDOW.begins]
    assert days(after, BEGINS, after) == [after]
    assert days(BEGINS - DAY, BEGINS + DAY, WINDOW.begins - DAY) == [BEGINS - DAY, BEGINS + DAY]


def test_goods_of_an_instrument_in_force_are_controlled_and_open_to_both_channels():
    assert policy.assess(FACTS, REGIME, on=BEGINS) == policy.Assessment(
        BEGINS, "E", True, "standard_review", frozenset({"single", "annual"}), ("A",)
    )


@pytest.mark.parametrize(
    ("facts", "on", "disposition"),
    [
        (FACTS, BEGINS - DAY, "not_controlled"),
        (FACTS, WINDOW.begins, "not_controlled"),
        (dataclasses.replace(FACTS, official=False), BEGINS, "not_controlled"),
        (dataclasses.replace(FACTS, control_code=""), BEGINS, "unlisted"),
    ],
)
def test_other_goods_are_not_controlled(facts, on, disposition):
    assert policy.assess(facts, REGIME, on=on) == policy.Assessment(on, "E", False, disposition)


def test_only_what_is_prohibited_is_prohibited():
    found = {name: policy.Assessment(BEGINS, "E", True, name).prohibited for name in policy.DISPOSITIONS}
    assert [name for name, prohibited in found.items() if prohibited] == ["prohibited"]
