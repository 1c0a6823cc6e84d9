"""The verbs of shipments: reserve, cancel, lapse, and what customs reports."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from core.access import Actor, clock
from core.command import command
from core.errors import DomainError, Invalid, NotFound, Problem, WrongState
from core.history import lines_of, move, record, require
from core.legal_time import legal_day, legal_now, legal_today, on_the_wire
from core.references import INCIDENT, SHIPMENT, draw
from exporters.models import Party
from licensing import ledger, policy
from licensing.actions import licenses
from licensing.models import License, Suspension
from licensing.selectors import licenses_for, regime
from licensing.states import IN_FORCE
from shipments.models import CustomsMessage, Incident, Shipment, ShipmentLine
from shipments.refusals import refusal
from shipments.states import RELEASED, ShipmentState

DAYS_AHEAD_MOST = 90
RESERVED_DAYS = 30


@dataclass(frozen=True)
class LineRequest:
    """What one line asks for, in base units of its unit."""

    license_line: int
    quantity: int
    unit: str
    hs_code: str = ""
    value: Decimal | None = None
    currency: str = ""
    composition: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ShipmentRequest:
    """A shipment as a client or a form described it; references are canonical and not yet looked up."""

    license: str
    client_reference: str
    end_user: str
    consignee: str
    destination: str
    port: str
    planned_on: date
    lines: Sequence[LineRequest]
    final: bool = False


@dataclass(frozen=True)
class Reserved:
    """A shipment that was accepted, and what each license line has left after it."""

    shipment: Shipment
    available_after: dict[int, int]


def _license(ref: str, by: Actor) -> License:
    row = licenses_for(by).filter(ref=ref).first()
    if row is None:
        raise NotFound()
    return row


def _take(request: ShipmentRequest, license: License, by: Actor, **ids: Any) -> ledger.Take:
    """The request as the ledger reads it. Raises Invalid for unknown references and days out of range."""
    wanted = {"end_user": request.end_user, "consignee": request.consignee}
    found = dict(Party.objects.filter(exporter_id=by.organization_id, ref__in=wanted.values()).values_list("ref", "pk"))
    today = legal_today()
    problems = [
        Problem(f"/{name}", "unknown-reference", _("There is no such party in your address book."))
        for name, ref in wanted.items()
        if ref not in found
    ]
    if not today <= request.planned_on <= today + timedelta(days=DAYS_AHEAD_MOST):
        message = _("The planned day is today or up to 90 days ahead (Asia/Shanghai).")
        problems.append(Problem("/planned_on", "date-out-of-range", message))
    lines = {line.number: line for line in license.lines.select_related("control_item")}
    for index, line in enumerate(request.lines):
        capped = line.license_line in lines and lines[line.license_line].value_authorized is not None
        if capped and (line.value is None or line.currency != lines[line.license_line].currency):
            message = _("The license caps the value of this line; state it in {currency}.")
            text = message.format(currency=lines[line.license_line].currency)
            problems.append(Problem(f"/lines/{index}/value", "required", text))
    if problems:
        raise Invalid(problems)
    return ledger.Take(
        license=license.pk,
        end_user=found[request.end_user],
        consignee=found[request.consignee],
        destination=request.destination,
        port=request.port,
        planned_on=request.planned_on.isoformat(),
        lines=[
            ledger.TakeLine(
                line.license_line,
                line.quantity,
                line.unit,
                line.hs_code,
                None if line.value is None else str(line.value),
            )
            for line in request.lines
        ],
        also=_policy_failures(request, lines, today),
        **ids,
    )


def _policy_failures(request: ShipmentRequest, lines: dict[int, Any], today: date) -> list[dict[str, Any]]:
    """Guard 7: the rules in force today forbid none of the items."""
    rules = regime()
    return [
        {"code": "policy-prohibits", "pointer": f"/lines/{index}"}
        for index, line in enumerate(request.lines)
        if (item := lines[line.license_line].control_item if line.license_line in lines else None)
        and policy.assess(
            policy.Facts(item.code, item.instrument_id, official=item.official, destination=request.destination),
            rules,
            on=today,
        ).prohibited
    ]


def check(request: ShipmentRequest, *, by: Actor) -> ledger.Outcome:
    """Every guard's verdict on the request, and no effect."""
    license = _license(request.license, by)
    with transaction.atomic():
        return ledger.take([_take(request, license, by)], dry=True)[0]


@command
def reserve(request: ShipmentRequest, *, by: Actor) -> Reserved:
    """The shipment exists and its quantity is reserved, or a refusal names every guard that failed.

    The license's validity, state and room are judged by the ledger after its locks; see LEDGER section 3.
    Raises NotFound for a license that is not the actor's, Invalid for what is wrong with the request itself,
    DomainError 409 with the first failed guard's code.
    """
    license = _license(request.license, by)
    ref = draw(SHIPMENT)
    pk = _insert(request, license, ref, by)
    take = _take(request, license, by, shipment=pk, shipment_ref=ref)
    outcome = ledger.take([take])[0]
    if not outcome.accepted:
        raise refusal(outcome.failures)
    shipment = Shipment.objects.select_related("license", "end_user", "consignee").get(pk=pk)
    record(shipment, "reserve", by=by, at=outcome.at, edition=license.edition)
    return Reserved(shipment, {line["line"]: line["available_after"] for line in outcome.lines})


