"""Taking quota for a shipment, and giving it back: reserve, cancel, lapse."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import proof
from core.access import Actor
from core.command import busy, command, command_of_one_statement
from core.errors import Invalid, NotFound, Problem
from core.graphs import has_move
from core.history import move, require
from core.idempotency import Answer, Answered, Claim, blank, earlier, with_blanks
from core.legal_time import legal_day, legal_now
from core.locks import lock
from core.quantities import show
from core.references import draw
from exporters.models import Party
from licensing.actions import licenses
from licensing.elements import DECLARED, contents
from licensing.models import License
from licensing.selectors import judged
from licensing.states import LicenseState
from shipments import ledger
from shipments.models import LATE_DAYS, RESERVED_DAYS, Shipment
from shipments.refusals import refusal
from shipments.requests import LineRequest, Reserved, ShipmentRequest
from shipments.selectors import shipments_for

DAYS_AHEAD_MOST = 90
TOO_FAR = gettext_lazy("The planned day is today or up to {days} days ahead (Asia/Shanghai).")


def too_far(planned: date, today: date) -> bool:
    """Nothing may be planned for that day yet, or any more."""
    return not 0 <= (planned - today).days <= DAYS_AHEAD_MOST


@dataclass(frozen=True)
class Outlook:
    """Whether the request would be accepted, and every guard that it fails, in order."""

    accepted: bool
    failures: list[dict[str, Any]]


def check(request: ShipmentRequest, *, by: Actor) -> Outlook:
    """Every guard's verdict on the request, and whether its reference is free; no effect. Raises as `reserve` does."""
    said = _asked(stated_of(request, by.organization_id), by, dry=True)
    found(said)
    return Outlook(said["accepted"], said["failures"])


@command_of_one_statement
def reserve(claim: Claim | None, request: ShipmentRequest, *, by: Actor) -> Reserved | Answer:
    """The shipment exists and its quantity is reserved, or a refusal names every guard that failed.

    The license's validity, state and room are judged by the ledger after its locks; all of it, the answer under a key
    too, is shipment_reserve in shipments/sql/reserve.sql. Raises NotFound for a license that is not the actor's,
    Invalid for what is wrong with the request itself, DomainError 409 with the first failed guard's code.
    """
    ref = draw(Shipment.PREFIX)
    stated = stated_of(request, by.organization_id) | {"ref": ref, "actor": by.user.pk}
    if claim is None:
        return outcome(request, ref, _asked(stated, by))
    draft = claim.render(_with_blanks(request, ref))
    keeps = with_blanks(draft, 2 + len(request.lines))
    said = _asked(stated | {"key": claim.key, "fingerprint": claim.fingerprint}, by, answer=keeps)
    if kept := earlier(claim, said.get("earlier")):
        raise Answered(kept)
    if "answer" not in said:
        outcome(request, ref, said)
    return replace(draft, body=said["answer"])


def outcome(request: ShipmentRequest, ref: str, said: Mapping[str, Any]) -> Reserved:
    """What shipment_reserve said, who was asked to make it under this reference. Raises as `reserve` does."""
    found(said)
    if not said["accepted"]:
        raise refusal(said["failures"])
    left = {line["line"]: line["available_after"] for line in said["lines"]}
    return Reserved(
        ref=ref,
        request=request,
        reserved_until=said["reserved_until"],
        available_after={line.license_line: show(left[line.license_line], line.unit) for line in request.lines},
    )


def _with_blanks(request: ShipmentRequest, ref: str) -> Reserved:
    """What will be, but for what shipment_reserve fills in, in its order; the second is not asked for."""
    left = {line.license_line: blank(number) for number, line in enumerate(request.lines, 3)}
    return Reserved(ref, request, reserved_until=blank(1), available_after=left)


def stated_of(request: ShipmentRequest, organization_id: int | None) -> dict[str, Any]:
    """The request as shipment_reserve reads it."""
    return {
        "organization": organization_id,
        "license": request.license,
        "client_reference": request.client_reference,
        "end_user": request.end_user,
        "consignee": request.consignee,
        "destination": request.destination,
        "port": request.port,
        "planned_on": request.planned_on.isoformat(),
        "final": request.final,
        "days_ahead": DAYS_AHEAD_MOST,
        "reserved_days": RESERVED_DAYS,
        "late_days": LATE_DAYS,
        "lines": [
            {
                "line": line.license_line,
                "quantity": line.quantity,
                "unit": line.unit,
                "hs": line.hs_code,
                "value": None if line.value is None else str(line.value),
                "currency": line.currency,
                "composition": line.composition,
                "oxide": line.oxide,
                "contents": line.contents,
            }
            for line in request.lines
        ],
    }


def request_of(stated: Mapping[str, Any]) -> ShipmentRequest:
    """What `stated_of` stated."""
    plain = ("license", "client_reference", "end_user", "consignee", "destination", "port", "final")
    return ShipmentRequest(
        **{name: stated[name] for name in plain},
        planned_on=date.fromisoformat(stated["planned_on"]),
        lines=[
            LineRequest(
                license_line=line["line"],
                quantity=line["quantity"],
                unit=line["unit"],
                hs_code=line["hs"],
                value=None if line["value"] is None else Decimal(line["value"]),
                currency=line["currency"],
                composition=line["composition"],
                oxide=line.get("oxide", ""),  # a bulk may have been stated before these were asked for
                contents=line.get("contents") or contents(line["composition"], DECLARED, ""),
            )
            for line in stated["lines"]
        ],
    )


