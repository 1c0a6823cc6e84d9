"""What sweeps go over: licenses that are over, beside one statement that writes the same rows; the sums of lines."""

import time
from datetime import timedelta
from typing import Any

from benchmarks.ground import SCALE, transactions
from benchmarks.rounds import ROUNDS, compared
from benchmarks.shelf import fill

TARGETS = {"sweep_expire_1m": {"per_bare": 0.50}, "reconcile_10m": {"per_bare": 0.8}}
FLOORS = {"sweep_expire_1m": {"per_bare": 0.30}, "reconcile_10m": {"per_bare": 0.5}}
CEILINGS = {"sweep_expire_1m": {"longest_s": 0.5}}
OVER, BOOKED = 200_000_000, 300_000_000  # where their licenses begin
EACH = 100  # movements of a line
EXPIRED = """
    WITH due AS (
        UPDATE licensing_license SET state = 'expired' WHERE id IN (
            SELECT id FROM licensing_license WHERE id > %(first)s AND state = 'active' AND usable_until < %(today)s
            ORDER BY id LIMIT %(many)s)
        RETURNING id, ref),
    line AS (
        UPDATE licensing_licenseline l SET open = false, lapsed = authorized - reserved - drawn
        FROM due WHERE l.license_id = due.id RETURNING l.*),
    movement AS (
        INSERT INTO licensing_movement (id, at, exporter_id, license_id, line_id, line_number, kind, quantity, held,
                shipment_ref, available_after)
            SELECT nextval('licensing_movement_seq'), now(), exporter_id, license_id, id, number, 'lapse', lapsed,
                false, '', 0 FROM line),
    history AS (
        INSERT INTO core_historyline (subject_kind, subject_id, subject_ref, seq, verb, from_state, to_state, actor_id,
                at, reason, edition, facts, previous_hash, hash)
            SELECT 'license', id, ref, 1, 'expire', 'active', 'expired', %(clock)s, now(), '', '', '{}', '',
                repeat('0', 64) FROM due
            RETURNING id)
    INSERT INTO core_delivery (line_id, consumer, due_at, tries, error) SELECT id, 'mail', now(), 0, '' FROM history
"""
BOOKS = """
    INSERT INTO licensing_movement (id, at, exporter_id, license_id, line_id, line_number, kind, quantity, held,
            shipment_ref, available_after)
        SELECT nextval('licensing_movement_seq'), now(), exporter_id, license_id, l.id, number,
            CASE WHEN n = 0 THEN 'authorize' WHEN n %% 2 = 1 THEN 'reserve' ELSE 'release' END,
            CASE WHEN n = 0 THEN authorized ELSE 1 END, false, '', authorized
        FROM licensing_licenseline l, generate_series(0, %s) n WHERE l.id > %s
"""


def sweep_expire_1m(world: Any) -> dict[str, Any]:
    """Licenses a second. Of twice as many half are over, and each round has its part of them."""
    from django.db import connection

    from core.access import clock
    from core.legal_time import legal_today
    from core.sweeps import BATCH, batch
    from licensing.models import License
    from licensing.models.balances import LicenseLine
    from tests.book import unguarded

    shelf, today = fill(world, max(20_000, int(2_000_000 * SCALE)), OVER), legal_today()
    ended = {"usable_from": today - timedelta(days=300), "usable_until": today - timedelta(days=1)}
    last = OVER + shelf.number // 2
    with unguarded():
        License.objects.filter(pk__gt=OVER, pk__lte=last).update(**ended)
        LicenseLine.objects.filter(pk__gt=OVER, pk__lte=last).update(**ended)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE licensing_license, licensing_licenseline")
    part, by = (last - OVER) // (2 * ROUNDS + 1), clock().user.pk
    each = min(BATCH, part)
    part -= part % each
    said = {"first": OVER, "today": today, "many": part, "clock": by}
    longest: list[float] = []

    def swept() -> float:
        began = time.monotonic()
        for _ in range(part // each):
            _, one = transactions(lambda: done.append(batch("license_expire", each, by, True)))
            longest.append(one)
        assert done[-1] == (each, [])
        return part / (time.monotonic() - began)

    def bare() -> float:
        began = time.monotonic()
        with unguarded(), connection.cursor() as cursor:
            cursor.execute(EXPIRED, said)
            assert cursor.rowcount == part
        return part / (time.monotonic() - began)

    done: list[Any] = []
    return {"licenses": part} | compared(swept, bare=bare) | {"longest_s": max(longest)}


def reconcile_10m(world: Any) -> dict[str, Any]:
    """Movements a second, of lines that agree with theirs."""
    from django.db import connection

    from licensing import books
    from tests.book import unguarded

    shelf = fill(world, max(1_000, int(10_000_000 * SCALE) // EACH), BOOKED)
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(BOOKS, [EACH, BOOKED])
        cursor.execute("ANALYZE licensing_movement")
    many = shelf.number * (EACH + 1)

    def summed() -> float:
        began = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("SELECT line_id, kind, sum(quantity) FROM licensing_movement GROUP BY line_id, kind")
            cursor.fetchall()
        return many / (time.monotonic() - began)

    def reconciled() -> float:
        began = time.monotonic()
        drift = books.drift()
        assert not [row for row in drift if row.line > BOOKED and row.what in ("reserved", "drawn")]
        return many / (time.monotonic() - began)

    return compared(reconciled, bare=summed)


MEASURES = {one.__name__: one for one in (sweep_expire_1m, reconcile_10m)}
