"""What is asked of the ledger for a shipment, and what came of it, read and without a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


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
    oxide: str = ""
    contents: dict[str, dict[str, str]] = field(default_factory=dict)  # of composition and oxide: licensing.elements


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
    """A shipment that was accepted as it was asked for, and what each license line has left after it. No row is made of
    it: that would cost its caller more than the ledger does. Values as on the wire, or blanks (core.idempotency)."""

    ref: str
    request: ShipmentRequest
    reserved_until: str
    available_after: Mapping[int, str]
