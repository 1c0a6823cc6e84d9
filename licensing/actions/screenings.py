"""Recording what screening the end-users of a case against the lists of parties found, and what that stops.

Without a result in the case no approval is recommended; while a hit is possible, and nobody said whether it is one,
nothing is approved or issued and no declaration verified; any hit closes the end-user on licenses that are, or may
come to be, in force, but one that they were issued on. What else a hit does is for the rules. One that closes an
end-user is resolved on the license, too, as its case may have ended. Which result counts:
licensing/models/screenings.py.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max, Q
from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError, Invalid, Problem
from core.history import move, require
from core.legal_time import legal_day, legal_now
from core.locks import lock, lock_all
from exporters.models import Exporter, Party
from licensing.actions import licensed_users
from licensing.actions.applications import lock_with_exporter
from licensing.actions.contests import require_reconsidering
from licensing.models import (
    Application,
    ApplicationEndUser,
    Declaration,
    License,
    LicenseEndUser,
    Screening,
    Suspension,
)
from licensing.models.screenings import NO_HIT, UNRESOLVED, counting
from licensing.policy.vocabulary import FACTS, HIT
from licensing.selectors import Judged, licenses_for, screened_in, screenings_of

Cause = Suspension.Cause


@dataclass(frozen=True)
class _Result:
    """What was found of parties: in the rules' words, against which version of the lists, on which day, and why."""

    hit: str
    list_version: str
    screened_on: date
    reason: str

    def facts(self) -> dict[str, str]:
        return {"hit": self.hit, "list_version": self.list_version.strip()}


@command
def screen(
    ref: str, *, end_users: list[int], hit: str, list_version: str, screened_on: date, reason: str = "", by: Actor
) -> Application:
    """One result for these end-users of the case stands beside what was found before; the newest one counts.

    hit: a word of the rules, that there is none included. A hit needs a reason. No result is of an earlier day than one
    that was recorded of the same party. Raises Invalid with every wrong field.
    """
    row = lock_with_exporter(ref, by)  # no license of the exporter's is issued meanwhile on what was found before
    verb = row.screen_contested if row.contested else row.screen
    require(verb, by=by)
    require_reconsidering(row, by)
    parties = [user.party for user in row.end_users.filter(pk__in=end_users).select_related("party")]
    held = licensed_users.leaving(lock_all(License.objects.filter(_naming(parties))))
    at, found = legal_now(), _Result(hit, list_version, screened_on, reason)
    problems = []
    if not parties:
        problems.append(Problem("/end_users", "min-items", _("Choose at least one end-user of the case.")))
    if hit not in FACTS[HIT].words:
        problems.append(Problem("/hit", "invalid", _("Choose what was found, that there is no hit included.")))
    elif hit != NO_HIT and not reason.strip():
        problems.append(Problem("/reason", "required", _("Say which entry it is, and why it is this party.")))
    _require(found, parties, at, problems)
    facts = found.facts() | {"parties": [party.ref for party in parties]}
    _record(found, parties, row, by, at)
    move(verb, by=by, at=at, reason=reason, facts=facts)
    _follow(found, parties, held, by, at)
    return row


@command
def resolve(ref: str, *, seen: int, end_user: int, hit: str, list_version: str, reason: str, by: Actor) -> License:
    """Whether the hit that closes this end-user of the license is one stands beside what was found before, as of today,
    and does what a result in a case does: on this license, and on each other that names the same party.

    hit: a word of the rules, that there is none included; that it is possible says nothing new. Raises Invalid with
    every wrong field, DomainError no-hit where none closes that end-user.
    """
    license, held, user = lock_to_resolve(ref, end_user, by)
    require(license.resolve, by=by, seen=seen)
    held = licensed_users.leaving(held)
    at = legal_now()
    if user is None or not license.hit_users().filter(pk=user.pk).exists():
        raise DomainError(_("No hit closes this end-user of the license."), code="no-hit")
    found, problems = _Result(hit, list_version, legal_day(at), reason), []
    if hit not in FACTS[HIT].words or hit in UNRESOLVED:
        problems.append(Problem("/hit", "invalid", _("Choose whether it is this party, and on which list.")))
    _require(found, [user.party], at, problems)
    _record(found, [user.party], license.application, by, at)
    whom = {"end_user": user.party.ref, "name": user.party.name}
    move(license.resolve, by=by, at=at, reason=reason, facts=found.facts() | whom)
    _follow(found, [user.party], held, by, at)
    return license


