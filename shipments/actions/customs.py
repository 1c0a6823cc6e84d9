"""What customs reports is on record, whatever we think of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from core.access import Actor, clock
from core.command import command
from core.errors import DomainError, Invalid, Problem, WrongState
from core.history import lines_of, move
from core.legal_time import legal_day, legal_now, on_the_wire
from core.references import INCIDENT, draw
from licensing import ledger
from licensing.actions import licenses
from licensing.models import License, Suspension
from licensing.states import IN_FORCE
from shipments.actions.reservations import locked, write_back
from shipments.models import CustomsMessage, Incident, Shipment, ShipmentLine
from shipments.states import RELEASED, ShipmentState


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
    cleared_at: datetime | None = None
    final: bool = False
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

    The edge claims the message_id as the key, so a message has one effect and one answer. Locks license, shipment,
    all lines.
    """
    pk = Shipment.objects.filter(ref=message.shipment).values_list("pk", flat=True).first()
    if pk is None:
        incident = _incident(Incident.Kind.UNKNOWN_SHIPMENT, message, None, legal_now())
        return _keep(Receipt(message, 202, None, incidents=[incident]), by)
    license, shipment = locked(pk)
    at = legal_now()
    lawful, incidents = _judge(message, license, shipment, at)
    if message.event == "declared":
        _require_free_declaration(message, shipment)
        move(
            shipment.declare,
            by=by,
            at=at,
            facts={"message_id": message.message_id},
            declaration_no=message.declaration_no,
            declared_at=message.declared_at,
        )
        return _keep(Receipt(message, 200, shipment, incidents=incidents), by)
    return _keep(_clear(message, license, shipment, by, at, lawful, incidents), by)


def _judge(message: Message, license: License, shipment: Shipment, at: datetime) -> tuple[bool, list[Incident]]:
    """Was it lawful at the moment that customs names? Declared once, judged once."""
    if shipment.declared_at is not None:
        return not shipment.incidents.exists(), []
    incidents = []
    moment = message.declared_at
    day = legal_day(moment)
    suspended = any(
        cause.opened_at <= moment and (cause.ended_at is None or moment < cause.ended_at)
        for cause in license.suspensions.all()
    )
    if suspended or not license.usable_from <= day <= license.usable_until:
        incidents.append(_incident(Incident.Kind.LICENSE_NOT_USABLE, message, shipment, at))
    if shipment.state in RELEASED:
        gone = lines_of(shipment).filter(to_state=shipment.state).order_by("seq").last()
        if gone and gone.at <= moment:
            incidents.append(_incident(Incident.Kind.RESERVATION_GONE, message, shipment, at))
    return not incidents, incidents


def _require_free_declaration(message: Message, shipment: Shipment) -> None:
    taken = Shipment.objects.filter(declaration_no=message.declaration_no).exclude(pk=shipment.pk)
    if taken.exists():
        text = _("This declaration number was reported for another shipment.")
        raise DomainError(code="declaration-no-used", errors=[Problem("/declaration_no", "declaration-no-used", text)])


def _clear(
    message: Message,
    license: License,
    shipment: Shipment,
    by: Actor,
    at: datetime,
    lawful: bool,
    incidents: list[Incident],
) -> Receipt:
    _require_free_declaration(message, shipment)
    if shipment.state == ShipmentState.CLEARED:
        raise WrongState(_("This shipment was cleared already; send a correction instead."), state=shipment.state)
    counted = shipment.state not in RELEASED
    cleared = {line.license_line: line.quantity for line in message.lines}
    lines = _lines_of(shipment, license, message)
    settled = ledger.clear(
        license.pk,
        [
            ledger.SettleLine(line.line_number, line.held, cleared.get(line.line_number, 0), str(line.value_held))
            for line in lines
        ],
        shipment=shipment.pk,
        shipment_ref=shipment.ref,
        final=message.final,
        counted=counted,
        lawful=lawful,
    )
    write_back(lines, settled)
    over = sum(result["over_cleared"] for result in settled.lines.values())
    whole = all(line.held == 0 for line in lines)
    move(
        shipment.clear if whole else shipment.clear_part,
        by=by,
        at=at,
        facts={"message_id": message.message_id, "final": message.final},
        declaration_no=message.declaration_no,
        declared_at=shipment.declared_at or message.declared_at,
        cleared_at=message.cleared_at,
    )
    if over:
        incidents.append(_incident(Incident.Kind.OVER_CLEARED, message, shipment, at))
        if license.state in IN_FORCE:
            reason = _("Customs message {id} cleared more than the license had left.").format(id=message.message_id)
            licenses.open_cause(license, Suspension.Cause.OVER_CLEARANCE, reason=reason, by=clock())
    else:
        licenses.exhaust_if_done(license, by=by, final=whole and shipment.final)
    results = [(line, settled.lines[line.line_number]) for line in lines if line.line_number in cleared]
    return Receipt(message, 200, shipment, results, incidents)


def _lines_of(shipment: Shipment, license: License, message: Message) -> list[ShipmentLine]:
    """The shipment's lines, with one added for goods that crossed on another line of the license."""
    lines = {line.line_number: line for line in shipment.lines.all()}
    known = {line.number: line.unit for line in license.lines.all()}
    for index, cleared in enumerate(message.lines):
        if cleared.license_line not in known:
            text = _("The license has no such line.")
            raise Invalid([Problem(f"/lines/{index}/license_line", "line-mismatch", text)])
        mass = {"kg", "g"}
        if cleared.unit != known[cleared.license_line] and not {cleared.unit, known[cleared.license_line]} <= mass:
            text = _("The license counts this line in {unit}.").format(unit=known[cleared.license_line])
            raise Invalid([Problem(f"/lines/{index}/unit", "line-mismatch", text)])
        if cleared.license_line not in lines:
            lines[cleared.license_line] = ShipmentLine(
                shipment=shipment,
                line_number=cleared.license_line,
                quantity=cleared.quantity,
                unit=cleared.unit,
                held=0,
            )
    return [lines[number] for number in sorted(lines)]


def _incident(kind: str, message: Message, shipment: Shipment | None, at: datetime) -> Incident:
    return Incident.objects.create(
        ref=draw(INCIDENT),
        kind=kind,
        shipment=shipment,
        message_id=message.message_id,
        text=_("{what}: {shipment}, declaration {number}, declared at {at}.").format(
            what=Incident.Kind(kind).label,
            shipment=message.shipment,
            number=message.declaration_no,
            at=on_the_wire(message.declared_at),
        ),
        opened_at=at,
    )


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
