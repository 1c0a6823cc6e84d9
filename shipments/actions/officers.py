"""What officers do about a shipment that customs asked about, does not come back to, or saw come back."""

from datetime import datetime

from core.access import Actor
from core.command import command
from core.errors import NotFound
from core.history import in_turn, move, record, require
from core.legal_time import legal_day, legal_now
from exporters.rules import officer
from licensing import ledger
from licensing.actions import licenses
from licensing.models import License
from licensing.states import IN_FORCE
from shipments.actions.reservations import follow, lock_with_license, release
from shipments.ledger import credit
from shipments.models import Return, Shipment
from shipments.selectors import shipments_for
from shipments.states import ShipmentState


@command
def answer(ref: str, *, seen: int, reason: str, by: Actor) -> Shipment:
    """Customs has what it asked for, and may go on with what was declared. What the goods are, a reviewer or a decider
    says."""
    _license, shipment = lock_with_license(shipments_for(by), ref=ref)
    require(shipment.answer, by=by, seen=seen)
    move(shipment.answer, by=by, reason=reason)
    return shipment


@command
def close_out(ref: str, *, seen: int, reason: str, by: Actor) -> Shipment:
    """Customs will not come back to it: what it still holds is free. It counts as a clearance if some of it crossed,
    and is returned if all of that came back."""
    license, shipment = lock_with_license(shipments_for(by), ref=ref)
    crossed = shipment.state == ShipmentState.PART_CLEARED
    verb = shipment.close_out_part if crossed else shipment.close_out
    verb = shipment.close_out_back if crossed and shipment.none_abroad else verb
    require(verb, by=by, seen=seen)
    release(shipment, crossed=crossed)
    move(verb, by=by, reason=reason)
    if shipment.crossed_as_last:
        licenses.last_clearance(license)
    licenses.exhaust_if_done(license, by=by)
    return shipment


@command
def approve_return(ref: str, *, seen: int, which: int, reason: str, by: Actor) -> Shipment:
    """What came back is credited to the license, as far as it had been drawn. One that was used up is in force again;
    where it may take nothing more (its clearances are taken, its last shipment crossed), the credit lapses at once.

    Raises what License.not_to_credit says.
    """
    license, shipment, row = _lock_waiting("approve_return", ref, which, seen, by)
    ledger.lock_lines(license)
    at = legal_now()
    if why := license.not_to_credit(legal_day(at)):
        raise why
    credits = {
        part.line.line_number: more
        for part in row.lines.select_related("line")
        if (more := min(part.quantity, part.line.drawn - part.line.credited))
    }
    credit(shipment, credits)
    follow(shipment)
    licenses.settle(license, by=by)
    _decide(row, shipment, "approve_return", True, reason, by, at, lapsed=license.state not in IN_FORCE)
    return shipment


@command
def decline_return(ref: str, *, seen: int, which: int, reason: str, by: Actor) -> Shipment:
    """What came back stands on record, and the license has nothing of it."""
    _license, shipment, row = _lock_waiting("decline_return", ref, which, seen, by)
    _decide(row, shipment, "decline_return", False, reason, by, legal_now())
    return shipment


def _lock_waiting(verb: str, ref: str, which: int, seen: int, by: Actor) -> tuple[License, Shipment, Return]:
    license, shipment = lock_with_license(shipments_for(by), ref=ref)
    in_turn(shipment, may=officer(f"shipment.{verb}")(shipment, by), seen=seen)
    row = shipment.returns.filter(pk=which, decided_at=None).first()
    if row is None:
        raise NotFound()
    return license, shipment, row


def _decide(
    row: Return, shipment: Shipment, verb: str, approved: bool, reason: str, by: Actor, at: datetime, **facts: bool
) -> None:
    row.decided_by, row.decided_at, row.approved, row.reason = by.user, at, approved, reason
    row.save(update_fields=["decided_by", "decided_at", "approved", "reason"])
    record(
        shipment, verb, by=by, at=at, before=shipment.state, reason=reason, facts=facts | {"number": row.declaration_no}
    )
