"""The statutory clock of real cases: what its exporter, the desk and the queue say of it, on which day."""

import csv
import io
from datetime import time

import pytest

from core.legal_time import legal_today
from core.models import HistoryLine, LegalDay
from licensing import selectors, tasks
from licensing.actions import applications, decisions, supplements
from licensing.models import Application
from tests.days import D, table
from tests.make import seen


@pytest.mark.parametrize(
    ("accepted_on", "deadline", "words", "provisional"),
    [
        pytest.param("2026-03-02", "2026-05-08", "8 May 2026", False, id="K1"),
        pytest.param("2026-02-14", "2026-04-27", "27 Apr 2026", False, id="K3"),
        pytest.param("2026-03-09", "2026-05-14", "14 May 2026", False, id="K4"),
        pytest.param("2026-11-24", "2027-01-27", "27 Jan 2027", True, id="K6"),
        pytest.param("2026-09-02", "2026-11-10", "10 Nov 2026", False, id="K7"),
    ],
)
def test_everybody_reads_the_deadline_that_was_computed_by_hand(
    accepted_on, deadline, words, provisional, accepted, read
):
    clock, *pages = read(accepted(accepted_on))
    assert (clock.deadline, clock.provisional, clock.used, clock.left) == (D(deadline), provisional, 0, 45)
    for text in pages:
        assert f"To be decided by {words}." in text
        assert "45 working days left" in text
        assert ("It may still move" in text) == provisional


def test_a_case_is_overdue_from_the_next_midnight_and_not_a_second_before(accepted, on, read):
    ref = accepted("2026-03-02")
    on("2026-05-08", time(23, 59, 30))
    clock, text, _ = read(ref)
    assert (clock.overdue, clock.used, clock.left, "0 working days left" in text) == (False, 45, 0, True)
    on("2026-05-09", time())
    clock, *pages = read(ref)
    assert (clock.overdue, clock.used, clock.left) == (True, 46, 0)
    assert all("The last day was 8 May 2026. The ministry is late; nothing is approved by that." in p for p in pages)
    assert Application.objects.get(ref=ref).state == "accepted"


def test_a_case_that_is_late_for_months_still_counts_its_days(accepted, on, read):
    ref = accepted("2026-03-02")
    on("2026-12-30")
    worked = [day for day, (working, _) in table().items() if D("2026-03-02") < day <= D("2026-12-30") and working]
    assert read(ref)[0].used == len(worked)


@pytest.mark.parametrize(("day", "used", "words"), [("2026-04-10", 28, "In time"), ("2026-05-09", 46, "Decided late")])
def test_the_clock_of_a_decided_case_stands_at_the_day_of_the_decision(day, used, words, accepted, on, read, world):
    ref, m = accepted("2026-03-02"), world.ministry
    on(day)
    decisions.assign(ref, seen=seen(ref), by=m.reviewer)
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", factors=["END_USE"], text="No.", by=m.reviewer)
    decisions.refuse(ref, seen=seen(ref), factors=["END_USE"], text="No.", departure="Doubts.", by=m.decider)
    on("2026-07-01")
    clock, *pages = read(ref)
    assert (clock.used, clock.deadline) == (used, D("2026-05-08"))
    assert all(f"{words}: the last day was 8 May 2026." in text for text in pages)


def test_a_case_that_was_not_accepted_yet_or_withdrawn_has_no_clock(accepted, world, on):
    on("2026-03-02")
    filed = world.application()
    applications.submit(filed, seen=seen(filed), by=world.exporter)
    gone = accepted("2026-03-02")
    applications.withdraw(gone, by=world.exporter)
    assert selectors.clocks_of(Application.objects.filter(ref__in=[filed, gone]), legal_today()) == {}


def test_where_the_table_ends_the_pages_say_that_and_go_on(accepted, on, read):
    ref = accepted("2026-03-02")
    LegalDay.objects.filter(day__gt=D("2026-03-31")).delete()
    on("2026-03-31")
    clock, *pages = read(ref)
    assert (clock.used, clock.left, clock.deadline, clock.published) == (21, 24, None, False)
    on("2026-04-01")
    clock, *more = read(ref)
    assert (clock.used, clock.left, clock.deadline, clock.published) == (None, None, None, False)
    assert all("beyond the days that the working-day table has" in text for text in [*pages, *more])
    unknown = "How many working days have gone by is not known: the working-day table ends earlier."
    assert [unknown in text for text in [*pages, *more]] == [False, False, True, True]


