"""Counting working days, against a plain walk over the days that shares nothing with it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.working_days import Calendar, Day, NotPublished, Pause
from tests.days import calendar, table

MONDAY = date(2026, 6, 1)


def day(number):
    return MONDAY + timedelta(days=number)


def week(*working, provisional=()):
    """Days from MONDAY on, each as said."""
    return Calendar(Day(day(n), bool(said), n in provisional) for n, said in enumerate(working))


def test_the_day_itself_is_not_counted_and_the_next_working_day_is_the_first():
    count = week(1, 1, 0, 0, 1, 1)
    assert [count.day(n, MONDAY) for n in (1, 2, 3)] == [day(1), day(4), day(5)]
    assert count.day(1, day(2)) == day(4)  # it may begin on a day off


def test_a_pause_takes_its_first_day_and_not_the_day_that_it_ends():
    count = week(1, 1, 1, 1, 1, 1)
    assert count.day(2, MONDAY, [Pause(day(2), day(4))]) == day(4)
    assert [count.used(MONDAY, day(n), [Pause(day(2), day(4))]) for n in (1, 2, 3, 4)] == [1, 1, 1, 2]


def test_pauses_that_overlap_count_once_and_one_from_before_the_beginning_counts_from_there():
    count = week(*[1] * 12)
    assert count.day(2, MONDAY, [Pause(day(2), day(5)), Pause(day(3), day(7))]) == day(7)
    assert count.day(1, MONDAY, [Pause(day(-9), day(3))]) == day(3)


def test_while_a_pause_has_no_end_the_days_after_it_are_not_known_and_those_before_are():
    count = week(1, 1, 1, 1)
    pauses = [Pause(day(3))]
    assert [count.day(n, MONDAY, pauses) for n in (1, 2, 3, 400)] == [day(1), day(2), None, None]
    assert count.used(MONDAY, day(3), pauses) == 2
    assert count.day(1, MONDAY, [Pause(day(1))]) is None


def test_what_was_used_includes_the_day_asked_for_and_is_nothing_before_the_first():
    count = week(1, 1, 0, 1)
    assert [count.used(MONDAY, day(n)) for n in (-1, 0, 1, 2, 3)] == [0, 0, 1, 1, 2]


def test_one_provisional_day_on_the_way_makes_the_count_so_working_or_not():
    count = week(1, 0, 1, 1, provisional={0, 1, 3})
    assert count.provisional(MONDAY, day(2))
    assert not count.provisional(day(1), day(2))
    assert count.provisional(day(1), day(3))


@pytest.mark.parametrize(
    "ask",
    [
        lambda count: count.day(3, MONDAY),
        lambda count: count.day(1, day(2)),
        lambda count: count.used(MONDAY, day(3)),
        lambda count: count.provisional(MONDAY, day(3)),
        lambda count: count.day(1, MONDAY, [Pause(day(1), date.max)]),
    ],
)
def test_past_the_end_of_the_table_nothing_is_said(ask):
    with pytest.raises(NotPublished) as refused:
        ask(week(1, 1, 1))
    assert refused.value.on == day(3)


@pytest.mark.parametrize("on", [day(-1), date.min, date.max])
def test_a_day_outside_the_table_begins_no_count(on):
    with pytest.raises(NotPublished) as refused:
        week(1, 1, 1).day(1, on)
    assert refused.value.on == on


def test_up_to_its_last_day_the_table_answers():
    count = week(1, 1, 1)
    assert (count.day(2, MONDAY), count.used(MONDAY, day(2)), count.provisional(MONDAY, day(2))) == (day(2), 2, False)


def walk(days, begin, pauses):
    """The days counted, one after another, from a dict of what is working; written before the code was read."""
    stopped = set()
    for start, end in pauses:
        stopped |= {start + timedelta(days=n) for n in range((end - start).days)}
    return [on for on in sorted(days) if on > begin and days[on] and on not in stopped]


PAUSES = st.lists(st.tuples(st.integers(-9, 90), st.integers(0, 40)), max_size=5)


@given(st.lists(st.booleans(), min_size=30, max_size=120), st.integers(0, 20), PAUSES, st.integers(1, 60))
def test_every_count_is_that_of_a_walk_over_any_table(working, first, raw, number):
    days = {day(n): said for n, said in enumerate(working)}
    check(days, Calendar(Day(on, said) for on, said in days.items()), day(first), raw, number)


@given(st.sampled_from(sorted(table())), PAUSES, st.integers(1, 60))
def test_every_count_is_that_of_a_walk_over_the_table_that_we_have(begin, raw, number):
    check({on: working for on, (working, _) in table().items()}, calendar(), begin, raw, number)


def all_of(counted):
    """What is counted until the table ends."""
    try:
        yield from counted
    except NotPublished:
        return


def check(days, count, begin, raw, number):
    pauses = [(begin + timedelta(days=start), begin + timedelta(days=start + length)) for start, length in raw]
    said, expected = [Pause(*pause) for pause in pauses], walk(days, begin, pauses)
    assert list(all_of(count.counted(begin, said))) == expected
    if number <= len(expected):
        assert count.day(number, begin, said) == expected[number - 1]
    for on in (begin, begin + timedelta(days=1), begin + timedelta(days=40)):
        if on in days:
            assert count.used(begin, on, said) == len([one for one in expected if one <= on])


@given(st.sampled_from(sorted(table())[:600]), PAUSES, st.integers(0, 60))
def test_a_pause_without_an_end_says_what_one_says_that_ends_with_the_table_and_no_more(begin, raw, start):
    pauses = [Pause(begin + timedelta(days=a), begin + timedelta(days=a + length)) for a, length in raw]
    since = begin + timedelta(days=start)
    known = list(calendar().counted(begin, [*pauses, Pause(since)]))
    days = {on: working for on, (working, _) in table().items()}
    assert known == [on for on in walk(days, begin, [(p.start, p.end) for p in pauses]) if on < since]


def test_the_latest_beginning_is_a_working_day_and_its_count_is_over_in_time():
    count = week(1, 0, 1, 1, 0, 0, 1, 0)
    assert [count.latest(1, day(n)) for n in (2, 3, 4, 5, 6, 7)] == [MONDAY, day(2), day(2), day(2), day(3), day(3)]
    with pytest.raises(NotPublished):
        count.latest(4, day(7))


def test_the_latest_acceptance_for_a_decision_by_10_november_is_2_september():
    assert calendar().latest(45, date(2026, 11, 10)) == date(2026, 9, 2)
    for ends in (day(150 + n) for n in range(20)):
        latest = calendar().latest(45, ends)
        after = next(day for day in (latest + timedelta(days=n) for n in range(1, 20)) if calendar()[day].working)
        assert calendar().day(45, latest) <= ends < calendar().day(45, after)
