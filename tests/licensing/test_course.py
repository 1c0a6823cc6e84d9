"""With whom a case was on each day: none belongs to nobody, and the days of each are told apart."""

import re
from datetime import timedelta
from random import Random

import pytest

from config.local import demo
from core.access import clock
from core.working_days import Pause
from licensing import selectors
from licensing.actions import applications, consultations, decisions, questions, receipts, supplements
from licensing.course import Holder, Stay, course, days_of
from licensing.models import Application, Supplement
from licensing.states import HOLDER_OF, ApplicationState
from tests.days import D
from tests.make import seen
from tests.ticks import tick

ASKED = [
    (D("2026-03-02"), "submitted"),
    (D("2026-03-04"), "accepted"),
    (D("2026-03-04"), "under_review"),
    (D("2026-03-10"), "awaiting_applicant"),
    (D("2026-03-17"), "under_review"),
]


def test_a_day_is_of_whoever_has_the_case_at_its_end():
    assert course(ASKED, [], D("2026-03-18")) == [
        Stay(Holder.MINISTRY, "submitted", D("2026-03-03"), D("2026-03-03")),
        Stay(Holder.MINISTRY, "under_review", D("2026-03-04"), D("2026-03-09")),
        Stay(Holder.EXPORTER, "awaiting_applicant", D("2026-03-10"), D("2026-03-16")),
        Stay(Holder.MINISTRY, "under_review", D("2026-03-17"), D("2026-03-18")),
    ]


def test_days_on_which_others_were_asked_are_theirs():
    pause = Pause(D("2026-03-05"), D("2026-03-07"))
    stays = course(ASKED, [pause], D("2026-03-09"))
    assert [(stay.holder, stay.days) for stay in stays] == [
        (Holder.MINISTRY, 1),
        (Holder.MINISTRY, 1),
        (Holder.OTHERS, 2),
        (Holder.MINISTRY, 3),
    ]
    assert days_of(stays) == {Holder.MINISTRY: 5, Holder.EXPORTER: 0, Holder.OTHERS: 2}


def test_a_supplement_is_the_exporters_turn():
    moves = [(D("2026-03-02"), "submitted"), (D("2026-03-03"), "supplement_required")]
    assert days_of(course(moves, [], D("2026-03-12"))) == {Holder.MINISTRY: 0, Holder.EXPORTER: 10, Holder.OTHERS: 0}


def test_days_are_the_exporters_while_he_has_to_act_or_may_contest():
    def whose(state):
        return course([(D("2026-03-02"), "submitted"), (D("2026-03-03"), state)], [], D("2026-03-04"))[-1].holder

    exporters = {state for state in ApplicationState if whose(state) == Holder.EXPORTER}
    assert exporters == {state for state, who in HOLDER_OF.items() if who == "applicant"} | {"refused"}


def test_on_the_day_of_its_filing_nothing_has_elapsed():
    assert course(ASKED[:1], [], ASKED[0][0]) == []


def test_drawn_courses_leave_no_day_out_and_count_none_twice():
    random = Random(6)
    for _ in range(300):
        day, moves = D("2026-03-02"), [(D("2026-03-02"), "submitted")]
        for _move in range(random.randrange(8)):
            day += timedelta(days=random.randrange(6))
            moves.append((day, random.choice(ApplicationState.values)))
        until = day + timedelta(days=random.randrange(9))
        start = D("2026-03-02") + timedelta(days=random.randrange(20))
        pause = Pause(start, random.choice([None, start + timedelta(days=random.randrange(9))]))
        stays = course(moves, [pause], until)
        told = [stay.first + timedelta(days=n) for stay in stays for n in range(stay.days)]
        assert told == [D("2026-03-03") + timedelta(days=n) for n in range((until - D("2026-03-02")).days)]
        assert sum(days_of(stays).values()) == len(told)
        assert [stay.holder == Holder.OTHERS for stay in stays for n in range(stay.days)] == list(
            map(pause.covers, told)
        )


