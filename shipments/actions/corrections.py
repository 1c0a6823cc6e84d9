"""What customs says after a clearance: that it was otherwise, or that goods came back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from core.access import Actor
from core.errors import Invalid, Problem
from core.graphs import has_move
from core.history import move, record
from core.locks import lock_all
from core.quantities import same_unit
from core.templatetags.lodestone import quantity
from licensing.actions import licenses
from licensing.models import License
from shipments import ledger
from shipments.actions.messages import (
    Message,
    Receipt,
    by_line,
    fitting,
    forbidden,
    open_incident,
    went_beyond,
)
from shipments.models import CustomsDeclaration, CustomsMessage, Incident, Resolution, Shipment, ShipmentLine


def correct(message: Message, license: License, shipment: Shipment, by: Actor, at: datetime) -> Receipt:
    """The clearance stands as it should have, on each line that the message names, also on an ended license.

    Raises Invalid when there is no such clearance of this shipment from this source, or when less would have crossed
    than came back.
    """
    cleared = _cleared(message, shipment, by)
    lines, right, strays = fitting(shipment, license, message)
    stood = {line.line_number: _stood(cleared, line) for line in lines if line.line_number in right}
    changes = {number: right[number] - stood[number] for number in stood}
    _require_not_below(message, lines, changes)
    lawful = _lawful(message, license, shipment)
    settled = ledger.correct(
        shipment,
        [
            ledger.Crossing(number, right[number], line.unit, number in lawful, changes[number])
            for line in lines
            if changes.get(number := line.line_number)
        ],
    )
    facts: dict[str, Any] = {"message_id": message.message_id, "corrects": cleared.message_id}
    for other in _absorbed(settled):
        record(other, "absorb", by=by, at=at, before=other.state, facts=facts)
    incidents = []
    if strays:
        incidents.append(open_incident(Incident.Kind.UNKNOWN_LINE, message, shipment, at))
        facts["strays"] = strays
    said: dict[str, Any] = {"by": by, "at": at, "reason": message.reason}
    said["facts"] = facts | {"lines": by_line(lines, right)}
    if has_move(shipment.correct):
        move(shipment.correct, **said)
    else:
        record(shipment, "correct", before=shipment.state, **said)
    if shipment.crossed_as_last:
        licenses.last_clearance(license)
    if shipment.all_back:
        move(shipment.come_back, by=by, facts=facts)
    if not went_beyond(license, shipment, message, settled.values(), incidents, at):
        licenses.settle(license, by=by)
    nothing = {"drawn": 0, "over_cleared": 0}
    results = [
        (line, {**settled.get(n, nothing), "released": 0, "quantity": right[n]})
        for line in ledger.lines_now(shipment)
        if (n := line.line_number) in right
    ]
    return Receipt(message, 200, shipment, results, incidents, corrects=cleared)


def _cleared(message: Message, shipment: Shipment, by: Actor) -> CustomsMessage:
    """The clearance that the message corrects; one that names a correction corrects what that did."""
    rows = CustomsMessage.objects.filter(
        source=by.organization_id, shipment=shipment, event__in=["cleared", "corrected"]
    )
    found = rows.filter(message_id=message.corrects).select_related("corrects").first()
    if found is None:
        text = _("No clearance of this shipment was reported under this message_id.")
        raise Invalid([Problem("/corrects", "unknown-reference", text)])
    return found.corrects or found


def _stood(cleared: CustomsMessage, line: ShipmentLine) -> int:
    """How much of the line the clearance stands for, after what corrected it so far."""
    of_it = Q(message=cleared) | Q(message__corrects=cleared)
    last = Resolution.objects.filter(of_it, line=line).last() if line.pk else None
    return last.quantity if last else 0


def _require_not_below(message: Message, lines: list[ShipmentLine], changes: Mapping[int, int]) -> None:
    """No line is corrected to less than came back of it."""
    unit = {line.line_number: line for line in lines}
    problems = []
    for index, item in enumerate(message.lines):
        line = unit.get(item.license_line)
        if line and line.crossed + changes.get(item.license_line, 0) < line.returned:
            text = _("Of this line {quantity} came back, so that much crossed at least.").format(
                quantity=quantity(line.returned, line.unit)
            )
            problems.append(Problem(f"/lines/{index}/quantity", "below-returned", text))
    if problems:
        raise Invalid(problems)


def _lawful(message: Message, license: License, shipment: Shipment) -> set[int]:
    """The lines that may take back what lapsed: as the declaration that the message names was judged."""
    declaration = CustomsDeclaration.objects.filter(
        number=message.declaration_no, shipment=shipment, lawful=True
    ).first()
    if declaration is None:
        return set()
    barred = forbidden(replace(message, declared_at=declaration.declared_at), license, shipment)
    return {item.license_line for item in message.lines} - barred


def _absorbed(settled: Mapping[int, Mapping[str, Any]]) -> list[Shipment]:
    """Of whom something was beyond the license, has room now, and is drawn. They are this transaction's."""
    whose = [one["shipment"] for result in settled.values() for one in result["others"]]
    return lock_all(Shipment.objects.filter(pk__in=whose))


def take_back(message: Message, shipment: Shipment, by: Actor, at: datetime) -> Receipt:
    """Goods came back, as much as crossed and had not come back before. The license has them when an officer approves.

    Raises Invalid when it is more than that.
    """
    lines = {line.line_number: line for line in shipment.lines.all()}
    problems, results = [], []
    for index, item in enumerate(message.lines):
        line = lines.get(item.license_line)
        out = line.abroad if line and same_unit(item.unit, line.unit) else 0
        if line is None or item.quantity > out:
            text = (
                _("At most {quantity} of this line can come back.")
                if out
                else _("Nothing of this line is left to come back.")
            ).format(quantity=quantity(out, item.unit))
            problems.append(Problem(f"/lines/{index}/quantity", "more-than-crossed", text))
            continue
        line.returned += item.quantity
        results.append((line, {"drawn": 0, "released": 0, "over_cleared": 0, "returned": item.quantity}))
    if problems:
        raise Invalid(problems)
    for line, _result in results:
        line.save(update_fields=["returned"])
    back = {line.line_number: result["returned"] for line, result in results}
    number, come = message.reimport_no, by_line(lines.values(), back)
    facts: dict[str, Any] = {"message_id": message.message_id, "declaration_no": number, "lines": come}
    if shipment.all_back:
        move(shipment.come_back, by=by, at=at, facts=facts)
    else:
        record(shipment, "return", by=by, at=at, before=shipment.state, facts=facts)
    return Receipt(message, 200, shipment, results)
