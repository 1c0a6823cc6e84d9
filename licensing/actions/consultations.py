"""Consultations on a case: while one lasts the clock of the case stands still, and the applicant knows why."""

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError, Invalid, Problem
from core.history import move, require
from core.legal_time import legal_day, legal_now
from core.locks import lock
from licensing.models import Application, ClockInterval
from licensing.selectors import applications_for


@command
def consult(ref: str, *, cause: str, notice: str, by: Actor) -> Application:
    """The clock of the case stands still from today on, and the applicant has the notice. Its state stays.

    Raises DomainError consultation-open when it stands still already, Invalid for a reason that stops no clock.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.consult, by=by)
    require_running(row)
    at = legal_now()
    if cause not in ClockInterval.Reason.counted():
        raise Invalid([Problem("/cause", "invalid", _("The clock does not stand still for that."))])
    move(row.consult, by=by, at=at, reason=notice, facts={"cause": cause})
    row.pauses.create(reason=cause, notice=notice, begins_on=legal_day(at), opened_by=by.user, opened_at=at)
    return row


@command
def end_consult(ref: str, *, by: Actor) -> Application:
    """The clock of the case goes on: today counts again. Raises DomainError no-consultation when it is running."""
    row = lock(applications_for(by), ref=ref)
    require(row.end_consult, by=by)
    pause = row.pauses.filter(ends_on=None).first()
    if pause is None:
        raise DomainError(_("The clock of this case is running already."), code="no-consultation")
    at = legal_now()
    move(row.end_consult, by=by, at=at, facts={"cause": pause.reason})
    pause.ends_on, pause.ended_by, pause.ended_at = legal_day(at), by.user, at
    pause.save(update_fields=["ends_on", "ended_by", "ended_at"])
    return row


def require_running(row: Application) -> None:
    """Nobody is being consulted on the case. Raises DomainError consultation-open otherwise."""
    if row.paused:
        raise DomainError(
            _("The clock of this case stands still. Let it go on first."),
            code="consultation-open",
        )
