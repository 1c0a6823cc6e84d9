"""What a newer working-day table does to open cases: whose last day for a decision moves is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from core.access import clock
from core.calendar_file import watching
from core.history import record
from core.legal_time import legal_day, legal_now
from core.locks import lock_all
from licensing.models import Application
from licensing.selectors import clocks_of
from licensing.states import OPEN_CASE


@watching
@contextmanager
def telling_of_moved_deadlines() -> Iterator[None]:
    """Each open case whose last day for a decision is another afterwards says so in its history; its applicant is told.

    Nothing is recomputed: the clock is derived. Where the table did not reach so far, its first last day is told, too.
    """
    cases = lock_all(Application.objects.filter(state__in=OPEN_CASE, accepted_on__isnull=False))
    at = legal_now()
    before = _deadlines(cases, legal_day(at))
    yield
    after = _deadlines(cases, legal_day(at))
    for case in cases:
        if (deadline := after.get(case.pk)) and deadline != before.get(case.pk):
            facts = {"deadline": deadline.isoformat()}
            record(case, "deadline_move", by=clock(), at=at, before=case.state, facts=facts)


def _deadlines(cases: list[Application], today: date) -> dict[int, date]:
    return {pk: clock.deadline for pk, clock in clocks_of(cases, today).items() if clock.deadline}