def pages(client, world, ref):
    """What the exporter and an officer read of it."""
    for actor, path in ((world.exporter, f"/applications/{ref}/"), (world.ministry.auditor, f"/desk/cases/{ref}/")):
        client.force_login(actor.user)
        html = client.get(path).content.decode()
        [part] = re.findall(
            r'<div class="gauge mt4">\s*<div class="small">(?:(?!<div class="gauge).)*?</details>', html, re.DOTALL
        )
        yield " ".join(re.sub(r"<[^>]+>", " ", part).split()), re.findall(r'<rect class="(\w+)" x="([\d.]+)%"', part)


def test_everybody_reads_whose_the_days_of_a_case_were(world, on, client):
    m = world.ministry
    on("2026-03-02")
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    on("2026-03-03")
    receipts.accept(ref, by=m.intake)
    decisions.assign(ref, seen=seen(ref), by=m.reviewer)
    on("2026-03-05")
    consultations.consult(ref, cause="expert", notice="An institute looks at it.", by=m.reviewer)
    on("2026-03-07")
    consultations.end_consult(ref, by=m.reviewer)
    on("2026-03-10")
    questions.ask(ref, text="Why?", about=["ports"], due_on=D("2026-03-20"), by=m.reviewer)
    on("2026-03-12")
    (mine, my_bars), (theirs, bars) = pages(client, world, ref)
    for text, inside in ((mine, ""), (theirs, " · Under review")):
        assert text == (
            "10 days since it was filed, and who had the case: Ministry: 5 days Exporter: 3 days"
            " Others whom the ministry asked: 2 days Day by day"
            f" 3 Mar 2026 – 4 Mar 2026 · Ministry{inside} · 2 days"
            " 5 Mar 2026 – 6 Mar 2026 · Others whom the ministry asked · 2 days"
            f" 7 Mar 2026 – 9 Mar 2026 · Ministry{inside} · 3 days"
            " 10 Mar 2026 – 12 Mar 2026 · Exporter · 3 days"
        )
    assert (
        my_bars
        == bars
        == [
            ("used", "0.0"),
            ("lapsed", "20.0"),
            ("gap", "20.0"),
            ("used", "40.0"),
            ("gap", "40.0"),
            ("exporters", "70.0"),
            ("gap", "70.0"),
        ]
    )


def test_the_steps_inside_the_ministry_are_not_for_the_exporter(world, on, client):
    """A return or a reopening is a matter of officers: to the exporter its days are the ministry's, in one piece."""
    m = world.ministry
    on("2026-03-02")
    ref = world.under_review(world.application())
    on("2026-03-04")
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", factors=["END_USE"], text="No.", by=m.reviewer)
    on("2026-03-06")
    decisions.send_back(ref, seen=seen(ref), reason="Say more", by=m.decider)
    on("2026-03-08")
    (mine, my_bars), (theirs, bars) = pages(client, world, ref)
    assert mine.endswith("Day by day 3 Mar 2026 – 8 Mar 2026 · Ministry · 6 days")
    assert "4 Mar 2026 – 5 Mar 2026 · Ministry · With second officer · 2 days" in theirs
    assert (len(my_bars), len(bars)) == (1, 5)


def test_the_days_of_a_case_end_with_it(world, on):
    on("2026-03-02")
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    on("2026-03-05")
    applications.withdraw(ref, by=world.exporter)
    row = Application.objects.get(ref=ref)
    assert sum(stay.days for stay in selectors.course_of(row, D("2026-06-01"))) == 3


def test_a_draft_has_no_days_and_a_case_of_today_none_yet(world, on):
    on("2026-03-02")
    ref = world.application()
    applications.add_document(ref, type="other", file=("x.pdf", demo.pdf("x")), by=world.exporter)
    assert selectors.course_of(Application.objects.get(ref=ref), D("2026-03-09")) == []
    on("2026-03-04")
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    assert selectors.course_of(Application.objects.get(ref=ref), D("2026-03-04")) == []


def test_a_draft_that_was_withdrawn_had_no_days(world, on):
    on("2026-03-02")
    ref = world.application()
    applications.withdraw(ref, by=world.exporter)
    assert selectors.course_of(Application.objects.get(ref=ref), D("2026-03-09")) == []


