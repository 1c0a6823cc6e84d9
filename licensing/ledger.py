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
    line: int
    held: int
    quantity: int = 0
    value: str = "0"
    lawful: bool = False


def clear(
    license_id: int,
    lines: Sequence[SettleLine],
    *,
    shipment: int,
    shipment_ref: str,
    final: bool,
    counted: bool,
) -> Settled:
    """What customs cleared is drawn: from the reservation, then free authorization, then (of a lawful line) what lapsed
    since it was declared, then tolerance; what is beyond stands in over_cleared.

    final releases the rest of the reservation. Locks: docs/ledger.md.
    """
    return _settle("clear", license_id, lines, shipment, shipment_ref, final=final, counted=counted)


def release(
    license_id: int, lines: Sequence[SettleLine], *, shipment: int, shipment_ref: str, counted: bool
) -> Settled:
    """The reservation is free again (and lapses at once where the license has ended)."""
    return _settle("release", license_id, lines, shipment, shipment_ref, counted=counted)


def _settle(op: str, license_id: int, lines: Sequence[SettleLine], shipment: int, ref: str, **flags: bool) -> Settled:
    payload = {
        "op": op,
        "license": license_id,
        "shipment": shipment,
        "shipment_ref": ref,
        "lines": [asdict(line) for line in lines],
        **flags,
    }
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
    has beyond it. others: what other shipments have beyond it, in the order in which room is found for them."""

    line: int
    delta: int
    held: int
    over: int
    value: str
    lawful: bool
    others: Sequence[dict[str, Any]]


def correct(
    license_id: int, lines: Sequence[CorrectLine], *, shipment: int, shipment_ref: str
) -> dict[int, dict[str, Any]]:
    """What customs said of a shipment's lines is put right; what that changed, by line. Locks as a clearance."""
    payload = _about(license_id, shipment, shipment_ref, [asdict(line) for line in lines])
    row = _call("SELECT ledger_correct(%s::jsonb)", [payload])
    return {line["line"]: line for line in row["lines"]}


def credit(license_id: int, quantities: dict[int, int], *, shipment: int, shipment_ref: str) -> None:
    """What came back of these lines is on the license again."""
    lines = [{"line": line, "quantity": quantity} for line, quantity in quantities.items()]
    payload = _about(license_id, shipment, shipment_ref, lines)
    _call("SELECT to_jsonb(ledger_credit(%s::jsonb)::text)", [payload])


def _about(license_id: int, shipment: int, ref: str, lines: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"license": license_id, "shipment": shipment, "shipment_ref": ref, "lines": lines})


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
    """All lines of the license are this transaction's, in the order of docs/ledger.md. The license is held already.

    Read the clock after this: a reservation that holds a line now will commit first.
    """
    _call("SELECT to_jsonb(ledger_lock(%s)::text)", [license.pk])


def set_usable(license: License, *, usable: bool) -> None:
    """Reservations on the license are possible, or not, from this transaction's commit on.

    The license and its lines are locked already, so that none that was let through commits later.
    """
    _call("SELECT to_jsonb(ledger_usable(%s, %s)::text)", [license.pk, usable])


# What each kind of movement adds to each amount; `held` tells a draw from a reservation from a free one.
_RECOUNT = """
    SELECT l.id, l.license_id,
           l.authorized - coalesce(sum(m.quantity) FILTER (WHERE m.kind = 'authorize'), 0),
           l.credited - coalesce(sum(m.quantity) FILTER (WHERE m.kind = 'credit'), 0),
           l.tolerance - coalesce(sum(m.quantity) FILTER (WHERE m.kind = 'tolerance'), 0),
           l.reserved - coalesce(sum(CASE WHEN m.kind = 'reserve' THEN m.quantity
                                          WHEN m.kind = 'release' OR m.kind IN ('draw', 'adjust') AND m.held
                                              THEN -m.quantity
                                          ELSE 0 END), 0),
           l.drawn - coalesce(sum(m.quantity) FILTER (WHERE m.kind IN ('draw', 'adjust')), 0),
           l.lapsed - coalesce(sum(CASE WHEN m.kind = 'lapse' THEN m.quantity
                                        WHEN m.kind = 'unlapse' THEN -m.quantity ELSE 0 END), 0),
           l.over_cleared - coalesce(sum(m.quantity) FILTER (WHERE m.kind = 'over_clear'), 0)
    FROM licensing_licenseline l LEFT JOIN licensing_movement m ON m.line_id = l.id
    GROUP BY l.id
"""
_AMOUNTS = ("authorized", "credited", "tolerance", "reserved", "drawn", "lapsed", "over_cleared")


def reconcile() -> list[dict[str, int]]:
    """Every line whose balance is not the sum of its movements, with the differences; empty when all is well."""
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT)
        return [
            {"line": line, "license": license} | {k: v for k, v in zip(_AMOUNTS, drift, strict=True) if v}
            for line, license, *drift in cursor.fetchall()
            if any(drift)
        ]


def _call(sql: str, params: list[Any]) -> Any:
    """The JSON that a ledger function returned."""
    assert connection.in_atomic_block, "the ledger is written inside a verb"
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        value = cursor.fetchone()[0]
    return json.loads(value) if isinstance(value, str) else value
