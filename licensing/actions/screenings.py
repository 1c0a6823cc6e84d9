"""Recording what screening the end-users of a case against the lists of parties found."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError, Invalid, Problem
from core.history import move, require
from core.legal_time import legal_day, legal_now
from core.locks import lock
from licensing.models import Application, ApplicationEndUser, Screening
from licensing.models.screenings import NO_HIT
from licensing.policy.vocabulary import FACTS
from licensing.selectors import applications_for, screened_in


@command
def screen(
    ref: str, *, end_users: list[int], hit: str, list_version: str, screened_on: date, reason: str = "", by: Actor
) -> Application:
    """One result for these end-users of the case stands beside what was found before; the newest one counts.

    hit: a word of the rules, that there is none included. A hit needs a reason. Raises Invalid with every wrong field.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.screen, by=by)
    at = legal_now()
    chosen = list(row.end_users.filter(pk__in=end_users).select_related("party"))
    problems = []
    if not chosen:
        problems.append(Problem("/end_users", "min-items", _("Choose at least one end-user of the case.")))
    if hit not in FACTS["screening.hit"].words:
        problems.append(Problem("/hit", "invalid", _("Choose what was found, that there is no hit included.")))
    elif hit != NO_HIT and not reason.strip():
        problems.append(Problem("/reason", "required", _("Say which entry it is, and why it is this party.")))
    if not list_version.strip():
        problems.append(Problem("/list_version", "required", _("Name the version of the lists.")))
    if screened_on > legal_day(at):
        problems.append(Problem("/screened_on", "date-out-of-range", _("That day lies ahead.")))
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
    move(row.screen, by=by, at=at, reason=reason, facts=facts)
    return row


def require_screened(row: Application, chosen: Iterable[ApplicationEndUser]) -> None:
    """A result of what its entry says now was recorded in this case for each of these end-users. Raises DomainError
    screening-missing."""
    screened = screened_in(row)
    if waiting := [str(user.party) for user in chosen if user.party_id not in screened]:
        message = _("No screening result is recorded in this case for: {names}.")
        raise DomainError(message.format(names="; ".join(waiting)), code="screening-missing")
