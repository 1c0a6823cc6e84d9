"""Do the ledger's books agree? Balances with movements, movements with their chains, both with what stands beside them.

Nothing here changes a balance: what differs is told, and stops its license (licensing.actions.licenses.freeze).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

# Functions of apps above: f(licenses bigint[]) gives what of theirs does not agree with the movements, as ledger_drift.
WITNESSES: list[str] = []
PIECE = 20_000  # movements that one statement goes through: it takes a second or two, of any number of them
LICENSES = 1_000  # at most of these, which may have few movements
FIRST = -(2**63)  # before every license: nobody has such a key, and who forges one may take it

# The licenses from one on of which the movements are about a piece; none where no license is left.
_NEXT = """
    SELECT max(license_id) FROM (
        SELECT license_id, sum(sum(chain_seq)) OVER (ORDER BY license_id) - sum(chain_seq) AS before
        FROM licensing_licenseline WHERE license_id > %s GROUP BY license_id ORDER BY license_id LIMIT %s) next
    WHERE before < %s
"""
# What has something in the books in a range, though its license, or its lines, be gone.
_BETWEEN = """
    SELECT id FROM licensing_license WHERE id > %(after)s AND (%(upto)s IS NULL OR id <= %(upto)s)
    UNION SELECT license_id FROM licensing_licenseline
        WHERE license_id > %(after)s AND (%(upto)s IS NULL OR license_id <= %(upto)s)
    UNION SELECT license_id FROM licensing_movement
        WHERE license_id > %(after)s AND (%(upto)s IS NULL OR license_id <= %(upto)s)
    ORDER BY 1
"""


@dataclass(frozen=True)
class Drift:
    """what: which amount of a line, or which kind of disagreement; by how much, or at which movement.

    line: none where it is the line that is missing; `what` has its number.
    """

    license: int
    line: int | None
    what: str
    off: int

    def __str__(self) -> str:
        return f"line {self.line}, {self.what} ({self.off})"


def drift(licenses: Collection[int] | None = None, *, whole: bool = True) -> list[Drift]:
    """All that does not agree, of these licenses or of all. whole: each chain followed from its beginning, else from
    where it was found right."""
    return _read("ledger_drift", licenses, whole)


def check(*, whole: bool) -> dict[int, list[Drift]]:
    """The same by license; lines that agree are followed from here the next time.

    whole: of everything, from the beginning; else of the licenses on which something moved since they were looked at.
    """
    found: dict[int, list[Drift]] = {}
    for licenses, _upto in ranges() if whole else moved():
        found |= check_some(licenses, whole=whole)
    return found


def check_some(licenses: Collection[int], *, whole: bool) -> dict[int, list[Drift]]:
    """The same of these licenses."""
    found = defaultdict(list)
    for one in _read("ledger_check", licenses, whole):
        found[one.license].append(one)
    return dict(found)


@dataclass(frozen=True)
class PoolDrift:
    """A pool that does not agree; what and off as of Drift. newly: it is stopped only now. No pool: it is missing."""

    pool: int | None
    what: str
    off: int
    newly: bool


Piece = tuple[int, int, int | None]  # of the chain of a pool: after which of its movements, up to which, or to its end


def check_pools(*, whole: bool) -> list[PoolDrift]:
    """What of national pools does not agree with its movements, their chain and the approved changes; each such pool is
    frozen. whole: from the beginning, the chain piece by piece; else from where they were found right."""
    return [one for piece in (pieces() if whole else ()) for one in walk_pool(piece)] + sum_pools(whole=whole)


def sum_pools(*, whole: bool) -> list[PoolDrift]:
    """The same; of the whole all but the chain."""
    return _of_pools("pool_check(%s)", [whole])


def walk_pool(piece: Piece) -> list[PoolDrift]:
    """The same of a piece of a chain."""
    return _of_pools("pool_walk(%s, %s, %s)", piece)


def pieces(pool: int = 0, after: int = 0) -> list[Piece]:
    """The chains of all pools, or what is left of them from a place on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, greatest(chain_seq, 1) FROM licensing_quotapool WHERE id >= %s ORDER BY id", [pool])
        return [
            (pk, begins, begins + PIECE if begins + PIECE < last else None)
            for pk, last in cursor.fetchall()
            for begins in range(after if pk == pool else 0, last, PIECE)
        ]


def _of_pools(call: str, words: Sequence[int | None]) -> list[PoolDrift]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pool_id, what, off, newly FROM {call}", words)
        return [PoolDrift(pool, what, int(off), newly) for pool, what, off, newly in cursor.fetchall()]


Range = tuple[list[int], int | None]  # licenses, and the last of them; none where all that is left is among them


def ranges(after: int = FIRST) -> Iterator[Range]:
    """All licenses after one, by their ids, so many at a time as have a piece of movements."""
    upto: int | None = after
    with connection.cursor() as cursor:
        while upto is not None:
            after = upto
            cursor.execute(_NEXT, [after, LICENSES, PIECE])
            (upto,) = cursor.fetchone()
            cursor.execute(_BETWEEN, {"after": after, "upto": upto})
            if ids := [license for (license,) in cursor.fetchall()]:
                yield ids, upto


def moved() -> Iterator[Range]:
    """Those on which something moved since they were looked at, likewise."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.license_id, sum(l.chain_seq) FROM licensing_licenseline l"
            " LEFT JOIN licensing_linecheck c ON c.line_id = l.id WHERE l.chain_seq <> coalesce(c.seq, 0)"
            " GROUP BY l.license_id ORDER BY l.license_id"
        )
        rows = cursor.fetchall()
    ids, many = [], 0
    for license, movements in rows:
        ids.append(license)
        many += movements
        if many >= PIECE or len(ids) == LICENSES:
            yield ids, license
            ids, many = [], 0
    if ids:
        yield ids, None


def _read(function: str, licenses: Collection[int] | None, whole: bool) -> list[Drift]:
    ids = None if licenses is None else list(licenses)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT license_id, line_id, what, off FROM {function}(%s::bigint[], %s)", [ids, whole])
        rows = cursor.fetchall()
        for witness in WITNESSES:
            cursor.execute(f"SELECT license_id, line_id, what, off FROM {witness}(%s::bigint[])", [ids])
            rows += cursor.fetchall()
    return sorted((Drift(a, b, what, int(off or 0)) for a, b, what, off in rows), key=str)
