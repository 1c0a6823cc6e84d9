"""What the clock of a case tells the ministry: that day 30, 40 and 45 are there, and that the case is late."""

from core.access import Actor
from core.command import command
from core.history import record
from core.legal_time import legal_day, legal_now
from core.locks import lock
from licensing.models import Application
from licensing.selectors import signals_due
from licensing.states import OPEN_CASE


@command
def signal(pk: int, *, by: Actor) -> bool:
    """History says, each once, which days the open case's clock has reached; its officers are written to.

    May run twice, late or never: the clock itself is derived, and no page waits for this.
    """
    row = lock(Application.objects.all(), pk=pk)
    at = legal_now()
    due = signals_due([row], legal_day(at)).get(row.pk, []) if row.state in OPEN_CASE else []
    for verb, day in due:
        record(row, verb, by=by, at=at, before=row.state, facts={"day": day})
    return bool(due)
