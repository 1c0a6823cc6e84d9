"""What sweeps go over: licenses that are over, beside one statement that writes the same rows; the sums of lines; the
books from their beginning, chains and all."""

import time
from datetime import timedelta
from typing import Any

from benchmarks.ground import SCALE, transactions
from benchmarks.rounds import ROUNDS, compared
from benchmarks.shelf import fill

TARGETS = {"sweep_expire_1m": {"per_bare": 0.50}, "reconcile_10m": {"per_bare": 0.8}}
FLOORS = {"sweep_expire_1m": {"per_bare": 0.30}, "reconcile_10m": {"per_bare": 0.5}, "books_1m": {"chain": 50_000}}
CEILINGS = {"sweep_expire_1m": {"longest_s": 0.5}, "books_1m": {"longest_s": 5}}
OVER, BOOKED, WHOLE = 200_000_000, 300_000_000, 400_000_000  # where their licenses begin
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
            shipment_ref, available_after, transaction, seq, digest)
        SELECT nextval('licensing_movement_seq'), now(), exporter_id, license_id, l.id, number,
            CASE WHEN n = 0 THEN 'authorize' WHEN n %% 2 = 1 THEN 'lapse' ELSE 'unlapse' END,
            CASE WHEN n = 0 THEN authorized ELSE 1 END, false, '', authorized - n %% 2, 0, n + 1, ''
        FROM licensing_licenseline l, generate_series(0, %s) n WHERE l.id > %s
"""
# They were found right up to the last.
RIGHT = """
    UPDATE licensing_licenseline SET chain_seq = %s + 1, chain_digest = '' WHERE id > %s;
    INSERT INTO licensing_linecheck (line_id, seq, digest, at)
        SELECT id, chain_seq, chain_digest, now() FROM licensing_licenseline WHERE id > %s
"""
ACCOUNTS = """
    SELECT line_id, account, end_user_id, kind, held, sum(quantity) FROM licensing_movement
    GROUP BY line_id, account, end_user_id, kind, held
"""
CHAIN = """
    SELECT count(*), count(*) FILTER (WHERE k.digest IS DISTINCT FROM ledger_digest(k.before, k.m)) FROM (
        SELECT m, m.digest, coalesce(lag(m.digest) OVER (PARTITION BY m.line_id ORDER BY m.seq), '') AS before
        FROM licensing_movement m WHERE m.license_id > %s) k
