"""What is answered of a shipment: the body of whoever reads it, and the bytes that its key keeps."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from core import problems
from core.errors import DomainError
from core.idempotency import Answer
from core.legal_time import on_the_wire
from core.quantities import show
from shipments.models import Shipment, ShipmentLine


def line(row: ShipmentLine, available_after: int | None = None) -> dict[str, Any]:
    body = {
        "license_line": row.line_number,
        "quantity": show(row.quantity, row.unit),
        "unit": row.unit,
        "hs_code": row.hs_code,
        "reserved": show(row.held, row.unit),
        "drawn": show(row.drawn, row.unit),
        "released": show(row.released, row.unit),
        "over_cleared": show(row.over_cleared, row.unit),
    }
    if row.value is not None:
        body["value"] = {"amount": f"{Decimal(row.value):.2f}", "currency": row.currency}
    if available_after is not None:
        body["available_after"] = show(available_after, row.unit)
    return body


def shipment(
    row: Shipment, lines: Iterable[ShipmentLine] | None = None, available_after: Mapping[int, int] | None = None
) -> dict[str, Any]:
    lines, left = row.lines.all() if lines is None else lines, available_after or {}
    return {
        "reference": row.ref,
        "state": row.state,
        "display": row.get_state_display(),
        "on_hold": row.on_hold,
        "license": row.license.ref,
        "client_reference": row.client_reference,
        "end_user": row.end_user.ref,
        "consignee": row.consignee.ref,
        "destination": row.destination,
        "port": row.port,
        "planned_on": row.planned_on.isoformat(),
        "reserved_until": row.reserved_until.isoformat(),
        "final": row.final,
        "declaration_no": row.declaration_no or None,
        "declared_at": on_the_wire(row.declared_at) if row.declared_at else None,
        "cleared_at": on_the_wire(row.cleared_at) if row.cleared_at else None,
        "lines": [line(item, left.get(item.line_number)) for item in lines],
    }


def booked(row: Shipment, lines: Iterable[ShipmentLine], available_after: Mapping[int, int]) -> Answer:
    return Answer(201, problems.JSON, problems.dumps(shipment(row, lines, available_after)))


def refused(refusal: DomainError, instance: str) -> Answer:
    """instance: the id of the request that is refused."""
    return Answer(
        refusal.status, problems.MEDIA_TYPE, problems.dumps(problems.document(refusal) | {"instance": instance})
    )
