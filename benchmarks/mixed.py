"""Everything at once on the same licenses: single reservations, twenty in a row, clearances, and the sweep."""

import random
import time
from collections.abc import Callable
from typing import Any

from benchmarks.drawdown import reserving
from benchmarks.load import load
from benchmarks.pgbench import CLIENTS
from benchmarks.rounds import ROUNDS, SECONDS
from benchmarks.shelf import Shelf, fill

TARGETS = {"mixed": {"deadlocks": 0, "drift": 0, "p99_per_solo": 5}}
CEILINGS = {"mixed": {"deadlocks": 0, "drift": 0}}
MIXED = 500_000_000  # where its licenses begin
BULK, ROWS = 0.05, 20
NUMBER = 1_000  # licenses: few enough for all of these to meet
OVERDUE = """
    UPDATE shipments_shipment SET reserved_until = %s WHERE id IN (
        SELECT id FROM shipments_shipment WHERE license_id > %s AND state = 'reserved' ORDER BY id LIMIT 200
        FOR NO KEY UPDATE SKIP LOCKED)
"""


def mixed(world: Any) -> dict[str, Any]:
    """p99_ms: of single reservations in the mixture; deadlocks: also those that were tried again."""
    from licensing import books

    shelf = fill(world, NUMBER, MIXED)
    solo, all_, seconds = reserving(shelf, shelf.number), _client(world, shelf), ROUNDS * SECONDS
    load(solo, clients=CLIENTS, seconds=1)
    before = _deadlocks()
    alone = load(solo, clients=CLIENTS, seconds=seconds)
    found = load(all_, clients=CLIENTS + 2, seconds=seconds)
    time.sleep(1.5)  # what PostgreSQL counts, it tells a second later
    ours = (row for row in books.drift() if MIXED < (row.line or 0) <= MIXED + NUMBER)
    drift = [row for row in ours if row.what in ("reserved", "drawn", "lapsed", "over_cleared")]
    p99, p99_solo = (one.percentile(0.99) * 1_000 for one in (found, alone))
    return {
        "rate": found.rate,
        "solo": alone.rate,
        "lapsed": _lapsed(),
        "deadlocks": _deadlocks() - before,
        "drift": len(drift),
        "p99_ms": p99,
        "p99_solo_ms": p99_solo,
        "p99_per_solo": p99 / p99_solo,
    }


def _client(world: Any, shelf: Shelf) -> Callable[[int], Callable[[], Any]]:
    """The first sweeps, the second clears, the others reserve."""

    def client(number: int) -> Callable[[], Any]:
        one, draw = reserving(shelf, shelf.number)(number), random.Random(number)

        def reserve() -> bool:
            bulk = draw.random() < BULK
            for _ in range(ROWS if bulk else 1):
                one()
            return not bulk

        def clear() -> bool:
            from shipments.actions import reserve

            request = shelf.request(draw.randint(1, shelf.number), f"M-{draw.getrandbits(80):x}-{time.monotonic()}")
            world.clear(reserve(request, by=shelf.exporter).ref, 1, message_id=request.client_reference)
            return False

        def sweep() -> bool:
            from django.db import connection

            from core.legal_time import legal_today
            from shipments.tasks import lapse_reservations

            with connection.cursor() as cursor:
                cursor.execute(OVERDUE, [legal_today().replace(year=2020), MIXED])
            lapse_reservations()
            return False

        return {0: sweep, 1: clear}.get(number, reserve)

    return client


def _lapsed() -> int:
    from shipments.models import Shipment

    return Shipment.objects.filter(license_id__gt=MIXED, state="expired").count()


def _deadlocks() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        found: int = cursor.fetchone()[0]
        return found


MEASURES = {"mixed": mixed}
