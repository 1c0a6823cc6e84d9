"""What the law makes of silence: a case of which nothing is said in time is accepted from its receipt on."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError
from core.history import move
from core.legal_time import legal_day, legal_now
from core.locks import lock
from core.selectors import calendar
from core.working_days import NotPublished
from licensing.clock import RECEIPT_DAYS
from licensing.models import Application
from licensing.states import ApplicationState


def silent_since(row: Application, at: datetime) -> date | None:
    """The day of the last complete receipt, once the days are over within which the ministry had to speak.

    None before that, and where the working-day table does not say.
    """
    assert row.received_at is not None, "a submitted case was received"
    received_on = legal_day(row.received_at)
    try:
        last = calendar(received_on, RECEIPT_DAYS).day(RECEIPT_DAYS, received_on)
    except NotPublished:
        return None
    return received_on if last and legal_day(at) > last else None


def require_not_silent(row: Application, at: datetime) -> None:
    """The ministry may still speak. Raises DomainError deemed-accepted when the law has accepted the case already."""
    if silent_since(row, at):
        raise DomainError(
            _("Five working days have gone by since this was received, so by law it is accepted from that day on."),
            code="deemed-accepted",
        )


@command
def accept_by_law(pk: int, *, by: Actor) -> bool:
    """The case is accepted from the day of its last complete receipt on, if nothing was said in time; else nothing.

    May run twice or late: an officer who accepts the case before this does finds the same day 0.
    """
    row = lock(Application.objects.all(), pk=pk)
    at = legal_now()
    if row.state != ApplicationState.SUBMITTED or not (day_0 := silent_since(row, at)):
        return False
    move(row.accept_by_law, by=by, at=at, facts={"day_0": day_0.isoformat()}, accepted_on=day_0)
    return True
