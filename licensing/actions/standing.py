"""The standing of a company: an order of the ministry stops its account, and with it its licenses, until another
officer reinstates it. Whether a license can be used stands on its lines, so these verbs of exporters stand here.
"""

from datetime import datetime, timedelta

from core.access import Actor, clock
from core.command import command
from core.history import move, require
from core.legal_time import legal_day, legal_now
from core.locks import lock, lock_all
from exporters.models import Exporter, Qualification
from exporters.selectors import exporters_for
from exporters.states import QualificationState
from licensing import ledger
from licensing.actions.licenses import cause_opened, lifted
from licensing.models import License, Suspension
from licensing.states import IN_FORCE, MAY_BE_USED, LicenseState

CAUSE = Suspension.Cause.EXPORTER


@command
def suspend(pk: int, *, seen: int, number: str, reason: str, by: Actor) -> Exporter:
    """The account is suspended by this order: each of its licenses has a cause of its own, so that no reservation
    commits after this does, and its qualification has lapsed.

    What was declared stays clearable. Open cases go on, and none of them ends with a license; none is filed.
    """
    exporter = lock(exporters_for(by), pk=pk)  # no license of it is issued meanwhile
    require(exporter.suspend, by=by, seen=seen)
    qualification = lock(Qualification.objects.filter(pk=pk))
    held = lock_all(License.objects.filter(exporter=pk, state__in=MAY_BE_USED))
    for license in held:
        ledger.lock_lines(license)
    at = legal_now()
    exporter.stops.create(number=number, reason=reason, opened_by=by.user, opened_at=at)
    move(exporter.suspend, by=by, at=at, reason=reason, facts={"number": number})
    for license in held:
        if license.state in IN_FORCE:
            cause_opened(license, CAUSE, by=by, at=at, reason=reason, number=number)
    _lapse(qualification, number, at)
    return exporter


def _lapse(row: Qualification, number: str, at: datetime) -> None:
    """It was good through the day before, at most. It follows from the order, which stands with whoever gave it."""
    if row.state == QualificationState.GRANTED and row.last_day:
        last_day = min(row.last_day, legal_day(at) - timedelta(days=1))
        facts = {"until": last_day.isoformat(), "order": number}
        move(row.lapse, by=clock(), at=at, facts=facts, last_day=last_day)


@command
def reinstate(pk: int, *, seen: int, reason: str, by: Actor) -> Exporter:
    """The account is active again, and what stopped its licenses has ended. One of them is usable again only when no
    other cause is open; neither time nor the qualification is given back.

    Raises FourEyes for whoever stopped it.
    """
    exporter = lock(exporters_for(by), pk=pk)
    require(exporter.reinstate, by=by, seen=seen)
    if why := exporter.not_to_reinstate(by.user):
        raise why
    held = lock_all(License.objects.filter(exporter=pk, suspensions__cause=CAUSE, suspensions__ended_at=None))
    for license in held:
        ledger.lock_lines(license)
    at = legal_now()
    ended = {"ended_by": by.user, "ended_at": at, "end_reason": reason}
    exporter.stops.filter(ended_at=None).update(**ended)
    move(exporter.reinstate, by=by, at=at, reason=reason)
    for license in held:
        license.suspensions.filter(cause=CAUSE, ended_at=None).update(**ended)
        if license.state == LicenseState.SUSPENDED:
            lifted(license, by=by, at=at, reason=reason, facts={"cause": CAUSE})
    return exporter
