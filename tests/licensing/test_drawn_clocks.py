"""Drawn cases: what everybody reads of their clocks is what a walk over their histories, day by day, says.

150 with FULL, in ten parts, or as many as DRAWN_CLOCKS says.
"""

import os
from datetime import timedelta
from random import Random

import pytest

from config.local import demo
from core.legal_time import LEGAL_ZONE, legal_today
from core.models import HistoryLine
from licensing import selectors, tasks
from licensing.actions import applications, consultations, decisions, questions, receipts, supplements
from licensing.course import days_of
from licensing.models import Application
from tests.days import D, table
from tests.make import seen
from tests.ticks import tick

PARTS = 10
EACH = int(os.environ.get("DRAWN_CLOCKS") or (150 if os.environ.get("FULL") else 60)) // PARTS
LAST = max(table())
DAY = timedelta(days=1)
pytestmark = pytest.mark.full


def draw(random):
    """The day of the filing, what happened on which later day, and the day on which somebody looks."""
    late = random.random() < 0.15  # its days come to where the table ends
    begin = D("2027-07-01") + random.randrange(150) * DAY if late else D("2025-03-03") + random.randrange(420) * DAY
    begin = min(begin, LAST - 75 * DAY)  # whatever happens has its days, and acceptance by law five worked ones
    day, events = begin, []

    def then(*days):
        nonlocal day
        day = min(day + random.choice(days) * DAY, LAST - 40 * DAY)
        return max(day, begin)

    if random.random() < 0.3:
        events += [(then(0, 1, 2), "request_supplement"), (then(0, 1, 5, 20), "resubmit")]
    events += [(then(16, 20, 30), "by_law") if random.random() < 0.25 else (then(0, 1, 2), "accept"), (day, "assign")]
    for first, second in random.choices(
        [("consult", "end_consult"), ("watch", "clear"), ("ask", "answer")], weights=[5, 2, 2], k=random.randrange(5)
    ):
        events += [(then(0, 1, 2, 5, 9, 20), first), (then(0, 1, 3, 8, 25), second)]
    if random.random() < 0.35:
        events.append((then(0, 1, 5), random.choice(["consult", "watch"])))
    if random.random() < 0.3 and events[-1][1] != "consult":
        events.append((then(0, 3, 10, 30), "decide"))
    looked = day + random.choice([0, 1, 7, 30, 60, 90]) * DAY
    return begin, events, looked


def happen(world, on, begin, events):
    """The case, by the verbs that people and workers use."""
    m = world.ministry
    on(str(begin))
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    for day, verb in events:
        on(str(day))
        match verb:
            case "request_supplement":
                supplements.request_supplement(ref, points=["The contract"], by=m.intake)
            case "resubmit":
                supplements.resubmit(ref, answers={1: supplements.Answer("Here.")}, by=world.exporter)
            case "by_law":
                tasks.accept_by_law()
            case "accept":
                receipts.accept(ref, by=m.intake)
            case "assign":
                decisions.assign(ref, seen=seen(ref), by=m.reviewer)
            case "consult":
                consultations.consult(ref, cause="expert", notice="They look at it.", by=m.reviewer)
            case "end_consult":
                consultations.end_consult(ref, by=m.reviewer)
            case "watch":
                demo.screened(ref, m.reviewer, "watch_list", "Entry 12.")
            case "clear":
                demo.screened(ref, m.reviewer)
            case "ask":
                questions.ask(ref, text="Why?", about=["ports"], due_on=day + 30 * DAY, by=m.reviewer)
            case "answer":
                question = Application.objects.get(ref=ref).questions.latest("pk")
                questions.answer(ref, question=question.pk, text="So.", final=True, by=world.exporter)
            case "decide":
                why = {"factors": ["END_USE"], "text": "No."}
                decisions.recommend(ref, seen=seen(ref), outcome="refuse", acknowledged=tick(ref), by=m.reviewer, **why)
                decisions.refuse(ref, seen=seen(ref), departure="Doubts.", by=m.decider, **why)
    return ref


def history(ref):
    lines = HistoryLine.objects.filter(subject_kind="application", subject_ref=ref).order_by("seq")
    return [(line.at.astimezone(LEGAL_ZONE).date(), line) for line in lines]


