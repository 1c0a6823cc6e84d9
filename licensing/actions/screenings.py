"""Recording what screening the end-users of a case against the lists of parties found, and what that stops.

Without a result in the case no approval is recommended; while a hit is possible, and nobody said whether it is one,
nothing is approved or issued and no declaration verified; any hit closes the end-user on licenses that are, or may
come to be, in force, but one that they were issued on. What else a hit does is for the rules. Which result counts:
licensing/models/screenings.py.
"""

from collections.abc import Collection, Iterable
from datetime import date

from django.db.models import Max
from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError, Invalid, Problem
from core.history import move, require
from core.legal_time import legal_day, legal_now
from core.locks import lock_all
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
from licensing.models.screenings import NO_HIT, POSSIBLE, counting
from licensing.policy.vocabulary import FACTS, HIT
from licensing.selectors import Judged, screened_in, screenings_of

Cause = Suspension.Cause


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
    chosen = list(row.end_users.filter(pk__in=end_users).select_related("party"))
    parties = {user.party_id for user in chosen}
    held = licensed_users.leaving(lock_all(License.objects.filter(License.MAY_LEAVE, end_users__party__in=parties)))
    at = legal_now()
    problems = []
    if not chosen:
        problems.append(Problem("/end_users", "min-items", _("Choose at least one end-user of the case.")))
    if hit not in FACTS[HIT].words:
        problems.append(Problem("/hit", "invalid", _("Choose what was found, that there is no hit included.")))
    elif hit != NO_HIT and not reason.strip():
        problems.append(Problem("/reason", "required", _("Say which entry it is, and why it is this party.")))
    if not list_version.strip():
        problems.append(Problem("/list_version", "required", _("Name the version of the lists.")))
    if screened_on > legal_day(at):
        problems.append(Problem("/screened_on", "date-out-of-range", _("That day lies ahead.")))
    last = Screening.objects.filter(party__in=parties).aggregate(day=Max("screened_on"))["day"]
    if last and screened_on < last:
        message = _("A result of {day} is recorded already, and one of an earlier day does not replace it.")
        problems.append(Problem("/screened_on", "date-out-of-range", message.format(day=last)))
    if problems:
        raise Invalid(problems)
    for user in chosen:
        Screening.objects.create(
            party=user.party,
            party_version=user.party.version,
            application=row,
            hit=hit,
            list_version=list_version.strip(),
            screened_on=screened_on,
            reason=reason,
            by=by.user,
            at=at,
        )
    facts = {"hit": hit, "list_version": list_version.strip(), "parties": [user.party.ref for user in chosen]}
    move(verb, by=by, at=at, reason=reason, facts=facts)
    for license in held:
        for named in license.end_users.filter(party__in=parties).select_related("party"):
            resolved = hit == NO_HIT or _issued_on(named, hit)
            change = licensed_users.open_again if resolved else licensed_users.close  # of a hit holders read nothing
            change(license, named, Cause.SCREENING, reason=reason, by=by, at=at)
    return row


def _issued_on(user: LicenseEndUser, hit: str) -> bool:
    """Its license was issued knowing this very result, so that it closes nothing of it."""
    return user.verdicts.filter(facts__contains={HIT: hit}).exists()


def require_screened(row: Application, chosen: Iterable[ApplicationEndUser]) -> None:
    """A result of what its entry says now was recorded in this case for each of these end-users. Raises DomainError
    screening-missing."""
    screened = screened_in(row)
    if waiting := [str(user.party) for user in chosen if user.party_id not in screened]:
        message = _("No screening result is recorded in this case for: {names}.")
        raise DomainError(message.format(names="; ".join(waiting)), code="screening-missing")


def require_resolved(judged: Iterable[Judged], users: Collection[int]) -> None:
    """Nobody who keeps his place may be on a list, and nobody said yet whether he is. Raises DomainError
    screening-unresolved."""
    kept = [one.user for one in judged if one.said.get(HIT) == POSSIBLE and one.user.pk in users]
    if names := list(dict.fromkeys(str(user.party) for user in kept)):
        message = _(
            "Screening found a possible hit, which nobody resolved yet, on: {names}. Return or reopen the case; its "
            "reviewer records whether it is one."
        )
        raise DomainError(message.format(names="; ".join(names)), code="screening-unresolved")


def require_resolved_of(declaration: Declaration) -> None:
    """Its end-user is not perhaps on a list. Raises DomainError screening-unresolved."""
    newest = counting(screenings_of([declaration.end_user_id])).get(declaration.end_user_id)
    if newest and newest.hit == POSSIBLE:
        message = _(
            "Screening found a possible hit, which nobody resolved yet, on: {names}. The reviewer of case {case} "
            "records whether it is one; verify it then."
        )
        message = message.format(names=declaration.end_user.name, case=newest.application.ref)
        raise DomainError(message, code="screening-unresolved")
