"""What the clock of a case tells: that a day of SIGNALS is there, that the case is late, or what its applicant
contested, and that this counts as accepted."""

from core.access import Actor
from core.command import command
from core.history import record
from core.legal_time import legal_day, legal_now
from core.locks import lock
from licensing.models import Application
from licensing.selectors import contest_signals, signals_due
from licensing.states import OPEN_CASE, ApplicationState


@command
def signal(pk: int, *, by: Actor) -> bool:
    """History says, each once, which days the open case's clock has reached, that a request to reconsider counts as
    accepted, and that its decision is late; whom that concerns is written to.

    May run twice, late or never: the clock itself is derived, and no page waits for this.
    """
    row = lock(Application.objects.all(), pk=pk)
    at = legal_now()
    due = signals_due([row], legal_day(at)).get(row.pk, []) if row.state in OPEN_CASE else []
    for verb, day in due:
        record(row, verb, by=by, at=at, before=row.state, facts={"day": day})
    contested = [row] if row.state == ApplicationState.UNDER_RECONSIDERATION else []
    signals = contest_signals(contested, legal_day(at)).get(row.pk, {})
    for verb, facts in signals.items():
        record(row, verb, by=by, at=at, before=row.state, facts=facts)
    return bool(due or signals)
