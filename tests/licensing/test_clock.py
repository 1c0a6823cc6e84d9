"""The statutory clock in the cases that were computed by hand (K1-K8), and at its edges."""

from datetime import timedelta

import pytest

from core.working_days import Calendar, Day, NotPublished, Pause
from licensing.clock import SIGNALS, Clock, read
from tests.days import D, calendar, table


def clock(accepted_on, *pauses, **more):
    between = tuple(Pause(*map(D, pause.split("/"))) for pause in pauses)
    return Clock(calendar(), D(accepted_on), between, **more)


@pytest.mark.parametrize(
    ("accepted_on", "pauses", "deadline", "provisional"),
    [
        pytest.param("2026-03-02", [], "2026-05-08", False, id="K1"),
        pytest.param("2026-03-02", ["2026-03-16/2026-04-08"], "2026-05-29", False, id="K2"),
        pytest.param("2026-02-14", [], "2026-04-27", False, id="K3"),
        pytest.param("2026-03-09", [], "2026-05-14", False, id="K4"),
        pytest.param("2026-04-13", [], "2026-06-17", False, id="K5 without"),
        pytest.param("2026-04-13", ["2026-04-27/2026-05-11", "2026-05-20/2026-05-25"], "2026-07-03", False, id="K5"),
        pytest.param("2026-11-24", [], "2027-01-27", True, id="K6"),
        pytest.param("2026-02-13", [], "2026-04-24", False, id="K8"),
    ],
)
def test_the_deadline_is_the_day_that_was_computed_by_hand(accepted_on, pauses, deadline, provisional):
    found = clock(accepted_on, *pauses)
    assert (found.deadline, found.provisional) == (D(deadline), provisional)


def test_k1_signals_at_30_40_and_45():
    assert [clock("2026-03-02").day(n) for n in SIGNALS] == [D("2026-04-14"), D("2026-04-28"), D("2026-05-08")]


def test_k2_16_days_are_not_counted_and_18_of_45_are_used_on_20_april():
    paused, plain = clock("2026-03-02", "2026-03-16/2026-04-08"), clock("2026-03-02")
    on = D("2026-04-20")
    assert (paused.used(on), paused.left(on), plain.used(on) - paused.used(on)) == (18, 27, 16)


def test_k4_the_make_up_saturday_counts():
    found = clock("2026-03-09")
    assert found.used(D("2026-05-09")) - found.used(D("2026-05-08")) == 1


def test_k5_11_days_are_not_counted():
    paused = clock("2026-04-13", "2026-04-27/2026-05-11", "2026-05-20/2026-05-25")
    assert clock("2026-04-13").used(paused.deadline) - paused.used(paused.deadline) == 11


def test_k7_the_last_acceptance_that_is_answered_in_time_is_2_september():
    in_time = [on for on in table() if on.year == 2026 and on.month < 12 and clock(str(on)).deadline <= D("2026-11-10")]
    assert max(in_time) == D("2026-09-02")


def test_k8_silence_of_five_working_days_ends_on_27_february():
    assert calendar().day(5, D("2026-02-13")) == D("2026-02-27")


def test_the_other_periods_of_the_law_are_counted_the_same_way():
    assert calendar().day(10, D("2026-09-21")) == D("2026-10-12")  # over the National Day, with Saturday 10 October


def test_an_expert_who_is_not_done_leaves_no_deadline_and_days_that_were_reached_stay():
    found = Clock(calendar(), D("2026-03-02"), (Pause(D("2026-04-20")),))
    assert [found.day(n) for n in SIGNALS] == [D("2026-04-14"), None, None]
    assert (found.deadline, found.provisional) == (None, False)
    assert [(found.used(D(on)), found.left(D(on))) for on in ("2026-04-17", "2026-06-30")] == [(33, 12), (33, 12)]


def test_a_late_case_has_no_days_left_and_says_how_many_were_used():
    found = clock("2026-03-02")
    assert [(found.used(D(on)), found.left(D(on))) for on in ("2026-05-08", "2026-05-10", "2026-05-11")] == [
        (45, 0),
        (46, 0),  # Saturday 9 May was worked
        (47, 0),
    ]


def test_a_shorter_count_has_no_day_beyond_its_last():
    found = clock("2026-03-02", working_days=35)
    assert [found.day(n) for n in SIGNALS] == [D("2026-04-14"), None, None]
    assert found.deadline == found.day(35) == D("2026-04-21")


def test_nothing_is_promised_beyond_the_table():
    last = max(table())
    in_time = max(on for on in table() if on < D("2027-11-01") and clock(str(on)).deadline <= last)
    assert clock(str(in_time)).deadline <= last
    late = clock(str(in_time + timedelta(days=7)))
    for ask in (lambda: late.deadline, lambda: late.provisional, lambda: late.used(last + timedelta(days=1))):
        with pytest.raises(NotPublished):
            ask()


def test_what_is_known_stays_known_beyond_the_table():
    """A day that a pause covers counts for nothing, whatever the table would say of it."""
    last = max(table())
    found = Clock(calendar(), last - timedelta(days=60), (Pause(last - timedelta(days=10)),))
    on = last + timedelta(days=9)
    assert found.used(on) == found.used(last) > 0
    assert read(found, on).left == found.left(last)


def test_the_deadline_of_a_year_that_was_announced_meanwhile_is_not_provisional():
    announced = Calendar(Day(on, working) for on, (working, _) in table().items())
    found = Clock(announced, D("2026-11-24"))
    assert (found.deadline, found.provisional) == (D("2027-01-27"), False)