"""
# Every line's movements, and every shipment's, as the verbs chain them.
CHAINED = """
    DO $$ DECLARE
        line licensing_licenseline; m licensing_poolmovement; pool licensing_quotapool; had bigint; one record;
    BEGIN
        FOR line IN SELECT * FROM licensing_licenseline WHERE id > {first} ORDER BY id LOOP
            had := line.authorized;
            UPDATE licensing_licenseline SET chain_seq = 0, chain_digest = '' WHERE id = line.id;
            line.authorized := 0; line.chain_seq := 0; line.chain_digest := '';
            line := ledger_post(line, 'authorize', had, false, NULL, NULL, now());
            FOR one IN SELECT * FROM shipments_shipment WHERE license_id = line.license_id ORDER BY id LOOP
                line := ledger_post(line, 'reserve', 1000, true, one.id, one.ref, now());
            END LOOP;
            PERFORM ledger_keep(line);
        END LOOP;
        SELECT * INTO STRICT pool FROM licensing_quotapool WHERE ref = 'Q-BOOKS';
        FOR one IN SELECT * FROM shipments_shipment WHERE id > {first} ORDER BY id LOOP
            m.pool_id := pool.id; m.seq := pool.chain_seq + 1; m.at := now(); m.kind := 'use'; m.state := '';
            m.license_id := one.license_id; m.shipment_id := one.id; m.shipment_ref := one.ref; m.line_number := 1;
            m.gross := 1000; m.share := 1; m.basis := 'gross'; m.amount := 1000; m.over := 0;
            m.used_after := pool.used + 1000; m.digest := pool_digest(pool.chain_digest, m);
            INSERT INTO licensing_poolmovement (pool_id, seq, at, kind, state, license_id, shipment_id, shipment_ref,
                    line_number, gross, share, basis, amount, over, used_after, digest)
                VALUES (m.pool_id, m.seq, m.at, m.kind, m.state, m.license_id, m.shipment_id, m.shipment_ref,
                    m.line_number, m.gross, m.share, m.basis, m.amount, m.over, m.used_after, m.digest);
            pool.chain_seq := m.seq; pool.used := m.used_after; pool.chain_digest := m.digest;
        END LOOP;
        UPDATE licensing_quotapool SET chain_seq = pool.chain_seq, used = pool.used, chain_digest = pool.chain_digest
            WHERE id = pool.id;
    END $$;
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
    """Movements a second, of lines that agree with theirs: the sums of every account, and chains from where they were
    found right; from their beginning they have a figure of their own (books_1m)."""
    from django.db import connection

    from licensing import books
    from tests.book import unguarded

    shelf = fill(world, max(1_000, int(10_000_000 * SCALE) // EACH), BOOKED)
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(BOOKS, [EACH, BOOKED])
        cursor.execute(RIGHT, [EACH, BOOKED, BOOKED])
        cursor.execute("ANALYZE licensing_movement, licensing_licenseline, licensing_linecheck")
    many = shelf.number * (EACH + 1)

    def summed() -> float:
        began = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute(ACCOUNTS)
            cursor.fetchall()
        return many / (time.monotonic() - began)

    def reconciled() -> float:
        began = time.monotonic()
        drift = books.drift(whole=False)
        assert {row.what for row in drift if (row.line or 0) > BOOKED} <= {"not as granted"}  # copies have no decision
        return many / (time.monotonic() - began)

    return compared(reconciled, bare=summed)


def books_1m(world: Any) -> dict[str, Any]:
    """The nightly look over shipments with their movements, in a national quota too: seconds, its longest statement,
    and movements a second whose chain is followed from its beginning."""
    from django.db import connection

    from licensing import books
    from shipments.models import Shipment, ShipmentLine
    from tests import make
    from tests.book import unguarded

    scope = {"measure": "gross", "element": "", "category": "magnet"}
    make.pool(world.ministry, "Q-BOOKS", 10**9, **scope)
    shelf = fill(world, max(100, int(1_000_000 * SCALE) // EACH), WHOLE)
    shipment = world.shipment(world.license(kilograms=100), 1_000)
    key = f"({WHOLE}::bigint + (n - 1) * {EACH} + e)"
    said = {"id": key, "shipment_id": key, "license_id": f"{WHOLE} + n", "ref": f"'SH' || {key}"}
    said |= {"client_reference": f"'B-' || {key}"}
    with unguarded(), connection.cursor() as cursor:
        for model, row in ((Shipment, shipment), (ShipmentLine, shipment.lines.get())):
            columns = [field.column for field in model._meta.concrete_fields]
            cursor.execute(
                f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE"
                f" SELECT {', '.join(said.get(column, column) for column in columns)} FROM {model._meta.db_table},"
                f" generate_series(1, {shelf.number}) n, generate_series(1, {EACH}) e WHERE id = %s",
                [row.pk],
            )
        cursor.execute(CHAINED.replace("{first}", str(WHOLE)))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE licensing_movement, licensing_poolmovement, licensing_licenseline")
        cursor.execute("VACUUM ANALYZE shipments_shipment, shipments_shipmentline")
    many, took = shelf.number * (EACH + 1), [0.0]

    def timed(execute: Any, *words: Any) -> Any:
        began = time.monotonic()
        try:
            return execute(*words)
        finally:
            took.append(time.monotonic() - began)

    began = time.monotonic()
    with connection.execute_wrapper(timed):
        found = [one for some in books.check(whole=True).values() for one in some if one.license > WHOLE]
        found_of_pools = books.check_pools(whole=True)
    seconds = time.monotonic() - began
    # copies have no decision of their own, and no history
    strange = {one.what for one in found} - {"not as granted", "no history of a movement"}
    assert not strange, strange
    assert not found_of_pools, found_of_pools[:5]
    with connection.cursor() as cursor:
        began = time.monotonic()
        cursor.execute(CHAIN, [WHOLE])
        assert cursor.fetchone() == (many, 0)
    return {"movements": many, "seconds": seconds, "longest_s": max(took), "chain": many / (time.monotonic() - began)}


MEASURES = {one.__name__: one for one in (sweep_expire_1m, reconcile_10m, books_1m)}
