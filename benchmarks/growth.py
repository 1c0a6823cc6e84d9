"""What a reservation costs with ever more movements in the table, all of the present month: `ledger_take` alone."""

from statistics import median
from typing import Any

from benchmarks.ground import SCALE
from benchmarks.limits import lay
from benchmarks.pgbench import rate
from benchmarks.rounds import ROUNDS, SECONDS
from benchmarks.shelf import FIRST, shelf_of
from benchmarks.take_alone import script_of

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
MOST = 10_000_000 * SCALE  # and a million at least
FILLED = """
    INSERT INTO licensing_movement (id, at, exporter_id, license_id, line_id, line_number, kind, quantity, held,
            shipment_ref, available_after)
        SELECT nextval('licensing_movement_seq'), legal_now(), l.exporter_id, l.license_id, l.id, l.number,
            CASE WHEN n %% 2 = 1 THEN 'reserve' ELSE 'release' END, 1, true, '', l.authorized
        FROM generate_series(1, %(more)s) n
        JOIN licensing_licenseline l ON l.id = %(first)s + 1 + n::bigint * 7919 %% %(number)s
"""


def growth(world: Any) -> dict[str, Any]:
    """For each size: reservations a second, and what that is of L1, measured before and after each."""
    from django.db import connection

    shelf = shelf_of(world)
    spread, _ = lay(shelf)
    script, figures, parts = script_of(world, shelf.number), {}, {}
    for size in (one for one in SIZES if one <= max(MOST, 1_000_000)):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM licensing_movement")
            more = size - cursor.fetchone()[0]
            cursor.execute(FILLED, {"more": more, "first": FIRST, "number": shelf.number})
            cursor.execute("VACUUM ANALYZE licensing_movement")
        limit, rates, ratios = spread.l1(SECONDS), [], []
        for _ in range(ROUNDS):
            rates.append(rate(script, seconds=SECONDS))
            after = spread.l1(SECONDS)
            ratios.append(rates[-1] * 2 / (limit + after))
            limit = after
        figures[f"rate_{size}"], parts[size] = median(rates), median(ratios)
        figures[f"per_l1_{size}"] = parts[size]
    return figures | {"last_per_first": parts[max(parts)] / parts[min(parts)]}


MEASURES = {"growth": growth}
