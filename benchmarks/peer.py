"""pgledger, which keeps a ledger in plain SQL as ours does: what a transfer costs there.

It is not ours to ship: PGLEDGER_SQL names its file, after that of the uuid_to_ulid that it calls, a colon between.
"""

import os
from pathlib import Path

from benchmarks.pgbench import rate

FILES = [Path(name) for name in os.environ.get("PGLEDGER_SQL", "").split(":") if name]
GROUND = """
    DROP SCHEMA IF EXISTS bench_peer CASCADE;
    CREATE SCHEMA bench_peer;
    SET search_path = bench_peer, public;
    {files};
    INSERT INTO pgledger_accounts (id, name, currency, balance, allow_negative_balance, allow_positive_balance,
            created_at, updated_at)
        SELECT side || n, side || n, 'kg', CASE side WHEN 'quota-' THEN 1000000000 ELSE 0 END, false, true, now(), now()
        FROM generate_series(1, {number}) n, unnest(ARRAY['quota-', 'used-']) side;
    ANALYZE pgledger_accounts;
    RESET search_path;
    ALTER ROLE CURRENT_USER SET search_path = public, bench_peer
"""
# A gram from a quota to what was used of it: a transfer, its two entries, both balances.
SCRIPT = """\\set id random(1, {most})
SELECT pgledger_create_transfer('quota-' || :id, 'used-' || :id, '1');
"""


def lay(number: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(GROUND.format(files=";".join(file.read_text() for file in FILES), number=number))


def transfers(most: int, seconds: int) -> float:
    """Transfers a second, of the first `most` quotas."""
    return rate(SCRIPT.format(most=most), seconds=seconds)