def test_an_approved_case_is_the_ministrys_until_it_is_issued(world, on):
    on("2026-03-02")
    ref = world.under_review(world.application())
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=world.ministry.reviewer)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    assert days_of(selectors.course_of(Application.objects.get(ref=ref), D("2026-03-09")))[Holder.MINISTRY] == 7


@pytest.mark.parametrize("slept", [0, 3], ids=["at-once", "slept"])
def test_a_case_that_lapsed_was_the_exporters_to_its_last_day_and_nobodys_after(slept, world, on):
    """Whether or not a worker has said so yet, and however late one does."""
    on("2026-03-02")
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    on("2026-03-04")
    supplements.request_supplement(ref, points=["The contract"], by=world.ministry.intake)
    due = Supplement.objects.get().due_on
    on(str(due + timedelta(days=1 + slept)))
    waiting = selectors.course_of(Application.objects.get(ref=ref), due + timedelta(days=1 + slept))
    supplements.lapse(Application.objects.get(ref=ref).pk, by=clock())
    stays = selectors.course_of(Application.objects.get(ref=ref), due + timedelta(days=90))
    assert (stays[-1].holder, stays[-1].last) == (Holder.EXPORTER, due)
    assert days_of(stays)[Holder.MINISTRY] == 1 and waiting == stays


@pytest.mark.parametrize("slept", [0, 3, 40], ids=["at-once", "slept", "slept-long"])
def test_a_question_that_nobody_answered_was_the_exporters_to_its_last_day_and_the_ministrys_after(slept, world, on):
    """Whether or not a worker has said so yet, and however late one does."""
    on("2026-03-02")
    ref = world.under_review(world.application())
    questions.ask(ref, text="Why?", about=["ports"], due_on=D("2026-03-16"), by=world.ministry.reviewer)
    looked = D("2026-03-31") + timedelta(days=slept)
    on(str(looked))
    row = Application.objects.get(ref=ref)
    waiting = selectors.course_of(row, looked)
    assert [(stay.holder, stay.first, stay.last) for stay in waiting] == [
        (Holder.EXPORTER, D("2026-03-03"), D("2026-03-30")),
        (Holder.MINISTRY, D("2026-03-31"), looked),
    ]
    assert questions.no_answer(row.pk, by=clock())
    assert selectors.course_of(Application.objects.get(ref=ref), looked) == waiting


def test_a_case_is_the_exporters_as_long_as_one_question_waits(world, on):
    """A later one; and, where the worker slept, one to which a word came late, from the day of that word on."""
    on("2026-03-02")
    ref, reviewer = world.under_review(world.application()), world.ministry.reviewer
    questions.ask(ref, text="Why?", about=["ports"], due_on=D("2026-03-16"), by=reviewer)
    on("2026-03-06")
    questions.ask(ref, text="Whose?", about=["ports"], due_on=D("2026-03-20"), by=reviewer)
    on("2026-04-10")
    first = Application.objects.get(ref=ref).questions.first()
    questions.answer(ref, question=first.pk, text="In part", by=world.exporter)
    on("2026-04-15")
    questions.answer(ref, question=first.pk, text="All", final=True, by=world.exporter)
    on("2026-04-20")
    stays = selectors.course_of(Application.objects.get(ref=ref), D("2026-04-20"))
    assert [(stay.holder, stay.first) for stay in stays] == [
        (Holder.EXPORTER, D("2026-03-03")),
        (Holder.MINISTRY, D("2026-04-04")),
        (Holder.EXPORTER, D("2026-04-10")),
        (Holder.MINISTRY, D("2026-04-15")),
    ]


def test_the_day_on_which_an_exporter_withdraws_is_of_whoever_had_the_case(world, on):
    on("2026-03-02")
    ref = world.under_review(world.application())
    on("2026-03-04")
    questions.ask(ref, text="Why?", about=["ports"], due_on=D("2026-03-20"), by=world.ministry.reviewer)
    on("2026-03-06")
    applications.withdraw(ref, by=world.exporter)
    stays = selectors.course_of(Application.objects.get(ref=ref), D("2026-06-01"))
    assert days_of(stays) == {Holder.MINISTRY: 1, Holder.EXPORTER: 3, Holder.OTHERS: 0}
