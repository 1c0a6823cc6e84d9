"""Taking quota for a shipment, and giving it back: reserve, cancel, lapse."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.access import Actor
from core.command import busy, command
from core.errors import Invalid, NotFound, Problem
from core.history import move, record, require
from core.legal_time import legal_day, legal_now, legal_today
from core.locks import lock
from core.references import draw
from exporters.models import Party
from licensing import ledger
from licensing.actions import licenses
from licensing.models import License
from licensing.selectors import judged, licenses_for
from shipments.models import Shipment, ShipmentLine
from shipments.refusals import refusal
from shipments.selectors import shipments_for
from shipments.states import ShipmentState

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


def _take(request: ShipmentRequest, license: License, by: Actor, today: date) -> ledger.Take:
    """The request as the ledger reads it. Raises Invalid for unknown references and days out of range."""
    wanted = {"end_user": request.end_user, "consignee": request.consignee}
    found = dict(Party.objects.filter(exporter_id=by.organization_id, ref__in=wanted.values()).values_list("ref", "pk"))
    problems = [
        Problem(f"/{name}", "unknown-reference", _("There is no such party in your address book."))
        for name, ref in wanted.items()
        if ref not in found
    ]
    problems += _wrong_day(request, today)
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
        judged=judged(
            license, found[request.end_user], request.destination, {line.license_line for line in request.lines}
        ),
    )


def _wrong_day(request: ShipmentRequest, today: date) -> list[Problem]:
    if today <= request.planned_on <= today + timedelta(days=DAYS_AHEAD_MOST):
        return []
    message = _("The planned day is today or up to 90 days ahead (Asia/Shanghai).")
    return [Problem("/planned_on", "date-out-of-range", message)]


def check(request: ShipmentRequest, *, by: Actor) -> ledger.Outcome:
    """Every guard's verdict on the request, and whether its reference is free; no effect."""
    license = _license(request.license, by)
    with transaction.atomic():
        outcome, used = _asked(_take(request, license, by, legal_today()), dry=True), _used_before(request, by)
    return replace(outcome, accepted=outcome.accepted and not used, failures=[*used, *outcome.failures])


def _asked(take: ledger.Take, *, dry: bool = False) -> ledger.Outcome:
    """The ledger's answer. Raises 503 `busy` when an edition came since it was judged: the next try knows that."""
    outcome = ledger.take([take], dry=dry)[0]
    if outcome.behind:
        raise busy()
    return outcome


@command
def reserve(request: ShipmentRequest, *, by: Actor) -> Reserved:
    """The shipment exists and its quantity is reserved, or a refusal names every guard that failed.

    The license's validity, state and room are judged by the ledger after its locks.
    Raises NotFound for a license that is not the actor's, Invalid for what is wrong with the request itself,
    DomainError 409 with the first failed guard's code.
    """
    license = _license(request.license, by)
    today = legal_today()
    ref = draw(Shipment.PREFIX)
    take = _take(request, license, by, today)
    pk = _insert(request, license, take, ref, by)
    outcome = _asked(replace(take, shipment=pk, shipment_ref=ref))
    if not outcome.accepted:
        raise refusal(outcome.failures)
    if problems := _wrong_day(request, outcome.today):  # it may have waited on a lock across midnight
        raise Invalid(problems)
    shipment = Shipment.objects.select_related("license", "end_user", "consignee").get(pk=pk)
    record(shipment, "reserve", by=by, at=outcome.at, edition=license.edition)
    return Reserved(shipment, {line["line"]: line["available_after"] for line in outcome.lines})


def _insert(request: ShipmentRequest, license: License, take: ledger.Take, ref: str, by: Actor) -> int:
    """The shipment and its lines are written, before the ledger is asked: canonical order. Returns its key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO shipments_shipment (ref, exporter_id, license_id, client_reference, state, end_user_id,"
            " consignee_id, destination, port, planned_on, reserved_until, final, declaration_no, counted,"
            " created_by_id, created_at)"
            " VALUES (%s, %s, %s, %s, 'reserved', %s, %s, %s, %s, %s, %s, %s, '', true, %s, legal_now())"
            " ON CONFLICT (exporter_id, client_reference) DO NOTHING RETURNING id",
            [
                ref,
                license.exporter_id,
                license.pk,
                request.client_reference,
                take.end_user,
                take.consignee,
                request.destination,
                request.port,
                request.planned_on,
                min(request.planned_on + timedelta(days=RESERVED_DAYS), license.usable_until),
                request.final,
                by.user.pk,
            ],
        )
        row: tuple[int] | None = cursor.fetchone()
        if row is None:
            raise refusal(_used_before(request, by))
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


def _used_before(request: ShipmentRequest, by: Actor) -> list[dict[str, Any]]:
    """What is wrong with a reference that an earlier shipment has."""
    rows = Shipment.objects.filter(exporter_id=by.organization_id, client_reference=request.client_reference)
    failure = {"code": "client-reference-used", "pointer": "/client_reference"}
    return [failure | {"shipment": ref} for ref in rows.values_list("ref", flat=True)]


def lock_with_license(rows: QuerySet[Shipment], **named: Any) -> tuple[License, Shipment]:
    """The shipment and its license are this transaction's, the license first (docs/ledger.md)."""
    license = lock(License.objects.filter(shipments__in=rows.filter(**named)))
    shipment = lock(rows, **named)
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
        counted=shipment.counted,
    )
    write_back(lines, settled)
    shipment.counted = False
    shipment.save(update_fields=["counted"])


def write_back(lines: list[ShipmentLine], settled: ledger.Settled) -> None:
    for line in lines:
        result = settled.lines[line.line_number]
        line.held = result["held"]
        line.drawn += result["drawn"]
        line.released += result["released"]
        line.over_cleared += result["over_cleared"]
        if result["value_moved"]:
            line.value_held = Decimal(0)
        line.save()


@command
def cancel(ref: str, *, by: Actor) -> Shipment:
    """The shipment is off, and what it reserved is free again, or has lapsed where the license is over."""
    license, shipment = lock_with_license(shipments_for(by), ref=ref)
    require(shipment.cancel, by=by)
    _release(license, shipment)
    move(shipment.cancel, by=by)
    licenses.exhaust_if_done(license, by=by)
    return shipment


@command
def lapse(pk: int, *, by: Actor) -> bool:
    """The reservation has lapsed when its last day is over, as if it were cancelled; else nothing. May run twice."""
    license, shipment = lock_with_license(Shipment.objects.all(), pk=pk)
    at = legal_now()
    if shipment.state != ShipmentState.RESERVED or legal_day(at) <= shipment.reserved_until:
        return False
    _release(license, shipment)
    move(shipment.lapse, by=by, at=at)
    licenses.exhaust_if_done(license, by=by)
    return True
