"""What the clock of a case tells the ministry: that day 30, 40 and 45 are there, and that the case is late, or what
its applicant contested."""

from core.access import Actor
from core.command import command
from core.history import record
from core.legal_time import legal_day, legal_now
from core.locks import lock
from licensing.models import Application
from licensing.selectors import late_contests, signals_due
from licensing.states import OPEN_CASE, ApplicationState


@command
def signal(pk: int, *, by: Actor) -> bool:
    """History says, each once, which days the open case's clock has reached, and that a contested refusal waits too
    long to be accepted, or decided; the officers whose it is are written to.

    May run twice, late or never: the clock itself is derived, and no page waits for this.
    """
    row = lock(Application.objects.all(), pk=pk)
    at = legal_now()
    due = signals_due([row], legal_day(at)).get(row.pk, []) if row.state in OPEN_CASE else []
    for verb, day in due:
        record(row, verb, by=by, at=at, before=row.state, facts={"day": day})
    contested = [row] if row.state == ApplicationState.UNDER_RECONSIDERATION else []
    if late := late_contests(contested, legal_day(at)).get(row.pk):
        record(row, "reconsider_late", by=by, at=at, before=row.state, facts=late)
    return bool(due or late)
