"""Many licenses suspended, or let go again, by what they name: each as by the verb of one (licenses.suspend, lift), all
in one transaction, and none but those that the decider was shown, as he was shown them."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError, FourEyes, NotFound, Problem
from core.history import require_may
from core.legal_time import legal_now
from core.locks import lock_all
from licensing import ledger
from licensing.actions import licensed_users
from licensing.actions.licenses import cause_ended, cause_opened
from licensing.models import LicenseEndUser, Suspension
from licensing.selectors import licenses_for
from licensing.selectors.enforcement import MOST_HIT, Hit, Query, ended_by, hits

CAUSE = Suspension.Cause.ENFORCEMENT


@command
def suspend(query: Query, *, shown: Mapping[str, int], reason: str, by: Actor) -> list[Hit]:
    """A cause of enforcement is open on whatever the query hits and had none: on each license, or on the end-users
    that it asks for where a license has others. Returns what was stopped.

    shown: each license that was shown, with its version. Raises 412 `stale` naming what is otherwise now,
    `too-many-hit`, and `nothing-hit` where nothing is left to stop.
    """
    found = [hit for hit in _as_shown(query, shown, by, "license.suspend") if hit.to_stop]
    at = _with_lines(found)
    for hit in found:
        for user in hit.to_stop:
            _stop(hit, user, reason, by, at)
    return found


def _stop(hit: Hit, user: LicenseEndUser | None, reason: str, by: Actor, at: datetime) -> None:
    if user is None:
        cause_opened(hit.license, CAUSE, by=by, at=at, reason=reason)
    else:
        licensed_users.close(hit.license, user, CAUSE, reason=reason, by=by, at=at)


@command
def lift(
    query: Query, *, shown: Mapping[str, int], reason: str, by: Actor
) -> tuple[list[Suspension], list[Suspension]]:
    """The causes of enforcement that the query hits have ended, but for those that this officer opened, which are left.
    Returns both. What is open again has no other cause; no time is given back.

    Raises as `suspend` does, and FourEyes where he opened each of them.
    """
    found = _as_shown(query, shown, by, "license.lift")
    ends, left = ended_by(found, by.user)
    if left and not ends:
        raise FourEyes(_("You suspended each of these, so another officer must end it."))
    concerned = [hit for hit in found if any(one in ends for one in hit.causes)]
    at = _with_lines(concerned)
    for hit in concerned:
        for cause in hit.causes:
            if cause in ends:
                _end(hit, cause, reason, by, at)
    return ends, left


def _end(hit: Hit, cause: Suspension, reason: str, by: Actor, at: datetime) -> None:
    if cause.end_user is None:
        cause_ended(hit.license, cause, by=by, at=at, reason=reason)
    else:
        licensed_users.open_again(hit.license, cause.end_user, CAUSE, reason=reason, by=by, at=at)


def _as_shown(query: Query, shown: Mapping[str, int], by: Actor, verb: str) -> list[Hit]:
    """What the query hits is this transaction's, and as it was shown. Nothing else is held: whatever is hit besides is
    refused as new."""
    require_may(by.may(verb))
    if licenses_for(by).filter(ref__in=shown).count() < len(shown):
        raise NotFound()
    held = {license.pk: license for license in lock_all(query.rows(by).filter(ref__in=shown))}
    found = hits(query, by)
    if len(found) > MOST_HIT:
        text = _("The query hits more than {most} licenses. Ask for less at once.")
        raise DomainError(text.format(most=MOST_HIT), code="too-many-hit")
    if changes := _changes(found, shown, held):
        text = _("What you were shown has changed, so nothing was done. Look again, then go on.")
        raise DomainError(text, code="stale", errors=changes)
    return [replace(hit, license=held[hit.license.pk]) for hit in found]  # what was read with it is from before


def _changes(found: list[Hit], shown: Mapping[str, int], held: Collection[int]) -> list[Problem]:
    """What is not as it was shown, license by license. held: of what was shown, what is hit."""
    now = {hit.license.ref: hit.version for hit in found if hit.license.pk in held}
    new = {hit.license.ref for hit in found} - (now.keys() & shown.keys())
    told = {ref: _("{ref} is hit now, too.") for ref in new}
    told |= {ref: _("{ref} is not hit any more.") for ref in shown.keys() - new - now.keys()}
    told |= {ref: _("Something happened to {ref}.") for ref in now.keys() & shown.keys() if now[ref] != shown[ref]}
    return [Problem("", "stale", words.format(ref=ref)) for ref, words in sorted(told.items())]


def _with_lines(found: list[Hit]) -> datetime:
    """The lines of these are this transaction's, too; the instant after that."""
    if not found:
        raise DomainError(_("Nothing is left of it to do."), code="nothing-hit")
    for hit in found:
        ledger.lock_lines(hit.license)
    return legal_now()
