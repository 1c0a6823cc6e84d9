"""What a newer working-day table does to open cases and contested refusals: whose last day moves is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db.models import Prefetch, Q, prefetch_related_objects

from core.access import clock
from core.calendar_file import watching
from core.history import record
from core.legal_time import legal_day, legal_now, legal_today
from core.locks import lock_all
from licensing.actions.contests import say_what_time_did
from licensing.actions.receipts import take_silence
from licensing.models import Application, DecisionStep
from licensing.models.reconsiderations import contested
from licensing.selectors import clocks_of, contestable_still, receipts_of, remedies_of, terms_of
from licensing.states import OPEN_CASE, ApplicationState


@watching
@contextmanager
def telling_of_moved_deadlines() -> Iterator[None]:
    """Each open case, and each contested refusal, whose last day to be accepted, or for a decision, is another
    afterwards says so in its history, and each refusal whose last day to be contested is; its applicant is told.

    Nothing is recomputed: the clock is derived. Where the table did not reach so far, its first last day is told, too.
    """
    opened = Application.CLOCKED | Q(state=ApplicationState.SUBMITTED)
    refused = Q(state=ApplicationState.UNDER_RECONSIDERATION) | contestable_still(legal_today())
    cases = lock_all(Application.objects.filter(opened | refused))
    at = legal_now()
    today = legal_day(at)
    steps = DecisionStep.objects.select_related("reconsideration").prefetch_related("reconsideration__entries")
    contests = [row for row in cases if row.contested]
    prefetch_related_objects(contests, Prefetch("steps", steps))
    say_what_time_did(contests, at)  # by the table of that day, as the next lines, too
    receipts, by = receipts_of(cases, today), clock()
    for case in cases:
        if case.pk in receipts and receipts[case.pk].overdue:  # of a barred company, too: the day would be lost
            take_silence(case, receipts[case.pk].day_0, at, by=by)
    before = _deadlines(cases, today)
    yield
    after = _deadlines(cases, today)
    for case in cases:
        told, was = after.get(case.pk), before.get(case.pk)
        if told and told != was and not (_over(told, today) and _over(was, today)):
            verb, deadline = told
            record(case, verb, by=by, at=at, before=case.state, facts={"deadline": deadline.isoformat()})


def _over(told: tuple[str, date] | None, today: date) -> bool:
    """It could be contested until a day that is over."""
    return told is not None and told[0] == "contest_move" and told[1] < today


def _deadlines(cases: list[Application], today: date) -> dict[int, tuple[str, date]]:
    """By when each is to be accepted, decided, or contested: the verb that tells it, and the day."""
    clocks = clocks_of([case for case in cases if case.state in OPEN_CASE], today)
    filed = {case.pk: row for case in cases if case.contested and (row := contested(case))}
    terms = terms_of(filed.values(), today)
    remedies = remedies_of([case for case in cases if case.state == ApplicationState.REFUSED])
    found = [("accept_move", pk, clock.deadline) for pk, clock in receipts_of(cases, today).items()]
    found += [("deadline_move", pk, clock.deadline) for pk, clock in clocks.items()]
    found += [("accept_move", pk, terms[row.pk].accept_by) for pk, row in filed.items()]
    found += [("deadline_move", pk, terms[row.pk].due_on) for pk, row in filed.items() if terms[row.pk].due_on]
    found += [("contest_move", pk, remedy.last_day) for pk, remedy in remedies.items()]
    return {pk: (verb, day) for verb, pk, day in found if day}
