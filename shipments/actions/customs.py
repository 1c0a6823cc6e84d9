"""What customs reports is on record, whatever we think of it."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError, Invalid, Problem
from core.graphs import has_move
from core.history import move, record, require_seen
from core.legal_time import legal_now
from licensing.actions import licenses
from licensing.models import License
from shipments import ledger
from shipments.actions import corrections
from shipments.actions.messages import (
    Message,
    Receipt,
    by_line,
    fitting,
    forbidden,
    open_incident,
    went_beyond,
)
from shipments.actions.reservations import follow, lock_with_license, release
from shipments.models import CustomsDeclaration, CustomsMessage, Incident, Resolution, Return, ReturnedLine, Shipment
from shipments.selectors import opened_by_declaration
from shipments.states import CLEARED_IN, RELEASED, ShipmentState


@command
def receive(message: Message, *, by: Actor) -> Receipt:
    """What customs reports is on record, whatever we think of it; what does not fit has opened an incident.

    The edge claims the message_id as the key, so a message has one effect and one answer.
    """
    return book(message, by=by)


def book(message: Message, *, by: Actor, seen: int | None = None) -> Receipt:
    """The same inside a command's transaction. seen: what a person saw of the shipment, which must be so still.

    Raises Invalid where it was declared or cleared tomorrow: that day was mistyped, and would decide much for good.
    """
    pk = Shipment.objects.filter(ref=message.shipment).values_list("pk", flat=True).first()
    if pk is None:
        incident = open_incident(Incident.Kind.UNKNOWN_SHIPMENT, message, None, legal_now())
        return _keep(Receipt(message, 202, None, incidents=[incident]), by)
    license, shipment = lock_with_license(Shipment.objects.all(), pk=pk)
    if seen is not None:
        require_seen(shipment, seen)
    at = legal_now()
    instants = {"/declared_at": message.declared_at, "/cleared_at": message.cleared_at or at}
    if early := [pointer for pointer, instant in instants.items() if instant > at + AHEAD]:
        raise Invalid([Problem(pointer, "invalid-date", _("That is still to come.")) for pointer in early])
    if message.event == "corrected":
        return _keep(corrections.correct(message, license, shipment, by, at), by)
    if message.event == "returned":
        return _keep(corrections.take_back(message, shipment, by, at), by)
    barred = forbidden(message, license, shipment)
    declaration, incidents = _declaration(message, license, shipment, barred, at)
    if message.event == "cleared":
        return _keep(_clear(message, license, shipment, by, at, declaration.lawful, barred, incidents), by)
    facts = {"message_id": message.message_id, "declaration_no": message.declaration_no}
    if has_move(shipment.declare):  # whatever customs says of it, it was declared
        number, declared_at = message.declaration_no, message.declared_at
        move(shipment.declare, by=by, at=at, facts=facts, declaration_no=number, declared_at=declared_at)
    elif message.event == "declared":  # late, doubled, or of a further part: nothing moves
        record(shipment, "declare", by=by, at=at, before=shipment.state, facts=facts)
    if message.event == "questioned":
        _question(message, shipment, by, facts)
    if message.event == "rejected":
        _reject(message, license, shipment, by, at, facts, incidents)
    return _keep(Receipt(message, 200, shipment, incidents=incidents), by)


def _question(message: Message, shipment: Shipment, by: Actor, facts: dict[str, str]) -> None:
    """Customs doubts what was declared, and waits for the ministry; of what it cleared or rejected it only says so."""
    if has_move(shipment.question):
        move(shipment.question, by=by, reason=message.reason, facts=facts)
    else:
        record(shipment, "question", by=by, before=shipment.state, reason=message.reason, facts=facts)


def _reject(
    message: Message,
    license: License,
    shipment: Shipment,
    by: Actor,
    at: datetime,
    facts: dict[str, str],
    incidents: list[Incident],
) -> None:
    """Nothing of it crosses, so all that it holds is given back, and its clearance; unless some has crossed."""
    said: dict[str, Any] = {"by": by, "reason": message.reason, "facts": facts}
    if has_move(shipment.reject):
        release(shipment)
        move(shipment.reject, **said)
        licenses.exhaust_if_done(license, by=by)
        return
    if shipment.state != ShipmentState.REJECTED:
        incidents.append(open_incident(Incident.Kind.CLEARED_AND_REJECTED, message, shipment, at))
    record(shipment, "reject", before=shipment.state, **said)


def _declaration(
    message: Message, license: License, shipment: Shipment, barred: set[int], at: datetime
) -> tuple[CustomsDeclaration, list[Incident]]:
    """The declaration that the message names, judged when it is first heard of, and what that judgment opened.

    A number that belongs to another shipment: what was cleared under it is booked all the same, with an incident.
    Raises DomainError when it was only declared.
    """
    kinds = opened_by_declaration(license, shipment, message.declared_at)
    lawful = not kinds
    kinds += [Incident.Kind.RULES_FORBADE] if barred else []
    with connection.cursor() as cursor:  # a twin on another license makes this wait, then find the number taken
        cursor.execute(
            "INSERT INTO shipments_customsdeclaration (number, shipment_id, declared_at, lawful)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (number) DO NOTHING RETURNING id",
            [message.declaration_no, shipment.pk, message.declared_at, lawful],
        )
        new = cursor.fetchone() is not None
    row = CustomsDeclaration.objects.get(number=message.declaration_no)
    if row.shipment_id != shipment.pk and message.event == "cleared":
        stand_in = CustomsDeclaration(shipment=shipment, declared_at=message.declared_at, lawful=False)
        kinds = [Incident.Kind.DECLARATION_USED, *kinds]
        return stand_in, [open_incident(kind, message, shipment, at) for kind in kinds]
    if row.shipment_id != shipment.pk:
        text = _("This declaration number was reported for another shipment.")
        raise DomainError(code="declaration-no-used", errors=[Problem("/declaration_no", "declaration-no-used", text)])
    if not new:  # judged when it was first heard of, but for lines that now cross under it for the first time
        known = {line.line_number for line in shipment.lines.all()}
        lines = {line.license_line for line in message.lines} - known
        kinds = [Incident.Kind.RULES_FORBADE] if barred & lines else []
    return row, [open_incident(kind, message, shipment, at) for kind in kinds]


AHEAD = timedelta(minutes=10)  # that clocks may differ


def _clear(
    message: Message,
    license: License,
    shipment: Shipment,
    by: Actor,
    at: datetime,
    lawful: bool,
    barred: set[int],
    incidents: list[Incident],
) -> Receipt:
    """What crossed is booked, on whatever line it fits; the shipment is cleared with the message that says final.

    lawful: but for these lines, which the rules forbade.
    """
    lines, cleared, strays = fitting(shipment, license, message)
    crossed = [
        ledger.Crossing(number, cleared[number], line.unit, lawful and number not in barred)
        for line in lines
        if (number := line.line_number) in cleared
    ]
    settled = ledger.settle(shipment, crossed, clears=True, final=message.final)
    facts = {"message_id": message.message_id, "final": message.final}
    if strays:
        incidents.append(open_incident(Incident.Kind.UNKNOWN_LINE, message, shipment, at))
        facts["strays"] = strays
    told = facts | {"lines": by_line(lines, cleared)}
    gone = shipment.state in RELEASED
    if shipment.state not in CLEARED_IN:
        rejected = shipment.state == ShipmentState.REJECTED
        kind = Incident.Kind.CLEARED_AND_REJECTED if rejected else Incident.Kind.AFTER_FINAL
        incidents.append(open_incident(kind, message, shipment, at))
        record(shipment, "clear", by=by, at=at, before=shipment.state, facts=told)
    else:
        move(
            shipment.clear if message.final else shipment.clear_part,
            by=by,
            at=at,
            facts=told,
            # of what had been given back it is declared anew
            declaration_no=(not gone and shipment.declaration_no) or message.declaration_no,
            declared_at=(not gone and shipment.declared_at) or message.declared_at,
            cleared_at=message.cleared_at,
        )
    if shipment.crossed_as_last:
        licenses.last_clearance(license)
    if shipment.all_back:
        move(shipment.come_back, by=by, facts=facts)
    if not went_beyond(license, shipment, message, settled.values(), incidents, at):
        licenses.exhaust_if_done(license, by=by)
    results = [(line, settled[line.line_number]) for line in ledger.lines_now(shipment) if line.line_number in cleared]
    return Receipt(message, 200, shipment, results, incidents)


def _keep(receipt: Receipt, by: Actor) -> Receipt:
    """The message is on record, and national pools count what it changed; beyond their room with an incident."""
    message = receipt.message
    if receipt.shipment and (over_used := follow(receipt.shipment)):
        incident = open_incident(Incident.Kind.OVER_USED, message, receipt.shipment, legal_now(), pools=over_used)
        receipt.incidents.append(incident)
    kept = CustomsMessage.objects.create(
        source_id=by.organization_id,
        message_id=message.message_id,
        event=message.event,
        fingerprint=message.fingerprint,
        body=message.body,
        shipment=receipt.shipment,
        corrects=receipt.corrects,
        received_at=legal_now(),
        status=receipt.status,
        answer=", ".join(incident.ref for incident in receipt.incidents),
    )
    if receipt.shipment and message.event == "returned":
        number = message.reimport_no
        back = Return.objects.create(
            shipment=receipt.shipment, message=kept, declaration_no=number, reported_at=kept.received_at
        )
        for line, result in receipt.lines:
            ReturnedLine.objects.create(of=back, line=line, quantity=result["returned"])
        return receipt
    for line, result in receipt.lines:
        drawn, beyond = result["drawn"], result["over_cleared"]
        stands = result.get("quantity", drawn + beyond)
        Resolution.objects.create(line=line, message=kept, quantity=stands, drawn=drawn, over_cleared=beyond)
    return receipt
