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
from licensing.models import Application, DecisionStep
from licensing.models.reconsiderations import contested
from licensing.selectors import clocks_of, contestable_still, remedies_of, terms_of
from licensing.states import OPEN_CASE, ApplicationState


@watching
@contextmanager
def telling_of_moved_deadlines() -> Iterator[None]:
    """Each open case, and each contested refusal, whose last day for a decision is another afterwards says so in its
    history, and each refusal whose last day to be contested is; its applicant is told.

    Nothing is recomputed: the clock is derived. Where the table did not reach so far, its first last day is told, too.
    """
    opened = Q(state__in=OPEN_CASE, accepted_on__isnull=False)
    refused = Q(state=ApplicationState.UNDER_RECONSIDERATION) | contestable_still(legal_today())
    cases = lock_all(Application.objects.filter(opened | refused))
    at = legal_now()
    today = legal_day(at)
    steps = DecisionStep.objects.select_related("reconsideration").prefetch_related("reconsideration__entries")
    prefetch_related_objects([row for row in cases if row.contested], Prefetch("steps", steps))
    before = _deadlines(cases, today)
    yield
    after = _deadlines(cases, today)
    for case in cases:
        if (deadline := after.get(case.pk)) and deadline != before.get(case.pk):
            verb = "contest_move" if case.state == ApplicationState.REFUSED else "deadline_move"
            record(case, verb, by=clock(), at=at, before=case.state, facts={"deadline": deadline.isoformat()})


def _deadlines(cases: list[Application], today: date) -> dict[int, date]:
    """By when each is to be decided, or to be contested."""
    clocks = clocks_of([case for case in cases if case.state in OPEN_CASE], today)
    filed = {case.pk: row for case in cases if case.contested and (row := contested(case))}
    terms = terms_of(filed.values(), today)
    found = {pk: clock.deadline for pk, clock in clocks.items()}
    found |= {pk: terms[row.pk].due_on for pk, row in filed.items()}
    remedies = remedies_of([case for case in cases if case.state == ApplicationState.REFUSED])
    found |= {pk: remedy.last_day for pk, remedy in remedies.items() if not remedy.over(today)}
    return {pk: day for pk, day in found.items() if day}
