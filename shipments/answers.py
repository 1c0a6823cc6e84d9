"""What is answered of a shipment: the body of whoever reads it, and the bytes that its key keeps."""

from datetime import date
from decimal import Decimal
from typing import Any

from core import problems
from core.idempotency import Answer
from core.legal_time import on_the_wire
from core.quantities import show, show_amount
from shipments import selectors
from shipments.models import CustomsMessage, Return, Shipment, ShipmentLine
from shipments.requests import LineRequest, Reserved
from shipments.selectors import Question
from shipments.states import ShipmentState


def line(row: ShipmentLine) -> dict[str, Any]:
    body = {
        "license_line": row.line_number,
        "quantity": show(row.quantity, row.unit),
        "unit": row.unit,
        "hs_code": row.hs_code,
        "reserved": show(row.held, row.unit),
        "drawn": show(row.drawn, row.unit),
        "released": show(row.released, row.unit),
        "over_cleared": show(row.over_cleared, row.unit),
        "returned": show(row.returned, row.unit),
        "credited": show(row.credited, row.unit),
    }
    if row.value is not None:
        body["value"] = money(row.value, row.currency)
    return body


def _day(on: date | None) -> str | None:
    return on.isoformat() if on else None


def money(amount: Decimal, currency: str) -> dict[str, str]:
    return {"amount": show_amount(amount), "currency": currency}


def question(said: Question) -> dict[str, Any]:
    return {
        "text": said.text,
        "asked_at": on_the_wire(said.asked_at),
        "answer": said.answer or None,
        "answered_at": on_the_wire(said.answered_at) if said.answered_at else None,
    }


def correction(row: CustomsMessage) -> dict[str, Any]:
    assert row.corrects is not None, "it names what it corrects"
    return {
        "message_id": row.message_id,
        "corrects": row.corrects.message_id,
        "reason": row.body["reason"],
        "reported_at": on_the_wire(row.received_at),
        "lines": [
            {
                "license_line": one.line.line_number,
                "unit": one.line.unit,
                "before": show(one.before, one.line.unit),
                "after": show(one.quantity, one.line.unit),
            }
            for one in row.resolutions.all()
        ],
    }


def returned(row: Return) -> dict[str, Any]:
    return {
        "message_id": row.message.message_id,
        "reimport_declaration_no": row.declaration_no,
        "reported_at": on_the_wire(row.reported_at),
        "approved": row.approved,
        "reason": row.reason or None,
        "lines": [
            {
                "license_line": one.line.line_number,
                "quantity": show(one.quantity, one.line.unit),
                "unit": one.line.unit,
            }
            for one in row.lines.all()
        ],
    }


def changed(row: Shipment) -> dict[str, Any]:
    """Of one that was changed just now."""
    rows = selectors.with_corrections(selectors.with_lines(Shipment.objects.filter(pk=row.pk)))
    [shown] = selectors.with_questions(rows)
    return shipment(shown)


def shipment(row: Shipment) -> dict[str, Any]:
    """Of `with_corrections` and `with_questions`."""
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
        "report_due_on": _day(row.report_owed_until),
        "departed_on": _day(row.departed_on),
        "delivered_on": _day(row.delivered_on),
        "lines": [line(item) for item in row.lines.all()],
        "questions": [question(one) for one in row.questions],
        "corrections": [correction(one) for one in row.corrected],
        "returns": [returned(one) for one in row.returns.all()],
    }


def reserved(made: Reserved) -> dict[str, Any]:
    """What `shipment` says of its row, with what is left."""
    asked = made.request
    return {
        "reference": made.ref,
        "state": ShipmentState.RESERVED,
        "display": str(ShipmentState.RESERVED.label),
        "on_hold": False,  # the ledger, which took it, takes nothing for which its license is closed
        "license": asked.license,
        "client_reference": asked.client_reference,
        "end_user": asked.end_user,
        "consignee": asked.consignee,
        "destination": asked.destination,
        "port": asked.port,
        "planned_on": asked.planned_on.isoformat(),
        "reserved_until": made.reserved_until,
        "final": asked.final,
        "declaration_no": None,
        "declared_at": None,
        "cleared_at": None,
        **dict.fromkeys(("report_due_on", "departed_on", "delivered_on")),
        "lines": [
            _reserved_line(item, made.available_after[item.license_line])
            for item in sorted(asked.lines, key=lambda item: item.license_line)
        ],
        "questions": [],
        "corrections": [],
        "returns": [],
    }


def _reserved_line(asked: LineRequest, available_after: str) -> dict[str, Any]:
    whole, nothing = show(asked.quantity, asked.unit), show(0, asked.unit)
    body = {
        "license_line": asked.license_line,
        "quantity": whole,
        "unit": asked.unit,
        "hs_code": asked.hs_code,
        "reserved": whole,
        **dict.fromkeys(("drawn", "released", "over_cleared", "returned", "credited"), nothing),
    }
    if asked.value is not None:
        body["value"] = money(asked.value, asked.currency)
    return body | {"available_after": available_after}


def booked(made: Reserved) -> Answer:
    return Answer(201, problems.JSON, problems.dumps(reserved(made)))