def _insert(request: ShipmentRequest, license: License, ref: str, by: Actor) -> int:
    """The shipment and its lines are written, before the ledger is asked: canonical order. Returns its key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO shipments_shipment (ref, exporter_id, license_id, client_reference, state, end_user_id,"
            " consignee_id, destination, port, planned_on, reserved_until, final, declaration_no, created_by_id,"
            " created_at)"
            " SELECT %s, l.exporter_id, l.id, %s, 'reserved', u.id, c.id, %s, %s, %s,"
            " least(%s, l.usable_until), %s, '', %s, legal_now()"
            " FROM licensing_license l, exporters_party u, exporters_party c"
            " WHERE l.id = %s AND u.ref = %s AND u.exporter_id = l.exporter_id"
            " AND c.ref = %s AND c.exporter_id = l.exporter_id"
            " ON CONFLICT (exporter_id, client_reference) DO NOTHING RETURNING id",
            [
                ref,
                request.client_reference,
                request.destination,
                request.port,
                request.planned_on,
                request.planned_on + timedelta(days=RESERVED_DAYS),
                request.final,
                by.user.pk,
                license.pk,
                request.end_user,
                request.consignee,
            ],
        )
        row: tuple[int] | None = cursor.fetchone()
        if row is None:
            _take(request, license, by)  # names the unknown party, if that was it
            raise _reference_used(request, by)
        for line in request.lines:
            cursor.execute(
                "INSERT INTO shipments_shipmentline (shipment_id, line_number, quantity, unit, hs_code, value,"
                " value_held, currency, composition, held, drawn, released, over_cleared)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, 0, 0, 0)",
                [
                    row[0],
                    line.license_line,
                    line.quantity,
                    line.unit,
                    line.hs_code,
                    line.value,
                    line.value or 0,
                    line.currency,
                    json.dumps(line.composition),
                    line.quantity,
                ],
            )
        return row[0]


def _reference_used(request: ShipmentRequest, by: Actor) -> DomainError:
    earlier = Shipment.objects.get(exporter_id=by.organization_id, client_reference=request.client_reference)
    message = _("This client reference belongs to {ref} already; each one is used once, for ever.")
    return DomainError(
        code="client-reference-used",
        errors=[Problem("/client_reference", "client-reference-used", message.format(ref=earlier.ref))],
    )


def _locked(pk: int) -> tuple[License, Shipment]:
    """License, then shipment: canonical order."""
    license = licenses.lock(Shipment.objects.values_list("license_id", flat=True).get(pk=pk))
    shipment = Shipment.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)
    shipment.license = license
    return license, shipment


def _release(license: License, shipment: Shipment) -> None:
    """Nothing of the shipment is reserved any more; its lines say what was released."""
    lines = list(shipment.lines.order_by("line_number"))
    settled = ledger.release(
        license.pk,
        [ledger.SettleLine(line.line_number, line.held, value=str(line.value_held)) for line in lines],
        shipment=shipment.pk,
        shipment_ref=shipment.ref,
        counted=True,
    )
    _write_back(lines, settled)


def _write_back(lines: list[ShipmentLine], settled: ledger.Settled) -> None:
    for line in lines:
        result = settled.lines[line.line_number]
        line.held = result["held"]
        line.drawn += result["drawn"]
        line.released += result["released"]
        line.over_cleared += result["over_cleared"]
        if result["drawn"] or result["released"]:
            line.value_held = Decimal(0)
        line.save()


@command
def cancel(ref: str, *, by: Actor) -> Shipment:
    """The shipment is off, and what it reserved is free again."""
    pk = Shipment.objects.filter(ref=ref, exporter_id=by.organization_id).values_list("pk", flat=True).first()
    if pk is None:
        raise NotFound()
    license, shipment = _locked(pk)
    require(shipment.cancel, by=by)
    _release(license, shipment)
    move(shipment.cancel, by=by)
    return shipment


@command
def lapse(pk: int, *, by: Actor) -> bool:
    """The reservation has lapsed, and is free again, when its last day is over; else nothing. May run twice."""
    license, shipment = _locked(pk)
    at = legal_now()
    if shipment.state != ShipmentState.RESERVED or legal_day(at) <= shipment.reserved_until:
        return False
    _release(license, shipment)
    move(shipment.lapse, by=by, at=at)
    return True


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
    license, shipment = _locked(pk)
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
    _write_back(lines, settled)
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
