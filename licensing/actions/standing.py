"""The standing of a company: an order of the ministry stops its account, and with it its licenses, until another
officer reinstates it. Whether a license can be used stands on its lines, so these verbs of exporters stand here.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from core import proposals
from core.access import Actor, clock
from core.command import command
from core.errors import Invalid, Problem
from core.history import move, require
from core.legal_time import legal_day, legal_now, months_after
from core.locks import lock, lock_all
from core.templatetags.lodestone import day
from exporters.actions.changes import drop_change
from exporters.models import Exporter, Qualification, Stop
from exporters.selectors import exporters_for
from exporters.states import QualificationState
from licensing import ledger
from licensing.actions.licenses import cause_opened, lifted
from licensing.models import License, Suspension
from licensing.states import WITH_THE_ACCOUNT, LicenseState

CAUSE = Suspension.Cause.EXPORTER
BAR_YEARS = 5  # at most, from the day on which the penalty took effect: Export Control Law, article 39 (decision 0047)


@command
def suspend(pk: int, *, seen: int, number: str, provision: str, reason: str, by: Actor) -> Exporter:
    """The account is suspended by this order, which rests on this provision: each of its licenses has a cause of its
    own, so that no reservation commits after this does, and its qualification has lapsed.

    What was declared stays clearable. Open cases go on, and none of them ends with a license; none is filed.
    """
    exporter = lock(exporters_for(by), pk=pk)  # no license of it is issued meanwhile
    require(exporter.suspend, by=by, seen=seen)
    qualification, held = _held_with(pk)
    at = legal_now()
    facts = {"number": number, "provision": provision}
    exporter.stops.create(**facts, reason=reason, opened_by=by.user, opened_at=at)
    move(exporter.suspend, by=by, at=at, reason=reason, facts=facts)
    _stop(held, qualification, by, at, reason=reason, number=number)
    return exporter


def _held_with(exporter: int) -> tuple[Qualification, list[License]]:
    """What hangs on the account is this transaction's: its qualification, and with their lines its licenses that can be
    used, or may be again."""
    qualification = lock(Qualification.objects.filter(pk=exporter))
    held = lock_all(License.objects.filter(License.MAY_LEAVE, exporter=exporter))
    for license in held:
        ledger.lock_lines(license)
    return qualification, held


def _stop(held: list[License], qualification: Qualification, by: Actor, at: datetime, **said: str) -> None:
    """Each of these licenses that is in force, or was replaced, has a cause that came with the account, and the
    qualification lapsed.

    said: number and reason of the order.
    """
    for license in held:
        if license.state in WITH_THE_ACCOUNT and not license.suspensions.filter(cause=CAUSE, ended_at=None).exists():
            cause_opened(license, CAUSE, by=by, at=at, **said)
    lapse_with(qualification, at, order=said["number"])


def lapse_with(row: Qualification, at: datetime, by: Actor | None = None, **cause: str) -> bool:
    """It was good through the day before, or, where it had ended by itself, through its last day. False where none was
    granted.

    It follows from an order or a penalty, which stands with whoever gave it, or from a report that is owed. cause: what
    history names of that, where that cut it short."""
    if row.state != QualificationState.GRANTED or not row.last_day:
        return False
    today = legal_day(at)
    last_day, why = (row.last_day, {}) if row.over_on(today) else (today - timedelta(days=1), cause)
    move(row.lapse, by=by or clock(), at=at, facts={"until": last_day.isoformat(), **why}, last_day=last_day)
    return True


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
        if license.state in (LicenseState.SUSPENDED, LicenseState.REPLACED):
            lifted(license, by=by, at=at, reason=reason, facts={"cause": CAUSE})
    return exporter


# --- a bar, of two people ------------------------------------------------------------------------------------
@command
def propose_bar(pk: int, *, seen: int, number: str, provision: str, last_day: date, reason: str, by: Actor) -> Exporter:
    """That the company is barred through that day, by this penalty decision, waits for a second decider; nothing else
    has changed. Raises DomainError proposal-open where one waits, Invalid for a day that does not lie ahead, or lies
    further ahead than the law bars anybody."""
    exporter = lock(exporters_for(by), pk=pk)
    require(exporter.propose_bar, by=by, seen=seen)
    at = legal_now()
    _require_ahead(last_day, at, "/last_day")
    _require_lawful(last_day, at)
    facts = {"number": number, "provision": provision, "last_day": last_day.isoformat()}
    said: dict[str, Any] = {"by": by, "at": at, "reason": reason, "facts": facts}
    proposals.propose(exporter, "bar", **said)
    move(exporter.propose_bar, **said)
    return exporter


def _require_ahead(last_day: date, at: datetime, pointer: str) -> None:
    if last_day <= legal_day(at):
        message = _("A bar ends on a day that lies ahead; this one, {day}, does not. Give a later last day.")
        raise Invalid([Problem(pointer, "date-out-of-range", message.format(day=day(last_day)))])


def _require_lawful(last_day: date, at: datetime) -> None:
    """The penalty takes effect today at the latest, as it is not known to us from when on it does."""
    latest = months_after(legal_day(at), 12 * BAR_YEARS)
    if last_day > latest:
        message = _("The law bars a company for {years} years at most: through {day}. Give an earlier last day.")
        text = message.format(years=BAR_YEARS, day=day(latest))
        raise Invalid([Problem("/last_day", "date-out-of-range", text)])


@command
def drop_bar(pk: int, *, seen: int, reason: str, by: Actor) -> Exporter:
    """The company is not barred: whoever proposed that took it back, or another decider declined it."""
    exporter = lock(exporters_for(by), pk=pk)
    require(exporter.drop_bar, by=by, seen=seen)
    proposals.drop(exporter, "bar", by=by, at=legal_now(), reason=reason)
    return exporter


@command
def bar(pk: int, *, seen: int, by: Actor) -> Exporter:
    """The company is barred as was proposed, through its last day: as when it is suspended, no step brings its open
    cases nearer to a license, and what it asked to have changed is dropped. Raises FourEyes for whoever proposed it,
    and no-proposal."""
    exporter = lock(exporters_for(by), pk=pk)  # no license of it is issued meanwhile
    require(exporter.bar, by=by, seen=seen)
    qualification, held = _held_with(pk)
    at = legal_now()
    found = proposals.carry(exporter, "bar", by=by, at=at)
    number, last_day = found.facts["number"], date.fromisoformat(found.facts["last_day"])
    _require_ahead(last_day, at, "")
    drop_change(exporter, by=by, at=at)
    people = {"proposed_by": found.proposed_by, "opened_by": by.user, "opened_at": at}
    order = {"number": number, "provision": found.facts.get("provision", ""), "reason": found.reason}
    exporter.stops.create(kind=Stop.Kind.BAR, last_day=last_day, **order, **people)
    move(exporter.bar, by=by, at=at, reason=found.reason, facts=found.facts)
    _stop(held, qualification, by, at, reason=found.reason, number=number)
    return exporter


@command
def end_bar(pk: int, *, by: Actor) -> bool:
    """The company's account is suspended, no longer barred, when the last day of that is over; else nothing.

    What is stopped stays so until a decider reinstates it who barred it neither as first nor as second.
    """
    exporter = lock(Exporter.objects.all(), pk=pk)
    at = legal_now()
    bars = exporter.stops.filter(kind=Stop.Kind.BAR, ended_at=None)
    if not exporter.barred or bars.filter(Stop.barring_on(legal_day(at))).exists():
        return False
    last_day = bars.values_list("last_day", flat=True).last()  # one before it is open until reinstatement
    move(exporter.end_bar, by=by, at=at, facts={"last_day": f"{last_day}"})
    return True
