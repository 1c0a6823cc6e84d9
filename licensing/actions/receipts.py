"""How a case is accepted: by an officer, or by the silence that law takes for that, from its receipt on."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError
from core.history import move, require
from core.legal_time import day_start, legal_day, legal_now
from core.locks import lock
from core.selectors import working_day_before
from licensing.actions.barring import require_not_barred
from licensing.clock import RECEIPT_DAYS
from licensing.models import Application
from licensing.selectors import applications_for, receipts_of
from licensing.states import ApplicationState


def silent_since(row: Application, at: datetime) -> date | None:
    """The day of the last complete receipt, once the days are over within which the ministry had to speak.

    None before that, and where the working-day table does not say.
    """
    receipt = receipts_of([row], legal_day(at))[row.pk]
    return receipt.day_0 if receipt.overdue else None


def silent(today: date, limit: int) -> list[int]:
    """Submitted cases of which nothing was said on any of the days that the law gives."""
    first = working_day_before(today, RECEIPT_DAYS)
    if first is None:
        return []
    rows = Application.objects.filter(state=ApplicationState.SUBMITTED, received_at__lt=day_start(first))
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def require_not_silent(row: Application, at: datetime) -> None:
    """The ministry may still speak. Raises DomainError deemed-accepted when the law has accepted the case already."""
    if silent_since(row, at):
        raise DomainError(
            _(
                "{days} working days have gone by since this was received, so by law it is accepted from that day on."
            ).format(days=RECEIPT_DAYS),
            code="deemed-accepted",
        )


@command
def accept(ref: str, *, by: Actor) -> Application:
    """The case is complete and accepted today, or by law already; its first round begins."""
    row = lock(applications_for(by), ref=ref)
    require(row.accept, by=by)
    require_not_barred(row)
    at = legal_now()
    day_0 = silent_since(row, at) or legal_day(at)
    move(row.accept, by=by, at=at, facts={"day_0": day_0.isoformat()}, accepted_on=day_0)
    return row


@command
def not_accept(ref: str, *, reason: str, by: Actor) -> Application:
    """The case is outside the scope; the applicant knows why and what remedy there is.

    Raises DomainError deemed-accepted when the time is over within which that could be said.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.not_accept, by=by)
    at = legal_now()
    require_not_silent(row, at)
    move(row.not_accept, by=by, at=at, reason=reason)
    return row


@command
def accept_by_law(pk: int, *, by: Actor) -> bool:
    """The case is accepted from the day of its last complete receipt on, if nothing was said in time; else nothing.

    The case of a company that is barred waits until that has ended, or a newer table of working days comes. May run
    twice or late: an officer who accepts the case before it finds the same day 0.
    """
    row = lock(Application.objects.all(), pk=pk)
    at = legal_now()
    if row.state != ApplicationState.SUBMITTED or not (day_0 := silent_since(row, at)):
        return False
    if row.exporter.barred:
        return False
    take_silence(row, day_0, at, by=by)
    return True


def take_silence(row: Application, day_0: date, at: datetime, *, by: Actor) -> None:
    """The case, of which nothing was said in time, is accepted from that day on."""
    move(row.accept_by_law, by=by, at=at, facts={"day_0": day_0.isoformat()}, accepted_on=day_0)
