"""The steps under what closes an end-user of a license, and opens it again: what a screening finds, what becomes of
its declaration, and a decider. License and lines are locked. What rules close stands in its verdicts."""

from datetime import datetime
from typing import Any

from core.access import Actor, clock
from core.history import record
from licensing import ledger
from licensing.actions.licenses import closing, narrowed, widened
from licensing.models import License, LicenseEndUser, Suspension
from licensing.states import NOT_ENDED


def leaving(held: list[License]) -> list[License]:
    """Those that had not ended when they were this transaction's, as their lines are now."""
    left = [one for one in held if one.state in NOT_ENDED]
    for license in left:
        ledger.lock_lines(license)
    return left


def close(
    license: License, user: LicenseEndUser, cause: str, *, reason: str, by: Actor, at: datetime, **told: str
) -> None:
    """Such a cause of the end-user is open; nothing changes where one is. told: facts of it."""
    if user.causes.filter(cause=cause, ended_at=None).exists():
        return
    user.causes.create(license=license, cause=cause, reason=reason, facts=told, opened_by=by.user, opened_at=at)
    license.end_users.filter(pk=user.pk).update(open=False)
    narrowed(license, **_told(license, user, cause, at, reason, by))


def open_again(license: License, user: LicenseEndUser, cause: str, *, reason: str, by: Actor, at: datetime) -> None:
    """Such a cause of the end-user has ended, and no other: it is open again where none is left."""
    served = license.serves()
    if not user.causes.filter(cause=cause, ended_at=None).update(ended_by=by.user, ended_at=at, end_reason=reason):
        return
    told = _told(license, user, cause, at, reason, by)
    if user.causes.filter(ended_at=None).exclude(cause=Suspension.Cause.POLICY).exists():
        record(license, "lift", before=license.state, **told)
        return
    license.end_users.filter(pk=user.pk).update(open=True)
    widened(license, served=served, **told)


def _told(license: License, user: LicenseEndUser, cause: str, at: datetime, reason: str, by: Actor) -> dict[str, Any]:
    """What history says: it follows from the deed, which stands elsewhere with whoever did it; one of enforcement is
    the deed."""
    lines = [line.number for line in license.lines.all() if line.is_for(user)]
    told = {"at": at, "facts": closing(cause, [user], lines)}
    if cause == Suspension.Cause.ENFORCEMENT:
        return told | {"by": by, "reason": reason}
    return told | {"by": clock(), "reason": ""}
