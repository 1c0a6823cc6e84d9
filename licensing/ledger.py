"""The quota ledger, the only writer of license lines and movements, but for what a reservation takes: that is the one
statement of shipments/sql/reserve.sql (docs/ledger.md).

Every function here runs inside a verb's transaction. Quantities are whole base units of the control item.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections

from licensing.models import License
from licensing.models.balances import LicenseLine


@dataclass(frozen=True)
class Settled:
    """What a clearance or a release did, by license line, and what the whole license has left."""

    lines: dict[int, dict[str, int]]
    reserved: int
    available: int
    at: datetime


@dataclass(frozen=True)
class SettleLine:
    """asked, crossed, worth…: what the shipment reserved of this line, what of it crossed before, and of its value."""

    line: int
    held: int
    asked: int
    crossed: int
    worth: int
    worth_held: int
    worth_drawn: int
    quantity: int = 0
    lawful: bool = False


def clear(
    license_id: int,
    lines: Sequence[SettleLine],
    *,
    shipment: int,
    shipment_ref: str,
    end_user: int,
    final: bool,
    counted: bool,
) -> Settled:
    """What customs cleared is drawn: from the reservation, then free authorization, then (of a lawful line) what lapsed
    since it was declared, then tolerance; what is beyond stands in over_cleared. The allotment of the end-user
    (a party) is drawn too, and the value in proportion.

    final releases the rest of the reservation. Locks: core/locks.csv.
    """
    whose = {"shipment": shipment, "shipment_ref": shipment_ref, "end_user": end_user}
    return _settle("clear", license_id, lines, **whose, final=final, counted=counted)


def release(
    license_id: int,
    lines: Sequence[SettleLine],
    *,
    shipment: int,
    shipment_ref: str,
    end_user: int,
    counted: bool,
) -> Settled:
    """The reservation is free again (and lapses at once where the license has ended), on every account.

    What the shipment was given as the license's last one, of what remained, is taken back.
    """
    whose = {"shipment": shipment, "shipment_ref": shipment_ref, "end_user": end_user}
    return _settle("release", license_id, lines, **whose, counted=counted)


def _settle(op: str, license_id: int, lines: Sequence[SettleLine], **said: Any) -> Settled:
    payload = {"op": op, "license": license_id, "lines": [asdict(line) for line in lines], **said}
    row = _call("SELECT ledger_settle(%s::jsonb)", [json.dumps(payload)])
    return Settled(
        {line["line"]: line for line in row["lines"]},
        row["reserved"],
        row["available"],
        datetime.fromisoformat(row["at"]),
    )


def lapse(license: License) -> None:
    """Nothing is available on the license any more; reservations stay."""
    _call("SELECT to_jsonb(ledger_lapse(%s)::text)", [license.pk])


@dataclass(frozen=True)
class CorrectLine:
    """So much more (or less) crossed on the line than was said; held, over: what the shipment still holds of it, and
    has beyond it; asked, crossed, worth…: as of SettleLine. others: what other shipments have beyond it, in the order
    in which room is found for them."""

    line: int
    delta: int
    held: int
    over: int
    asked: int
    crossed: int
    worth: int
    worth_held: int
    worth_drawn: int
    lawful: bool
    others: Sequence[dict[str, Any]]


def correct(
    license_id: int, lines: Sequence[CorrectLine], *, shipment: int, shipment_ref: str, end_user: int
) -> dict[int, dict[str, Any]]:
    """What customs said of a shipment's lines is put right; what that changed, by line. Locks as a clearance."""
    payload = _about(license_id, shipment, shipment_ref, end_user, [asdict(line) for line in lines])
    row = _call("SELECT ledger_correct(%s::jsonb)", [payload])
    return {line["line"]: line for line in row["lines"]}


def credit(
    license_id: int, quantities: dict[int, tuple[int, int]], *, shipment: int, shipment_ref: str, end_user: int
) -> None:
    """What came back of these lines (base units, and hundredths of the value) is on the license again."""
    lines = [{"line": line, "quantity": much, "worth": worth} for line, (much, worth) in quantities.items()]
    payload = _about(license_id, shipment, shipment_ref, end_user, lines)
    _call("SELECT to_jsonb(ledger_credit(%s::jsonb)::text)", [payload])


def _about(license_id: int, shipment: int, ref: str, end_user: int, lines: Sequence[dict[str, Any]]) -> str:
    whose = {"shipment": shipment, "shipment_ref": ref, "end_user": end_user}
    return json.dumps({"license": license_id, "lines": lines, **whose})


def reopen(license: License) -> None:
    """What lapsed when the license was used up is there again."""
    _call("SELECT to_jsonb(ledger_reopen(%s)::text)", [license.pk])


def open_lines(license: License) -> list[LicenseLine]:
    """The new license has the lines that were granted, each with its authorization as first movement."""
    return list(LicenseLine.objects.raw("SELECT * FROM ledger_open(%s)", [license.pk]))


def make_months(using: str = DEFAULT_DB_ALIAS) -> int:
    """Movements have a partition each for the months to come, and none is in the default one; how many were made."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT movement_months()")
        made: int = cursor.fetchone()[0]
        return made


def lock_lines(license: License) -> None:
    """All lines of the license are this transaction's, in the order of core/locks.csv. The license is held already.

    Read the clock after this: a reservation that holds a line now will commit first.
    """
    _call("SELECT to_jsonb(ledger_lock(%s)::text)", [license.pk])


def set_usable(license: License, *, usable: bool) -> None:
    """Reservations on the license are possible, or not, from this transaction's commit on.

    The license and its lines are locked already, so that none that was let through commits later.
    """
    _call("SELECT to_jsonb(ledger_usable(%s, %s)::text)", [license.pk, usable])


def _call(sql: str, params: list[Any]) -> Any:
    """The JSON that a ledger function returned."""
    assert connection.in_atomic_block, "the ledger is written inside a verb"
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        value = cursor.fetchone()[0]
    return json.loads(value) if isinstance(value, str) else value