@pytest.mark.parametrize("slept", [False, True], ids=["told-before", "slept"])
def test_a_case_whose_days_are_over_is_overdue_also_beyond_the_table(slept, accepted, on, read, client, world):
    ref = accepted("2026-03-02")
    LegalDay.objects.filter(day__gt=D("2026-05-20")).delete()
    on("2026-05-20")
    if not slept:
        tasks.signal_days()
    on("2026-05-21")
    clock, *pages = read(ref)
    assert (clock.used, clock.left, clock.deadline, clock.overdue) == (None, 0, D("2026-05-08"), True)
    for text in pages:
        assert "The last day was 8 May 2026. The ministry is late; nothing is approved by that." in text
        assert "How many working days have gone by is not known" in text
    queue = client.get("/desk/", {"view": "open"}).content.decode()
    assert "Overdue" in queue and "due 8 May 2026" in " ".join(queue.split())
    tasks.signal_days()
    lines = HistoryLine.objects.filter(subject_ref=ref, verb__in=["signal", "overdue"]).order_by("seq")
    said = [(line.verb, line.facts["day"]) for line in lines]
    assert said == [("signal", 30), ("signal", 40), ("signal", 45), ("overdue", 45)]


def test_the_queue_begins_with_the_fewest_days_left(accepted, on, world, client):
    days = ["2026-03-09", "2026-02-14", "2026-04-13", "2026-03-02"]
    refs = {day: accepted(day) for day in days}
    on("2026-04-27")
    filed = world.application()
    applications.submit(filed, seen=seen(filed), by=world.exporter)
    client.force_login(world.ministry.reviewer.user)
    rows = client.get("/desk/", {"view": "open"}).context["listing"].rows
    first, *others = (refs[day] for day in sorted(days))
    assert [row.ref for row in rows] == [first, filed, *others]
    assert [row.days_left for row in rows] == [0, 5, 6, 11, 35]
    assert [(row.clock or row.receipt).left for row in rows] == [0, 5, 6, 11, 35]
    assert [line["Working days left"] for line in file_of(client, "open")] == ["0", "5", "6", "11", "35"]


@pytest.mark.parametrize(
    ("on_day", "left", "said"),
    [
        ("2026-04-17", 5, "<b> 5 days </b>"),
        ("2026-04-24", 0, "<b> 0 days </b>"),
        ("2026-04-25", 0, '<b class="sig bad">Overdue</b>'),
    ],
)
def test_the_queue_counts_the_days_to_accept_from_the_receipt_on(on_day, left, said, world, client, on):
    on("2026-04-17")
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    on("2026-04-20")
    later = world.application()
    applications.submit(later, seen=seen(later), by=world.exporter)
    on(on_day)
    client.force_login(world.ministry.intake.user)
    answer = client.get("/desk/", {"view": "unassigned"})
    row = answer.context["listing"].rows[0]
    assert (row.ref, row.days_left, row.receipt.deadline) == (ref, left, D("2026-04-24"))
    text = " ".join(answer.content.decode().split())
    assert f'{said} <div class="xs muted"> due 24 Apr 2026 </div>' in text and "to accept, or to ask" in text
    page = " ".join(client.get(f"/desk/cases/{ref}/").content.decode().split())
    assert ("left to accept it, or to ask for what is missing: until 24 Apr 2026." in page) is ("days" in said)


def test_what_waits_for_the_exporter_has_no_days_left_to_accept(world, client, on):
    on("2026-04-17")
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    supplements.request_supplement(ref, points=["The contract"], by=world.ministry.intake)
    client.force_login(world.ministry.intake.user)
    [row] = client.get("/desk/", {"view": "open"}).context["listing"].rows
    assert (row.days_left, row.receipt) == (selectors.NO_CLOCK, None)


def test_a_decided_case_has_no_days_left_in_a_file_beside_an_open_one_of_its_day(accepted, on, world, client):
    ref, m = accepted("2026-03-02"), world.ministry
    accepted("2026-03-02")
    on("2026-03-16")
    decisions.assign(ref, seen=seen(ref), by=m.reviewer)
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", factors=["END_USE"], text="No.", by=m.reviewer)
    decisions.refuse(ref, seen=seen(ref), factors=["END_USE"], text="No.", departure="Doubts.", by=m.decider)
    client.force_login(m.reviewer.user)
    [line] = file_of(client, "decided")
    assert (line["Case"], line["Working days left"]) == (ref, "")


def file_of(client, view):
    """The lines of the queue's file."""
    text = client.get("/desk.csv", {"view": view}).content.decode()
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
