"""What customs reports is on record, whatever we think of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from core.access import Actor, clock
from core.command import command
from core.errors import DomainError, Problem
from core.history import lines_of, move, record
from core.legal_time import legal_day, legal_now, on_the_wire
from core.references import draw
from licensing import ledger
from licensing.actions import licenses
from licensing.models import License, Suspension
from licensing.selectors import too_late
from licensing.states import IN_FORCE
from shipments.actions.reservations import lock_with_license, to_settle, write_back
from shipments.models import CustomsDeclaration, CustomsMessage, Handling, Incident, Shipment, ShipmentLine
from shipments.states import CROSSED, RELEASED, ShipmentState


@dataclass(frozen=True)
class ClearedLine:
    license_line: int
    quantity: int
    unit: str


@dataclass(frozen=True)
class Message:
    """What customs sent, read strictly. event: declared or cleared."""

    message_id: str
    event: str
    shipment: str
    declaration_no: str
    declared_at: datetime
    body: dict[str, Any]
    fingerprint: str
    final: bool
    cleared_at: datetime | None = None
    lines: Sequence[ClearedLine] = ()


@dataclass(frozen=True)
class Receipt:
    """What became of a message."""

    message: Message
    status: int
    shipment: Shipment | None
    lines: list[tuple[ShipmentLine, dict[str, int]]] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)


@command
def receive(message: Message, *, by: Actor) -> Receipt:
    """What customs reports is on record, whatever we think of it; what does not fit has opened an incident.

    The edge claims the message_id as the key, so a message has one effect and one answer.
    """
    pk = Shipment.objects.filter(ref=message.shipment).values_list("pk", flat=True).first()
    if pk is None:
        incident = _incident(Incident.Kind.UNKNOWN_SHIPMENT, message, None, legal_now())
        return _keep(Receipt(message, 202, None, incidents=[incident]), by)
    license, shipment = lock_with_license(Shipment.objects.all(), pk=pk)
    at = legal_now()
    forbidden = _forbidden(message, license, shipment)
    declaration, incidents = _declaration(message, license, shipment, forbidden, at)
    if message.event == "cleared":
        return _keep(_clear(message, license, shipment, by, at, declaration.lawful, forbidden, incidents), by)
    facts = {"message_id": message.message_id, "declaration_no": message.declaration_no}
    if shipment.state in (ShipmentState.RESERVED, *RELEASED):
        number, declared_at = message.declaration_no, message.declared_at
        move(shipment.declare, by=by, at=at, facts=facts, declaration_no=number, declared_at=declared_at)
    else:  # late, doubled, or of a further part: nothing moves
        record(shipment, "declare", by=by, at=at, before=shipment.state, facts=facts)
    return _keep(Receipt(message, 200, shipment, incidents=incidents), by)


def _declaration(
    message: Message, license: License, shipment: Shipment, forbidden: set[int], at: datetime
) -> tuple[CustomsDeclaration, list[Incident]]:
    """The declaration that the message names, judged when it is first heard of, and what that judgment opened.

    A number that belongs to another shipment: what was cleared under it is booked all the same, with an incident.
    Raises DomainError when it was only declared.
    """
    lawful, kinds = _judge(message, license, shipment)
    kinds += [Incident.Kind.RULES_FORBADE] if forbidden else []
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
        return stand_in, [_incident(kind, message, shipment, at) for kind in kinds]
    if row.shipment_id != shipment.pk:
        text = _("This declaration number was reported for another shipment.")
        raise DomainError(code="declaration-no-used", errors=[Problem("/declaration_no", "declaration-no-used", text)])
    if not new:  # judged when it was first heard of, but for lines that now cross under it for the first time
        known = {line.line_number for line in shipment.lines.all()}
        lines = {line.license_line for line in message.lines} - known
        kinds = [Incident.Kind.RULES_FORBADE] if forbidden & lines else []
    return row, [_incident(kind, message, shipment, at) for kind in kinds]


def _judge(message: Message, license: License, shipment: Shipment) -> tuple[bool, list[str]]:
    """Were license and reservation usable at the moment that customs names? Else: which incidents it opens."""
    kinds: list[str] = []
    moment = message.declared_at
    suspended = any(
        cause.opened_at <= moment and (cause.ended_at is None or moment < cause.ended_at)
        for cause in license.suspensions.filter(Q(end_user=None) | Q(end_user__party=shipment.end_user_id))
        if cause.cause != Suspension.Cause.POLICY  # of which the verdict knows the instant, and the grace
    )
    ended = lines_of(license).filter(verb="exhaust", at__lte=moment).exists()
    if suspended or ended or not license.covers(legal_day(moment)):
        kinds.append(Incident.Kind.LICENSE_NOT_USABLE)
    gone = lines_of(shipment).filter(to_state__in=RELEASED).order_by("seq").last()  # released once, if ever
    waiting = shipment.state in (ShipmentState.RESERVED, ShipmentState.EXPIRED)  # whether a sweep came by or not
    if gone and gone.at <= moment or waiting and legal_day(moment) > shipment.reserved_until:
        kinds.append(Incident.Kind.RESERVATION_GONE)
    return not kinds, kinds


def _forbidden(message: Message, license: License, shipment: Shipment) -> set[int]:
    """The lines, reserved or crossing, that the rules forbade when it was declared. Only what was reserved has a
    grace."""
    reserved = {line.line_number for line in shipment.lines.all() if not line.added}
    return too_late(
        license,
        shipment.end_user_id,
        shipment.destination,
        reserved | {line.license_line for line in message.lines},
        reserved=reserved,
        reserved_at=shipment.created_at,
        at=message.declared_at,
    )


def _clear(
    message: Message,
    license: License,
    shipment: Shipment,
    by: Actor,
    at: datetime,
    lawful: bool,
    forbidden: set[int],
    incidents: list[Incident],
) -> Receipt:
    """What crossed is booked, on whatever line it fits; the shipment is cleared with the message that says final.

    lawful: but for these lines, which the rules forbade.
    """
    lines, cleared, strays = _fitting(shipment, license, message)
    settled = ledger.clear(
        license.pk,
        [
            to_settle(line, cleared.get(line.line_number, 0), lawful=lawful and line.line_number not in forbidden)
            for line in lines
        ],
        shipment=shipment.pk,
        shipment_ref=shipment.ref,
        end_user=shipment.end_user_id,
        final=message.final,
        counted=shipment.counted,
    )
    write_back(lines, settled)
    shipment.counted = True
    shipment.save(update_fields=["counted"])
    facts = {"message_id": message.message_id, "final": message.final}
    if strays:
        incidents.append(_incident(Incident.Kind.UNKNOWN_LINE, message, shipment, at))
        facts["strays"] = strays
    if shipment.state in CROSSED:
        incidents.append(_incident(Incident.Kind.AFTER_FINAL, message, shipment, at))
        record(shipment, "clear", by=by, at=at, before=shipment.state, facts=facts)
    else:
        move(
            shipment.clear if message.final else shipment.clear_part,
            by=by,
            at=at,
            facts=facts,
            declaration_no=shipment.declaration_no or message.declaration_no,
            declared_at=shipment.declared_at or message.declared_at,
            cleared_at=message.cleared_at,
        )
    if message.final and shipment.final:
        licenses.last_clearance(license)
    if any(result["over_cleared"] for result in settled.lines.values()):
        incidents.append(_incident(Incident.Kind.OVER_CLEARED, message, shipment, at))
        if license.state in IN_FORCE:
            reason = _("Customs message {id} cleared more than the license had left.").format(id=message.message_id)
            licenses.open_cause(license, Suspension.Cause.OVER_CLEARANCE, reason=reason, by=clock())
    else:
        licenses.exhaust_if_done(license, by=by)
    results = [(line, settled.lines[line.line_number]) for line in lines if line.line_number in cleared]
    return Receipt(message, 200, shipment, results, incidents)


def _fitting(
    shipment: Shipment, license: License, message: Message
) -> tuple[list[ShipmentLine], dict[int, int], list[dict[str, Any]]]:
    """The shipment's lines (one is added for goods that crossed on another line of the license), what was cleared on
    them, and what fits no line of the license in its unit."""
    lines = {line.line_number: line for line in shipment.lines.all()}
    known = {line.number: line.unit for line in license.lines.all()}
    cleared, strays = {}, []
    for item in message.lines:
        unit = known.get(item.license_line)
        if unit is None or (item.unit != unit and not {item.unit, unit} <= {"kg", "g"}):
            strays.append({"license_line": item.license_line, "quantity": item.quantity, "unit": item.unit})
            continue
        cleared[item.license_line] = item.quantity
        if item.license_line not in lines:
            lines[item.license_line] = ShipmentLine(
                shipment=shipment,
                line_number=item.license_line,
                quantity=item.quantity,
                unit=item.unit,
                held=0,
                added=True,
            )
    return [lines[number] for number in sorted(lines)], cleared, strays


def _incident(kind: str, message: Message, shipment: Shipment | None, at: datetime) -> Incident:
    facts = {
        "shipment": message.shipment,
        "number": message.declaration_no,
        "at": on_the_wire(message.declared_at),
    }
    incident = Incident.objects.create(
        ref=draw(Incident.PREFIX),
        kind=kind,
        shipment=shipment,
        message_id=message.message_id,
        text=" ".join(facts.values()),
        facts=facts,
        opened_at=at,
    )
    Handling.objects.create(incident=incident)
    return incident


def _keep(receipt: Receipt, by: Actor) -> Receipt:
    CustomsMessage.objects.create(
        source_id=by.organization_id,
        message_id=receipt.message.message_id,
        event=receipt.message.event,
        fingerprint=receipt.message.fingerprint,
        body=receipt.message.body,
        shipment=receipt.shipment,
        received_at=legal_now(),
        status=receipt.status,
        answer=", ".join(incident.ref for incident in receipt.incidents),
    )
    return receipt
