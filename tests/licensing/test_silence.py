"""Silence: a case of which nothing is said within five working days is accepted by law, from its receipt on."""

from datetime import time

import pytest

from core.access import clock as the_clock
from core.models import Delivery, HistoryLine, LegalDay
from licensing import tasks
from licensing.actions import receipts
from licensing.models import Application
from tests.days import D
from tests.licensing.test_limits import refused


def found(ref):
    row = Application.objects.get(ref=ref)
    return row.state, row.accepted_on, row.round


def test_k8_on_28_february_the_timer_accepts_it_from_13_february_on(filed, on, read):
    on("2026-02-27", time(23, 59, 30))
    assert (tasks.accept_by_law(), found(filed)) == (0, ("submitted", None, 0))
    on("2026-02-28", time())
    assert (tasks.accept_by_law(), found(filed)) == (1, ("accepted", D("2026-02-13"), 1))
    clock, *pages = read(filed)
    assert clock.deadline == D("2026-04-24")
    assert all("To be decided by 24 Apr 2026." in text for text in pages)
    assert "Accepted by law" in pages[0]
    line = HistoryLine.objects.get(subject_ref=filed, verb="accept_by_law")
    assert (line.actor.nature, Delivery.objects.filter(line=line, consumer="mail").count()) == ("clock", 1)
    assert tasks.accept_by_law() == 0


@pytest.mark.parametrize("by", ["the timer", "an officer"])
def test_a_worker_that_slept_changes_nothing(by, filed, on, world):
    on("2026-03-03")
    if by == "the timer":
        tasks.accept_by_law()
    else:
        receipts.accept(filed, by=world.ministry.intake)
    assert found(filed) == ("accepted", D("2026-02-13"), 1)


def test_on_the_last_day_an_officer_still_accepts_it_from_that_day_on(filed, on, world):
    on("2026-02-27", time(23, 59))
    receipts.accept(filed, by=world.ministry.intake)
    assert found(filed) == ("accepted", D("2026-02-27"), 1)


def test_what_the_law_has_accepted_is_not_turned_away(filed, on, world):
    on("2026-02-28", time())
    assert refused(receipts.not_accept, filed, reason="No", by=world.ministry.intake) == ["deemed-accepted"]
    assert found(filed) == ("submitted", None, 0)
    on("2026-02-27", time(23, 59))
    assert receipts.not_accept(filed, reason="No", by=world.ministry.intake).state == "not_accepted"


def test_where_the_table_ends_nothing_is_accepted_by_silence(filed, on, world):
    LegalDay.objects.filter(day__gt=D("2026-02-26")).delete()
    on("2026-03-31")
    assert (tasks.accept_by_law(), found(filed)) == (0, ("submitted", None, 0))
    receipts.accept(filed, by=world.ministry.intake)
    assert found(filed) == ("accepted", D("2026-03-31"), 1)


def test_the_timer_comes_too_late_for_what_an_officer_accepted(filed, on, world):
    on("2026-02-27")
    receipts.accept(filed, by=world.ministry.intake)
    on("2026-03-03")
    assert receipts.accept_by_law(Application.objects.get(ref=filed).pk, by=the_clock()) is False
    assert found(filed) == ("accepted", D("2026-02-27"), 1)


def test_cases_are_looked_at_when_their_time_is_over(filed):
    pk = Application.objects.get(ref=filed).pk
    assert [receipts.silent(D(day), 9) for day in ("2026-02-27", "2026-02-28", "2025-01-03")] == [[], [pk], []]
