"""Day 30, 40 and 45 of a case's clock, and that it is late: said once each, to the ministry, when a worker looks."""

from datetime import time, timedelta

import pytest

from core.access import clock as the_clock
from core.deliveries import relay
from core.models import HistoryLine, LegalDay, Membership
from licensing import selectors, tasks
from licensing.actions import consultations, decisions, signals
from licensing.models import Application
from tests.days import D
from tests.make import seen


def said(ref):
    lines = HistoryLine.objects.filter(subject_ref=ref, verb__in=["signal", "overdue"]).order_by("seq")
    return [(line.verb, line.facts["day"]) for line in lines]


ALL = [("signal", 30), ("signal", 40), ("signal", 45), ("overdue", 45)]


def test_each_is_said_once_on_its_day(accepted, on):
    ref, days = accepted("2026-03-02"), {}
    for day in ("2026-04-13", "2026-04-14", "2026-04-15", "2026-04-28", "2026-05-08", "2026-05-09", "2026-05-20"):
        on(day, time())
        tasks.signal_days()
        tasks.signal_days()
        days[day] = len(said(ref))
    assert said(ref) == ALL
    assert list(days.values()) == [0, 1, 1, 2, 3, 4, 4]


@pytest.mark.parametrize("begin", ["2026-04-13", "2026-04-27", "2026-05-07"])
def test_a_worker_that_slept_for_three_days_says_what_one_says_that_ran_every_day(begin, accepted, on, read):
    daily, slept = accepted("2026-03-02"), accepted("2026-03-02")
    for n in range(4):
        on(str(D(begin) + timedelta(days=n)))
        signals.signal(Application.objects.get(ref=daily).pk, by=the_clock())
    signals.signal(Application.objects.get(ref=slept).pk, by=the_clock())
    assert said(slept) == said(daily) != []
    assert read(slept)[0] == read(daily)[0]


def test_whoever_looks_for_the_first_time_when_it_is_late_says_all_of_it(accepted, on):
    ref = accepted("2026-03-02")
    on("2026-06-01")
    assert (tasks.signal_days(), said(ref)) == (1, ALL)


def test_nothing_is_said_of_days_that_do_not_count(accepted, on, world):
    ref, reviewer = accepted("2026-03-02"), world.ministry.reviewer
    on("2026-03-16")
    decisions.assign(ref, seen=seen(ref), by=reviewer)
    consultations.consult(ref, cause="expert", notice="They look.", by=reviewer)
    on("2026-06-01")
    assert (tasks.signal_days(), said(ref)) == (0, [])


def test_nothing_is_said_when_it_was_decided_late(accepted, on, world):
    m, ref = world.ministry, accepted("2026-03-02")
    on("2026-05-15")
    why = {"factors": ["END_USE"], "text": "No."}
    decisions.assign(ref, seen=seen(ref), by=m.reviewer)
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=m.reviewer, **why)
    decisions.refuse(ref, seen=seen(ref), departure="Doubts.", by=m.decider, **why)
    assert selectors.to_signal(D("2026-06-01")) == []
    assert signals.signal(Application.objects.get(ref=ref).pk, by=the_clock()) is False
    assert said(ref) == []


def test_the_officer_who_has_the_case_is_told_and_of_a_late_one_the_deciders_too(accepted, on, world, mailoutbox):
    m, mine, nobodys = world.ministry, accepted("2026-03-02"), accepted("2026-03-02")
    decisions.assign(mine, seen=seen(mine), by=m.reviewer)
    roles = ["decider", "intake", "reviewer"]  # the exporter's province is another
    Membership.objects.filter(user=m.other_decider.user).update(roles=roles, province="11")
    reviewer, deciders = m.reviewer.user.email, {m.decider.user.email}
    for day, expected in (
        ("2026-04-14", {mine: {reviewer}, nobodys: {reviewer, *deciders}}),
        ("2026-05-09", {mine: {reviewer, *deciders}, nobodys: {reviewer, *deciders}}),
    ):
        on(day)
        relay()  # what was told before: it was noon twice, the second time before some of it
        mailoutbox.clear()
        tasks.signal_days()
        relay()
        told = {ref: {to for mail in mailoutbox if ref in mail.subject for to in mail.to} for ref in expected}
        assert told == expected
        assert all("/desk/cases/" in mail.body for mail in mailoutbox)
    assert any("overdue, the 45 working days are over" in mail.subject for mail in mailoutbox)


def test_where_the_table_ends_nothing_is_said(accepted, on):
    ref = accepted("2026-03-02")
    LegalDay.objects.filter(day__gt=D("2026-03-31")).delete()
    on("2026-06-01")
    assert (tasks.signal_days(), said(ref)) == (0, [])


def test_looking_takes_as_many_queries_for_three_as_for_one(accepted, on, django_assert_num_queries):
    for _ in range(3):
        accepted("2026-03-02")
    selectors.rules_of(selectors.edition_now().digest)
    with django_assert_num_queries(6):
        assert len(selectors.to_signal(D("2026-06-01"))) == 3
