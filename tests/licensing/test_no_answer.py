"""A question to which nobody says anything for 20 working days ends by the clock, and the case is flagged."""

from datetime import time

import pytest

from core.access import clock as the_clock
from core.legal_time import legal_now
from core.models import Delivery, HistoryLine, LegalDay
from licensing import selectors, tasks
from licensing.actions import questions
from licensing.models import Application, QuestionEntry
from tests.days import D
from tests.licensing.test_questions import ask


@pytest.fixture
def case(world, on):
    """Under review on 2 March 2026; 20 working days later it is the 30th."""
    on("2026-03-02")
    return world.under_review(world.application())


def found(ref):
    entries = QuestionEntry.objects.filter(question__application__ref=ref).order_by("pk")
    return Application.objects.get(ref=ref).state, [entry.kind for entry in entries]


def test_it_ends_when_20_working_days_are_over_and_the_case_is_flagged(case, on, world, client):
    ask(case, world.ministry.reviewer, due_on=D("2026-03-16"))
    on("2026-03-30", time(23, 59, 30))
    assert (tasks.end_questions(), found(case)) == (0, ("awaiting_applicant", []))
    on("2026-03-31", time())
    assert (tasks.end_questions(), found(case)) == (1, ("under_review", ["silent"]))
    assert tasks.end_questions() == 0
    line = HistoryLine.objects.get(subject_ref=case, verb="no_answer")
    assert (line.actor.nature, Delivery.objects.filter(line=line).count()) == ("clock", 1)
    for actor, path, words in (
        (world.ministry.reviewer, f"/desk/cases/{case}/", "No answer came to a question"),
        (world.ministry.reviewer, "/desk/?view=mine", "No answer came to a question"),
        (world.exporter, f"/applications/{case}/", "No answer came within 20 working days"),
    ):
        client.force_login(actor.user)
        assert words in " ".join(client.get(path).content.decode().split())


def test_the_other_questions_stay_open(case, on, world):
    reviewer = world.ministry.reviewer
    ask(case, reviewer, due_on=D("2026-03-16"))
    on("2026-03-20")
    ask(case, reviewer, "Which port?", due_on=D("2026-04-03"))
    on("2026-03-31")
    assert (tasks.end_questions(), found(case)) == (1, ("awaiting_applicant", ["silent"]))


def test_it_waits_for_a_later_day_that_the_reviewer_gave_and_for_what_he_asked_on(case, on, world):
    reviewer = world.ministry.reviewer
    late = ask(case, reviewer, due_on=D("2026-04-20"))
    on("2026-04-20")
    assert (tasks.end_questions(), found(case)[1]) == (0, [])
    ask(case, reviewer, "And?", about=[], question=late, due_on=D("2026-04-27"))
    on("2026-05-20")
    assert (tasks.end_questions(), found(case)[1]) == (0, ["ask"])
    on("2026-05-21")
    assert (tasks.end_questions(), found(case)[1]) == (1, ["ask", "silent"])


@pytest.mark.parametrize("read", [False, True])
def test_what_was_answered_in_part_is_not_silence(read, case, on, world):
    asked = ask(case, world.ministry.reviewer, due_on=D("2026-03-16"))
    questions.answer(case, question=asked, text="Which plant?", by=world.exporter)
    if read:
        questions.read_answer(case, question=asked, by=world.ministry.reviewer)
    on("2026-06-30")
    assert (tasks.end_questions(), found(case)[0]) == (0, "awaiting_applicant")


def test_reading_a_question_s_thread_breaks_no_silence(case, on, world):
    reviewer = world.ministry.reviewer
    asked = ask(case, reviewer, due_on=D("2026-03-16"))
    questions.answer(case, question=asked, text="Which plant?", by=world.exporter)
    ask(case, reviewer, "The first", about=[], question=asked, due_on=D("2026-03-16"))
    QuestionEntry.objects.create(question_id=asked, kind="read", by=reviewer.user, at=legal_now())
    on("2026-03-31")
    assert (tasks.end_questions(), found(case)[0]) == (1, "under_review")


def test_an_answer_that_comes_before_a_worker_that_slept_is_an_answer(case, on, world):
    asked = ask(case, world.ministry.reviewer, due_on=D("2026-03-16"))
    on("2026-04-02")
    questions.answer(case, question=asked, text="All", final=True, by=world.exporter)
    assert questions.no_answer(Application.objects.get(ref=case).pk, by=the_clock()) is False
    assert found(case) == ("under_review", ["answer"])


def test_where_the_table_ends_nothing_ends(case, on, world):
    ask(case, world.ministry.reviewer, due_on=D("2026-03-16"))
    LegalDay.objects.filter(day__gt=D("2026-03-29")).delete()
    on("2026-06-30")
    pk = Application.objects.get(ref=case).pk
    assert (questions.no_answer(pk, by=the_clock()), found(case)) == (False, ("awaiting_applicant", []))


def test_cases_are_looked_at_when_a_question_is_that_old(case, world):
    ask(case, world.ministry.reviewer, due_on=D("2026-03-16"))
    pk = Application.objects.get(ref=case).pk
    assert [selectors.long_asked(D(day)) for day in ("2026-03-30", "2026-03-31", "2025-01-03")] == [[], [pk], []]
