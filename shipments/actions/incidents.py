"""What officers do about an incident. What customs reported stays as it is; these are rows beside it."""

from core.access import Actor
from core.command import command
from core.history import in_turn, record
from core.legal_time import legal_now
from core.locks import lock
from exporters.rules import officer
from shipments.models import Handling
from shipments.selectors import handlings_for


@command
def take(ref: str, *, seen: int, by: Actor) -> Handling:
    """The incident is this officer's to follow, whoever had it before."""
    row = lock(handlings_for(by), incident__ref=ref)
    in_turn(row.incident, may=officer("incident.take")(row, by), obstacle=row.not_to_take(by.user), seen=seen)
    row.owner = by.user
    row.save(update_fields=["owner"])
    record(row.incident, "take", by=by)
    return row


@command
def note(ref: str, *, text: str, by: Actor) -> Handling:
    """What this officer found out stands beside the incident."""
    row = lock(handlings_for(by), incident__ref=ref)
    in_turn(row.incident, may=officer("incident.note")(row, by), obstacle=row.not_to_follow())
    record(row.incident, "note", by=by, reason=text)
    return row


@command
def end(ref: str, *, seen: int, reason: str, by: Actor) -> Handling:
    """The incident needs nobody any more: whoever has it says why.

    Ends no cause of a suspension that it brought: that is a decider's, on the license.
    """
    row = lock(handlings_for(by), incident__ref=ref)
    in_turn(row.incident, may=officer("incident.end")(row, by), obstacle=row.not_to_end(by.user), seen=seen)
    row.ended_at = legal_now()
    row.save(update_fields=["ended_at"])
    record(row.incident, "end", by=by, at=row.ended_at, reason=reason)
    return row
