"""What officers do about an incident. What customs reported stays as it is; these are rows beside it."""

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import Forbidden
from core.history import record, require_seen
from core.legal_time import legal_now
from core.locks import lock
from exporters.rules import officer
from shipments.models import Handling
from shipments.selectors import handlings_for


@command
def take(ref: str, *, seen: int, by: Actor) -> Handling:
    """The incident is this officer's to follow, whoever had it before."""
    row = _lock("take", ref, by)
    if refusal := row.not_to_take(by.user):
        raise refusal
    require_seen(row.incident, seen)
    row.owner = by.user
    row.save(update_fields=["owner"])
    record(row.incident, "take", by=by)
    return row


@command
def note(ref: str, *, text: str, by: Actor) -> Handling:
    """What this officer found out stands beside the incident."""
    row = _lock("note", ref, by)
    if refusal := row.not_to_follow():
        raise refusal
    record(row.incident, "note", by=by, reason=text)
    return row


@command
def end(ref: str, *, seen: int, reason: str, by: Actor) -> Handling:
    """The incident needs nobody any more: whoever has it says why.

    Ends no cause of a suspension that it brought: that is a decider's, on the license.
    """
    row = _lock("end", ref, by)
    if refusal := row.not_to_end(by.user):
        raise refusal
    require_seen(row.incident, seen)
    row.ended_at = legal_now()
    row.save(update_fields=["ended_at"])
    record(row.incident, "end", by=by, at=row.ended_at, reason=reason)
    return row


def _lock(verb: str, ref: str, by: Actor) -> Handling:
    row = lock(handlings_for(by), incident__ref=ref)
    if not officer(f"incident.{verb}")(row, by):
        raise Forbidden(_("Your role does not allow this step."))
    return row
