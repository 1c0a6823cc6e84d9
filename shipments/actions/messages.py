"""What customs sends, and what its messages share: what fits, what the rules forbade, what opens an incident."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.access import clock
from core.legal_time import on_the_wire
from core.quantities import same_unit
from core.references import draw
from licensing.actions import licenses
from licensing.models import License, Suspension
from licensing.selectors import too_late
from licensing.states import IN_FORCE
from shipments.models import CustomsMessage, Handling, Incident, Shipment, ShipmentLine


@dataclass(frozen=True)
class ClearedLine:
    license_line: int
    quantity: int
    unit: str


@dataclass(frozen=True)
class Message:
    """What customs sent, read strictly. event: one of CARRIES in shipments/api/serializers.py.

    corrects: of one that corrects, the message_id of what it corrects. reimport_no: of goods that came back.
    """

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
    reason: str = ""
    corrects: str = ""
    reimport_no: str = ""


def key_of(message_id: str) -> str:
    """The key under which the message has one effect, whoever sends it again."""
    return f"message:{message_id}"


@dataclass(frozen=True)
class Receipt:
    """What became of a message. lines: what changed on each; corrects: the clearance that was corrected."""

    message: Message
    status: int
    shipment: Shipment | None
    lines: list[tuple[ShipmentLine, dict[str, int]]] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    corrects: CustomsMessage | None = None


def forbidden(message: Message, license: License, shipment: Shipment) -> set[int]:
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


def fitting(
    shipment: Shipment, license: License, message: Message
) -> tuple[list[ShipmentLine], dict[int, int], list[dict[str, Any]]]:
    """The shipment's lines (one is added for goods that crossed on another line of the license), what was cleared on
    them, and what fits no line of the license in its unit."""
    lines = {line.line_number: line for line in shipment.lines.all()}
    known = {line.number: line.unit for line in license.lines.all()}
    cleared, strays = {}, []
    for item in message.lines:
        unit = known.get(item.license_line)
        if unit is None or not same_unit(item.unit, unit):
            strays.append({"license_line": item.license_line, "quantity": item.quantity, "unit": item.unit})
            continue
        cleared[item.license_line] = item.quantity
        if item.license_line not in lines and item.quantity:
            lines[item.license_line] = ShipmentLine(
                shipment=shipment,
                line_number=item.license_line,
                quantity=item.quantity,
                unit=item.unit,
                held=0,
            )
    return [lines[number] for number in sorted(lines)], cleared, strays


def went_beyond(
    license: License,
    shipment: Shipment,
    message: Message,
    results: Iterable[dict[str, Any]],
    incidents: list[Incident],
    at: datetime,
) -> bool:
    """Did more cross than the license had? Then an incident is open, and the license, if in force, is suspended, or
    what took its place."""
    if not any(result["over_cleared"] > 0 for result in results):
        return False
    incidents.append(open_incident(Incident.Kind.OVER_CLEARED, message, shipment, at))
    last = license.and_after()[-1]
    if last.state in IN_FORCE:
        licenses.open_cause(last, Suspension.Cause.OVER_CLEARANCE, by=clock(), shipment=shipment.ref)
    return True


def by_line(lines: Iterable[ShipmentLine], much: Mapping[int, int]) -> list[dict[str, Any]]:
    """How much of which line a message says, as history keeps it. much: by the numbers of the lines that it names."""
    return [
        {"line": number, "quantity": much[number], "unit": line.unit}
        for line in lines
        if (number := line.line_number) in much
    ]


def open_incident(kind: str, message: Message, shipment: Shipment | None, at: datetime, **more: Any) -> Incident:
    """more: facts besides those of the message."""
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
        facts=facts | more,
        opened_at=at,
    )
    Handling.objects.create(incident=incident)
    return incident