def walked(ref, today):
    """What REST must say of the clock, from the history alone, day by day; written without the clock's code.

    A day counts where it is worked and the last that was said of consultations by its end is not that one began; from
    the first day on at whose end no hit of the watch list stood, after the last on which one did.
    """
    said = history(ref)
    received = [day for day, line in said if line.verb in ("submit", "resubmit")][-1]
    day_0 = next((day for day, line in said if line.verb == "accept"), received)
    end = next((day for day, line in said if line.verb == "refuse"), today)

    def last(day, *verbs):
        return [line for on, line in said if on <= day and line.verb in verbs][-1:]

    def watched(day):
        return [line.facts["hit"] for line in last(day, "screen")] == ["watch_list"]

    def paused(day):
        return [line.verb for line in last(day, "consult", "end_consult")] == ["consult"]

    begin, day = day_0, day_0
    while day <= end:
        begin = day + DAY if watched(day) else begin
        day += DAY
    untimed = begin > end
    late_before, reached, number, day = None, None, 0, day_0
    while day <= end and not late_before:
        if watched(day):
            late_before, reached, number = reached and reached + DAY, None, 0
        elif day > day_0 and not watched(day - DAY):
            number += day in table() and table()[day][0] and not paused(day)
            reached = reached or (day if number == 45 else None)
        day += DAY
    begin = day_0 if untimed else begin
    number, used, deadline, day = 0, 0, None, begin
    while day < end or (deadline is None and not untimed and not paused(max(day, end))):
        day += DAY
        if day not in table() and not paused(day):
            break
        if not paused(day) and table()[day][0]:
            number += 1
            used += day <= end
            deadline = day if number == 45 and not untimed else deadline
    known = all(begin + n * DAY in table() or paused(begin + n * DAY) for n in range(1, (end - begin).days + 1))
    late = deadline is not None and end > deadline
    counted = [begin + n * DAY for n in range(1, (deadline - begin).days + 1)] if deadline else []
    begun = [(day, line.facts["cause"]) for day, line in said if line.verb == "consult"]
    ended = [day for day, line in said if line.verb == "end_consult"]
    return {
        "kind": "untimed" if untimed else "45wd",
        "used": used if known else None,
        "left": None if untimed or not known and not late else max(0, 45 - used),
        "deadline": deadline and deadline.isoformat(),
        "provisional": any(table()[day][1] for day in counted),
        "overdue": late,
        "overdue_before": late_before and late_before.isoformat(),
        "pauses": [
            {"reason": cause, "from": day.isoformat(), "to": ended[n].isoformat() if n < len(ended) else None}
            for n, (day, cause) in enumerate(begun)
        ],
    }


def had(ref, today):
    """(ministry's, exporter's, others' days) since the filing, day by day from the history alone."""
    said = history(ref)
    day = next(on for on, line in said if line.verb == "submit")
    end, days = (said[-1][0] if said[-1][1].to_state == "refused" else today), [0, 0, 0]
    while day < end:
        day += DAY
        before = [line for on, line in said if on <= day]
        asked = [line.verb for line in before if line.verb in ("consult", "end_consult")][-1:] == ["consult"]
        days[2 if asked else before[-1].to_state in ("awaiting_applicant", "supplement_required")] += 1
    return tuple(days)


def shown(page, row):
    """What a page's clock says, in REST's words."""
    return {
        "kind": "45wd" if page.of else "untimed",
        "used": page.used,
        "left": page.left,
        "deadline": page.deadline and page.deadline.isoformat(),
        "provisional": page.provisional,
        "overdue": page.overdue,
        "overdue_before": page.overdue_before and page.overdue_before.isoformat(),
        "pauses": [
            {"reason": pause.reason, "from": str(pause.begins_on), "to": pause.ends_on and str(pause.ends_on)}
            for pause in row.pauses.all()
        ],
    }


@pytest.mark.parametrize("part", range(PARTS))
def test_drawn_cases_say_what_a_walk_over_their_history_says(part, world, on, client):
    """Page, desk, queue and REST, the day by which the queue sorts, and whose the days were."""
    random, kinds = Random(f"clocks {part}"), set()
    for _ in range(EACH):
        begin, events, looked = draw(random)
        ref = happen(world, on, begin, events)
        on(str(looked))
        assert legal_today() == looked
        expected, about = walked(ref, looked), (begin, events, looked)
        row = Application.objects.get(ref=ref)
        m, open_ = world.ministry, not row.decided_at
        for actor, path in ((world.exporter, f"/applications/{ref}/"), (m.auditor, f"/desk/cases/{ref}/")):
            client.force_login(actor.user)
            assert shown(client.get(path).context["clock"], row) == expected, about
        client.force_login(world.exporter.user)
        assert client.get(f"/api/v1/applications/{ref}/").json()["clock"] == expected, about
        assert client.get("/api/v1/applications/", {"q": ref}).json()["results"][0]["clock"] == expected, about
        assert tuple(days_of(selectors.course_of(row, looked)).values()) == had(ref, looked), about
        if open_:
            client.force_login(m.auditor.user)
            [listed] = client.get("/desk/", {"view": "open", "q": ref}).context["listing"].rows
            assert shown(listed.clock, row) == expected, about
            if expected["kind"] == "untimed":
                assert listed.days_left == selectors.NO_CLOCK, about
            elif expected["used"] is not None:
                assert listed.days_left == max(0, 45 - expected["used"]), about
        kinds |= {expected["kind"], expected["overdue"], expected["deadline"] is None, bool(expected["pauses"])}
    assert kinds >= {"45wd", True, False}


def test_a_case_that_slept_under_a_dead_worker_reads_like_one_that_did_not(world, on, read):
    """Its worker ran weeks later than the other's, or never: the days are the same."""
    random, slept = Random("asleep"), 0
    while slept < (20 if os.environ.get("FULL") else 3):
        begin, events, looked = draw(random)
        if "by_law" not in [verb for _, verb in events] or looked > LAST - 60 * DAY:
            continue
        place = [verb for _, verb in events].index("by_law")
        later = [*events[:place], *((day + 14 * DAY, verb) for day, verb in events[place : place + 2])]
        looked = max(looked, later[-1][0])
        clocks = []
        for deeds, daily in ((events[: place + 2], True), (later, False)):
            ref = happen(world, on, begin, deeds)
            for day in [looked - n * DAY for n in range(20, -1, -5) if daily and looked - n * DAY >= deeds[-1][0]]:
                on(str(day))
                tasks.signal_days()
            on(str(looked))
            clocks.append(read(ref)[0])
        assert clocks[0] == clocks[1], (begin, events, looked)
        slept += 1
