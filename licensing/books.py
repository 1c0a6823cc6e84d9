"""Do the ledger's books agree? Balances with movements, movements with their chains, both with what stands beside them.

Nothing here changes a balance: what differs is told, and stops its license (licensing.actions.licenses.freeze).
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

# Functions of apps above: f(licenses bigint[]) gives what of theirs does not agree with the movements, as ledger_drift.
WITNESSES: list[str] = []


@dataclass(frozen=True)
class Drift:
    """what: which amount of a line, or which kind of disagreement; by how much, or at which movement."""

    license: int
    line: int
    what: str
    off: int

    def __str__(self) -> str:
        return f"line {self.line}, {self.what} ({self.off})"


def drift(licenses: Collection[int] | None = None) -> list[Drift]:
    """All that does not agree, of these licenses or of all, each chain followed from its beginning."""
    return _read("ledger_drift", licenses, True)


def check(*, whole: bool) -> dict[int, list[Drift]]:
    """The same by license; lines that agree are followed from here the next time.

    whole: of everything, from the beginning; else of the licenses on which something moved since they were looked at.
    """
    licenses = None if whole else _moved()
    found = defaultdict(list)
    for one in _read("ledger_check", licenses, whole) if whole or licenses else ():
        found[one.license].append(one)
    return dict(found)


@dataclass(frozen=True)
class PoolDrift:
    """A pool that does not agree; what and off as of Drift. newly: it is stopped only now."""

    pool: int
    what: str
    off: int
    newly: bool


def check_pools(*, whole: bool) -> list[PoolDrift]:
    """What of national pools does not agree with its movements, their chain and the approved changes; each such pool is
    frozen. whole: from the beginning, else from where they were found right."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pool_id, what, off, newly FROM pool_check(%s)", [whole])
        return [PoolDrift(pool, what, int(off), newly) for pool, what, off, newly in cursor.fetchall()]


def _moved() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT l.license_id FROM licensing_licenseline l"
            " LEFT JOIN licensing_linecheck c ON c.line_id = l.id WHERE l.chain_seq <> coalesce(c.seq, 0)"
        )
        return [license for (license,) in cursor.fetchall()]


def _read(function: str, licenses: Collection[int] | None, whole: bool) -> list[Drift]:
    ids = None if licenses is None else list(licenses)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT license_id, line_id, what, off FROM {function}(%s::bigint[], %s)", [ids, whole])
        rows = cursor.fetchall()
        for witness in WITNESSES:
            cursor.execute(f"SELECT license_id, line_id, what, off FROM {witness}(%s::bigint[])", [ids])
            rows += cursor.fetchall()
    return sorted((Drift(a, b, what, int(off or 0)) for a, b, what, off in rows), key=str)