def lock_to_resolve(ref: str, end_user: int, by: Actor) -> tuple[License, list[License], LicenseEndUser | None]:
    """The license and each other that names the same party are this transaction's, their exporter first, so that none
    is issued meanwhile on what was found before."""
    rows = licenses_for(by).filter(ref=ref).order_by()
    lock(Exporter.objects.filter(pk__in=rows.values("exporter")))
    user = LicenseEndUser.objects.select_related("party").filter(pk=end_user, license__in=rows.values("pk")).first()
    held = lock_all(License.objects.filter(_naming([user.party] if user else []) | Q(ref=ref)))
    return next(one for one in held if one.ref == ref), held, user


def _naming(parties: Iterable[Party]) -> Q:
    """Licenses on which something may leave that name one of these."""
    return License.MAY_LEAVE & Q(end_users__party__in=parties)


def _require(found: _Result, parties: Iterable[Party], at: datetime, problems: list[Problem]) -> None:
    """It names its lists, and takes the place of none of a later day. Raises Invalid, with these problems before."""
    if not found.list_version.strip():
        problems.append(Problem("/list_version", "required", _("Name the version of the lists.")))
    if found.screened_on > legal_day(at):
        problems.append(Problem("/screened_on", "date-out-of-range", _("That day lies ahead.")))
    last = Screening.objects.filter(party__in=parties).aggregate(day=Max("screened_on"))["day"]
    if last and found.screened_on < last:
        message = _("A result of {day} is recorded already, and one of an earlier day does not replace it.")
        problems.append(Problem("/screened_on", "date-out-of-range", message.format(day=last)))
    if problems:
        raise Invalid(problems)


def _record(found: _Result, parties: Iterable[Party], case: Application, by: Actor, at: datetime) -> None:
    for party in parties:
        Screening.objects.create(
            party=party,
            party_version=party.version,
            application=case,
            hit=found.hit,
            list_version=found.list_version.strip(),
            screened_on=found.screened_on,
            reason=found.reason,
            by=by.user,
            at=at,
        )


def _follow(found: _Result, parties: Iterable[Party], held: Iterable[License], by: Actor, at: datetime) -> None:
    """A hit closes these parties on these licenses, that there is none opens them; holders read nothing of it."""
    for license in held:
        for named in license.end_users.filter(party__in=parties).select_related("party"):
            resolved = found.hit == NO_HIT or _issued_on(named, found.hit)
            change = licensed_users.open_again if resolved else licensed_users.close
            change(license, named, Cause.SCREENING, reason=found.reason, by=by, at=at)


def _issued_on(user: LicenseEndUser, hit: str) -> bool:
    """Its license was issued knowing this very result, so that it closes nothing of it."""
    return user.verdicts.filter(facts__contains={HIT: hit}).exists()


def require_screened(row: Application, chosen: Iterable[ApplicationEndUser]) -> None:
    """A result of what its entry says now was recorded in this case for each of these end-users. Raises DomainError
    screening-missing."""
    screened = screened_in(row)
    if waiting := [str(user.party) for user in chosen if user.party_id not in screened]:
        message = _("No screening result for {names} is recorded in this case.")
        raise DomainError(message.format(names="; ".join(waiting)), code="screening-missing")


def require_resolved(judged: Iterable[Judged], users: Collection[int]) -> None:
    """Nobody who keeps his place may be on a list, and nobody said yet whether he is. Raises DomainError
    screening-unresolved."""
    kept = [one.user for one in judged if one.said.get(HIT) in UNRESOLVED and one.user.pk in users]
    if names := list(dict.fromkeys(str(user.party) for user in kept)):
        message = _(
            "Screening found a possible hit on {names}, which nobody resolved yet. Return or reopen the case; its "
            "reviewer records whether it is one."
        )
        raise DomainError(message.format(names="; ".join(names)), code="screening-unresolved")


def require_resolved_of(declaration: Declaration) -> None:
    """Its end-user is not perhaps on a list. Raises DomainError screening-unresolved."""
    newest = counting(screenings_of([declaration.end_user_id])).get(declaration.end_user_id)
    if newest and newest.hit in UNRESOLVED:
        message = _(
            "Screening found a possible hit on {names}, which nobody resolved yet. The reviewer of case {case} "
            "records whether it is one; verify it then."
        )
        if not newest.application.open:
            message = _(
                "Screening found a possible hit on {names}, which nobody resolved yet. Its case {case} has ended: a "
                "reviewer records whether it is one on a license of theirs, or in another case; verify it then."
            )
        message = message.format(names=declaration.end_user.name, case=newest.application.ref)
        raise DomainError(message, code="screening-unresolved")
