"""What a shipment does to the quota of its license after its reservation: the doors of shipments/sql/doors.sql, which
read and write the shipment's lines (docs/ledger.md).

Every function here runs inside a verb's transaction. Quantities are whole base units of the control item.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from shipments.models import Shipment, ShipmentLine


@dataclass(frozen=True)
class Crossing:
    """What customs says of a line: so much crossed, in a unit of it; so much more (or less) than it said before.
    lawful: it may take back what lapsed."""

    line: int
    quantity: int
    unit: str
    lawful: bool
    delta: int = 0


def settle(
    shipment: Shipment, crossed: Collection[Crossing] = (), *, clears: bool, final: bool = False
) -> dict[int, dict[str, int]]:
    """What customs cleared is drawn: from the reservation, then free authorization, then (of a lawful line) what lapsed
    since it was declared, then tolerance; what is beyond stands in over_cleared. The allotment of the end-user is drawn
    too, and the value in proportion. What was done, by line.

    final, or that it does not clear anything, releases the rest of the reservation (which lapses at once where the
    license has ended), on every account; what the shipment was given as the license's last one is taken back. One that
    clears counts as a clearance from then on, one that does not no more. Locks: core/locks.csv.
    """
    return _told("shipment_settle", shipment, crossed, clears=clears, final=final)


def correct(shipment: Shipment, crossed: Collection[Crossing]) -> dict[int, dict[str, Any]]:
    """What customs said of the shipment's lines is put right, and what others had beyond the license finds the room
    that comes of it; what that changed, by line. Locks as a clearance."""
    return _told("shipment_correct", shipment, crossed)


def credit(shipment: Shipment, quantities: Mapping[int, int]) -> None:
    """What came back of these lines is on the license again."""
    lines = [{"line": line, "quantity": much} for line, much in quantities.items()]
    _asked("shipment_credit", {"shipment": shipment.pk, "lines": lines})


def _told(door: str, shipment: Shipment, crossed: Collection[Crossing], **more: Any) -> dict[int, dict[str, Any]]:
    lines = [vars(one) for one in crossed]
    said = json.loads(_asked(door, {"shipment": shipment.pk, "lines": lines, **more}))
    return {line["line"]: line for line in said["lines"]}


def _asked(door: str, request: Mapping[str, Any]) -> Any:
    assert connection.in_atomic_block, "the ledger is written inside a verb"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {door}(%s::jsonb)", [json.dumps(request)])
        return cursor.fetchone()[0]


def lines_now(shipment: Shipment) -> list[ShipmentLine]:
    """Its lines as they stand now, by their number."""
    return list(shipment.lines.order_by("line_number"))
