"""The verbs of licenses after issue. Time and clearances end them; causes suspend them.

That one expired, and that its holder is warned, is written for many at once by licensing/sql/sweeps.sql.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _

from core import proposals
from core.access import Actor, clock
from core.command import command
from core.errors import DomainError, NotFound, Problem
from core.graphs import has_move
from core.history import move, record, require
from core.legal_time import legal_day, legal_now
from core.locks import lock
from core.models import HistoryLine
from core.templatetags.lodestone import quantity as in_words
from exporters.models import Stop
from licensing import books, ledger
from licensing.models import EndReason, License, LicenseEndUser, Suspension
from licensing.selectors import licenses_for, uses_untold
from licensing.selectors.movements import reserved_for
from licensing.states import IN_FORCE, LicenseState

WARNING_DAYS = (7, 30, 90)
MOST_NAMED = 3  # shipments that hold something of a line


@command
def suspend(ref: str, *, seen: int, reason: str, by: Actor) -> License:
    """Another enforcement cause is open: no reservation commits after this does. What was declared stays clearable."""
    license = lock(licenses_for(by), ref=ref)
    require(license.suspend, by=by, seen=seen)
    open_cause(license, Suspension.Cause.ENFORCEMENT, reason=reason, by=by)
    return license


def open_cause(license: License, cause: str, *, by: Actor, reason: str = "", **told: str) -> Suspension:
    """The step under suspend: another cause on a locked license in force, which is suspended from now on.

    reason: in the words of whoever gives one. told: facts, of what has no words but those of its reader.
    """
    ledger.lock_lines(license)
    return cause_opened(license, cause, by=by, at=legal_now(), reason=reason, **told)


def cause_opened(license: License, cause: str, *, by: Actor, at: datetime, reason: str = "", **told: str) -> Suspension:
    """The same of one whose lines are locked, at an instant that was read since; or of one that was replaced, which
    stays so: what is reserved on it is stopped."""
    suspension = Suspension.objects.create(
        license=license, cause=cause, reason=reason, facts=told, opened_by=by.user, opened_at=at
    )
    ledger.set_usable(license, usable=False)
    facts = {"cause": cause, **told}
    if license.state in IN_FORCE:
        move(license.suspend, by=by, at=at, reason=reason, facts=facts)
    else:
        record(license, "suspend", by=by, at=at, before=license.state, reason=reason, facts=facts)
    return suspension


@command
def lift(ref: str, *, seen: int, suspension: int, reason: str, by: Actor) -> License:
    """This cause has ended. The license is usable again only when no other cause is open; no time is given back.

    Raises FourEyes for whoever opened it, where it is one of enforcement (WORKFLOWS 6, causes).
    """
    license = lock(licenses_for(by), ref=ref)
    require(license.lift_replaced if license.state == LicenseState.REPLACED else license.lift, by=by, seen=seen)
    cause = license.suspensions.filter(pk=suspension, ended_at=None).first()
    if cause is None:
        raise NotFound()
    if why := cause.not_to_end(by.user):
        raise why
    if cause.cause == Suspension.Cause.LEDGER and (wrong := books.drift([license.pk])):
        raise DomainError(
            _("The books of this license do not agree yet: {what}.").format(what="; ".join(map(str, wrong))),
            code="books-differ",
        )
    ledger.lock_lines(license)
    cause_ended(license, cause, by=by, at=legal_now(), reason=reason)
    return license


def cause_ended(license: License, cause: Suspension, *, by: Actor, at: datetime, reason: str) -> None:
    """The step under lift: this cause of a suspended license as a whole has ended. It and its lines are locked."""
    cause.ended_by, cause.ended_at, cause.end_reason = by.user, at, reason
    cause.save(update_fields=["ended_by", "ended_at", "end_reason"])
    lifted(license, by=by, at=at, reason=reason, facts={"cause": cause.cause})


def lifted(license: License, *, by: Actor, at: datetime, reason: str, facts: dict[str, Any]) -> None:
    """A cause of a suspended license has ended: it is active again where none of its own is open and it serves an
    end-user. One that was replaced stays so. It and its lines are locked."""
    words: dict[str, Any] = {"by": by, "at": at, "reason": reason, "facts": facts}
    own = license.state == LicenseState.REPLACED or license.stopped_itself
    if not own:
        ledger.set_usable(license, usable=True)
    if license.state == LicenseState.REPLACED:
        record(license, "lift", before=license.state, **words)
        return
    if own or not license.serves():
        move(license.lift_one, **words)
        return
    move(license.lift, **words)
    exhaust_if_done(license, by=by)


def closing(cause: str, users: Iterable[LicenseEndUser], lines: Iterable[int]) -> dict[str, Any]:
    """What history says of a cause of end-users: which, of whom, as they are called then, on which lines."""
    numbers = ", ".join(str(number) for number in sorted(set(lines)))
    names = dict(sorted({user.party.ref: user.party.name for user in users}.items()))
    return {"cause": cause, "end_users": ", ".join(names), "names": ", ".join(names.values()), "lines": numbers}


def narrowed(license: License, *, by: Actor, at: datetime, reason: str, facts: dict[str, Any]) -> None:
    """Something of the license is closed: one line of history and a mail. Suspended where it serves nobody now."""
    words: dict[str, Any] = {"by": by, "at": at, "reason": reason, "facts": facts}
    suspended = license.state in IN_FORCE and not license.serves()
    if suspended and license.state == LicenseState.ACTIVE:
        move(license.suspend, **words)
    else:
        record(license, "suspend" if suspended else "narrow", before=license.state, **words)


def widened(license: License, *, served: bool, by: Actor, at: datetime, reason: str, facts: dict[str, Any]) -> None:
    """Something of the license is open again, likewise; what suspended it has ended where it serves somebody again.

    served: it did before, so that this is not what suspended it.
    """
    if not served and license.state == LicenseState.SUSPENDED and license.serves():
        lifted(license, by=by, at=at, reason=reason, facts=facts)
    else:
        record(license, "widen", by=by, at=at, before=license.state, reason=reason, facts=facts)


@command
def freeze(pk: int, *, by: Actor) -> License | None:
    """The license is suspended because its books do not agree, until somebody has mended them; once, not again. Its
    holder reads that, and not what differs: the log says it, and `lift` to whoever would end it too early. Of one that
    was replaced what is reserved on it is stopped."""
    license = lock(License.objects.all(), pk=pk)
    known = license.suspensions.filter(cause=Suspension.Cause.LEDGER, ended_at=None).exists()
    if known or not (license.state in IN_FORCE or license.still_clears()):
        return None
    ledger.lock_lines(license)
    cause_opened(license, Suspension.Cause.LEDGER, by=by, at=legal_now())
    return license


def exhaust_if_done(license: License, *, by: Actor) -> None:
    """The license in force is used up, its rest lapsed, where the ledger says so. It and all its lines are locked."""
    if has_move(license.exhaust) and ledger.used_up(license):
        ledger.set_usable(license, usable=False)
        move(license.exhaust, by=by)
        ledger.lapse(license)


def settle(license: License, *, by: Actor) -> None:
    """The step under a correction or a return: the license is used up, or, where it was and is in date, in force again
    with what lapsed then. It and its lines are locked.

    It stays used up where nothing more may cross on it: what comes free then lapses. Of a company that is stopped it is
    suspended as its others are; and so it is for what crossed beyond it while it was used up.
    """
    at = legal_now()
    if license.state != LicenseState.EXHAUSTED or license.past_on(legal_day(at)):
        exhaust_if_done(license, by=by)
    elif not ledger.used_up(license):
        ledger.reopen(license)
        ledger.set_usable(license, usable=True)
        move(license.reopen, by=by, at=at)
        _stop_with_its_company(license, at)
        _stop_for_what_crossed(license, at)
        if license.state == LicenseState.ACTIVE and not license.serves():  # all were closed while it was used up
            closed = license.end_users.filter(open=False).select_related("party")
            cause = Suspension.objects.filter(end_user__in=closed, ended_at=None).latest("pk").cause
            facts = closing(cause, closed, ())
            move(license.suspend, by=clock(), at=at, facts=facts)


def _stop_with_its_company(license: License, at: datetime) -> None:
    """It has the cause that its company's other licenses have, where their account is stopped.

    Whoever stops that holds the license as well, so that what is read here is from before or after all of it.
    """
    if stop := Stop.objects.filter(exporter=license.exporter_id, ended_at=None).first():
        facts = {"reason": stop.reason, "number": stop.number}
        cause_opened(license, Suspension.Cause.EXPORTER, by=clock(), at=at, **facts)


def _stop_for_what_crossed(license: License, at: datetime) -> None:
    """It has the cause that more than it had, or one that it took the place of, was cleared, where none was opened for
    that: it was not in force then. What an officer ended stays ended."""
    whole = license.and_before()
    causes = Suspension.objects.filter(license__in=whole, cause=Suspension.Cause.OVER_CLEARANCE)
    opened = causes.aggregate(last=Max("opened_at"))["last"]
    if shipment := ledger.last_beyond(whole, after=opened):
        cause_opened(license, Suspension.Cause.OVER_CLEARANCE, by=clock(), at=at, shipment=shipment)


def last_clearance(license: License) -> None:
    """The step under what customs says of a shipment that crossed as its last. License and lines are locked."""
    license.last_cleared = True
    license.save(update_fields=["last_cleared"])


def past(today: date, limit: int) -> list[int]:
    """Licenses whose last day is over and that still say they are in force."""
    return list(License.objects.filter(License.expiring_on(today)).order_by("pk").values_list("pk", flat=True)[:limit])


@command
def expire(pk: int, *, by: Actor) -> bool:
    """The license says expired, and its unreserved rest has lapsed, when its last day is over; else nothing.

    May run twice, late or never: whether a reservation is possible never waits for this.
    """
    license = lock(License.objects.all(), pk=pk)
    ledger.lock_lines(license)
    at = legal_now()
    if license.state not in IN_FORCE or not license.past_on(legal_day(at)):
        return False
    ledger.set_usable(license, usable=False)
    move(license.expire, by=by, at=at)
    ledger.lapse(license)
    return True


@command
def surrender(ref: str, *, seen: int, reason: str = "", by: Actor) -> License:
    """Its holder has handed the license back: no reservation commits after this does, and what was free has lapsed.

    Raises the first of what stands `against_surrender`.
    """
    license = lock(licenses_for(by), ref=ref)
    require(license.surrender, by=by, seen=seen)
    ledger.lock_lines(license)
    at = legal_now()
    for refusal in against_surrender(license):
        raise refusal
    ledger.set_usable(license, usable=False)
    move(license.surrender, by=by, at=at, reason=reason)
    ledger.lapse(license)
    return license


def against_surrender(license: License) -> Iterator[DomainError]:
    """Why its holder can't hand it back now, one after the other; its page asks, too.

    proposal-open where a revocation as penalty waits for its second officer, as nobody hands back what he was heard
    about; amendment-open where a change of it would then be of nothing; still-reserved with each line of which
    something is reserved, declared or not, and for which shipments, also on a license that it replaced.
    """
    proposed = proposals.waiting(license).get("revoke")
    if proposed and proposed.facts["end_reason"] == EndReason.PENALTY:
        text = _("A penalty on this license, about which you were heard, is decided first. Hand it back after that.")
        yield DomainError(text, code="proposal-open")
    if other := license.changing:
        text = _("{other} asks to change this license. {way}")
        yield DomainError(text.format(other=other.ref, way=other.way_past), code="amendment-open")
    lines = [(one, line) for one in license.and_before() for line in sorted(one.lines.all(), key=_number)]
    taken = [(one, line) for one, line in lines if line.reserved]
    held = reserved_for({one for one, _line in taken}) if taken else {}
    if problems := [
        _still_reserved(one.ref, license, line, held.get((one.pk, line.number), [])) for one, line in taken
    ]:
        text = _("Something is reserved on it. Cancel what will not leave, and wait until customs cleared what will.")
        yield DomainError(text, code="still-reserved", errors=problems)


def _number(line: Any) -> int:
    return int(line.number)


def _still_reserved(ref: str, license: License, line: Any, held: list[str]) -> Problem:
    refs = _(", ").join(held[:MOST_NAMED])
    if more := len(held[MOST_NAMED:]):
        refs = _("{refs} and {more} more").format(refs=refs, more=more)
    facts = {"line": line.number, "quantity": in_words(line.reserved, line.unit), "refs": refs}
    if ref != license.ref:
        text = _("Line {line} of {ref}, which this replaced: {quantity} reserved for {refs}.")
        return Problem("", "still-reserved", text.format(ref=ref, **facts))
    text = _("Line {line}: {quantity} reserved for {refs}.")
    return Problem(f"/lines/{line.number}", "still-reserved", text.format(**facts))


@command
def warn_of_use(pk: int, *, by: Actor) -> int | None:
    """The holder has been written to once for each of PERCENTS that an account has reached; how often."""
    license = lock(License.objects.all(), pk=pk)
    at = legal_now()
    due = uses_untold(license.pk).get(license.pk, [])
    for use in due:
        record(license, "warn_of_use", by=by, at=at, facts=use.facts())
    return len(due) or None


def renewal_warning() -> list[int]:
    """At which stages holders of what is renewed are told, too: when they may renew, in time to be decided before."""
    return [settings.LICENSE_RENEWAL_DAYS]


def ending(today: date, stages: Iterable[int], renewed: Iterable[int] = ()) -> list[int]:
    """Licenses that end within so many days and whose holder was not told so at that stage, or a later one, as the
    sweep finds them: license_to_warn(). renewed: more stages of those that are renewed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM license_to_warn(%s, %s, %s) ORDER BY id", [[*stages], [*renewed], today])
        return [pk for (pk,) in cursor.fetchall()]


@command
def warn_of_end(pk: int, *, by: Actor) -> int | None:
    """The holder has been written to once for each of WARNING_DAYS before the end, and of one that is renewed for the
    day from which it can be. Returns the days, or None."""
    license = lock(License.objects.all(), pk=pk)
    at = legal_now()
    stages: list[int] = sorted((*WARNING_DAYS, *(renewal_warning() if license.of_renewed_kind else ())))
    due = next((days for days in stages if license.ends_within(days, legal_day(at))), None)
    if due is None:
        return None
    told = HistoryLine.objects.filter(
        subject_kind="license", subject_id=license.pk, verb="warn_of_end", facts__days__lte=due
    )
    if told.exists():
        return None
    record(license, "warn_of_end", by=by, at=at, facts={"days": due, "until": license.usable_until.isoformat()})
    return due