def _asked(
    stated: dict[str, Any], by: Actor, *, answer: Mapping[str, Any] | None = None, dry: bool = False
) -> dict[str, Any]:
    """What shipment_reserve says. Where no verdict knows the newest edition it wrote nothing and holds no lock: the
    rules are asked here, and their answer is brought along to the second call.

    Raises 503 `busy` when another edition came in between: the next try knows that.
    """
    said = _reserve(stated, by, answer, dry)
    if said.get("behind"):
        said = _reserve(stated | {"judged": judged_of(stated)}, by, answer, dry)
        if said.get("behind"):
            raise busy()
    return said


def found(said: Mapping[str, Any]) -> None:
    """Raises NotFound for a license that is not theirs, Invalid for what is wrong with the request itself."""
    if "missing" in said:
        raise NotFound()
    if problems := said.get("problems"):
        raise Invalid([_problem(one) for one in problems])


def _reserve(stated: Mapping[str, Any], by: Actor, answer: Mapping[str, Any] | None, dry: bool) -> dict[str, Any]:
    sql, key = proof.proving_first(by, "shipment_reserve(%s::jsonb, %s, %s::jsonb)")
    with connection.cursor() as cursor:
        cursor.execute(sql, [*key, json.dumps(stated), dry, None if answer is None else json.dumps(answer)])
        (text,) = cursor.fetchone()
    proof.heard(by, text)
    said: dict[str, Any] = json.loads(text)
    return said


def judged_of(stated: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the newest rules say of the request, where no verdict knows them."""
    of_exporter = {"exporter": stated["organization"]}
    license = License.objects.select_related("application").get(ref=stated["license"], **of_exporter)
    party = Party.objects.get(ref=stated["end_user"], **of_exporter)
    return judged(license, party.pk, stated["destination"], {line["line"] for line in stated["lines"]})


def _problem(found: Mapping[str, Any]) -> Problem:
    messages = {
        "unknown-reference": _("There is no such party in your address book."),
        "date-out-of-range": TOO_FAR.format(days=DAYS_AHEAD_MOST),
        "required": _("The license caps the value of this line; state it, best in {currency}."),
        "element-required": _(
            "The national quota {pool} counts {element}, and the license does not say how much of it the goods "
            "contain. State its mass fraction, or the oxide that the goods are."
        ),
        "oxide-of-another": _("The goods of this line are of {element}; name its oxide."),
        "no-rate": _("There is no rate of {stated} for this month. State the value in {currency}."),
    }
    text = messages[found.get("why", found["code"])].format_map(defaultdict(str, found))
    return Problem(found["pointer"], found["code"], text)


def lock_with_license(rows: QuerySet[Shipment], **named: Any) -> tuple[License, Shipment]:
    """The shipment and its license are this transaction's, the license first (docs/ledger.md), and whatever took its
    place: what closes that closes what is reserved here."""
    license = lock(License.objects.filter(shipments__in=rows.filter(**named)))
    _lock_after(license)
    shipment = lock(rows, **named)
    shipment.license = license
    return license, shipment


def _lock_after(license: License) -> None:
    while license.state == LicenseState.REPLACED:
        after = lock(License.objects.filter(replaces=license))
        license.replaced_by = after
        license = after


def release(shipment: Shipment, *, crossed: bool = False) -> None:
    """Nothing of the shipment is reserved any more; its lines say what was released. It is a clearance no more, unless
    some of it crossed."""
    ledger.settle(shipment, clears=crossed, final=True)
    follow(shipment)


def follow(shipment: Shipment) -> list[dict[str, Any]]:
    """National pools count what the shipment's lines say now; what went beyond a pool's room by it: {pool, over}."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT shipment_pools(%s)", [shipment.pk])
        beyond: list[dict[str, Any]] = json.loads(cursor.fetchone()[0])
        return beyond


@command
def cancel(ref: str, *, by: Actor) -> Shipment:
    """The shipment is off, and what it reserved is free again, or has lapsed where the license is over."""
    license, shipment = lock_with_license(shipments_for(by), ref=ref)
    require(shipment.cancel, by=by)
    release(shipment)
    move(shipment.cancel, by=by)
    licenses.exhaust_if_done(license, by=by)
    return shipment


@command
def lapse(pk: int, *, by: Actor) -> bool:
    """The reservation has lapsed when its last day is over, as if it were cancelled; else nothing. May run twice."""
    license, shipment = lock_with_license(Shipment.objects.all(), pk=pk)
    at = legal_now()
    if not has_move(shipment.lapse) or not shipment.past_on(legal_day(at)):
        return False
    release(shipment)
    move(shipment.lapse, by=by, at=at)
    licenses.exhaust_if_done(license, by=by)
    return True
