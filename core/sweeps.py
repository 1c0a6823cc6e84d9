"""How every sweep goes over its ids: a verb once per id, and one that fails stops none of the others.

Where it fails because the database is of another version, the sweep ends: its rows are for a worker of that one.
Where many are due at once, a function of the database does for a batch what the verb does for one (docs/ledger.md).
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection

from core import upgrades
from core.access import Actor
from core.command import command
from core.deliveries import is_told

T = TypeVar("T")
BATCH = 5_000  # rows of a transaction

log = logging.getLogger(__name__)


def each(ids: Iterable[T], verb: Callable[[T], Any]) -> int:
    """How many calls did something. A failed one is logged, and comes up again with the next run."""
    done = 0
    for pk in ids:
        try:
            done += verb(pk) not in (None, False)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # a locked or broken row is tried again a minute later
            if upgrades.explains(error):
                raise
            log.exception("sweep passed over a row", extra={"row": pk})
    return done


def batches(
    function: str,
    of: tuple[str, str],
    *words: Any,
    by: Actor,
    verb: Callable[[int], Any],
    due: Callable[[], Iterable[int]],
) -> int:
    """How many rows were done: a batch after the other as long as they are full, and one by one what these left.

    of: kind and verb, as history has them; words: what the function of the database asks beside that. due: ids for the
    verb where a batch fails, so that one broken row stops none of the others.
    """
    done = 0
    while True:
        try:
            some, rest = batch(function, BATCH, by.user.pk, is_told(*of), *words)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            if upgrades.explains(error):
                raise
            log.exception("sweep goes row by row", extra={"sweep": function})
            return done + each(due(), verb)
        looked = some + len(rest)
        some += each(rest, verb)
        done += some
        if looked < BATCH or not some:
            return done


@command
def batch(function: str, *words: Any) -> tuple[int, list[int]]:
    """How many rows are done, and which are left to the verb; what somebody else holds is passed over."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT done, rest FROM {function}({', '.join(['%s'] * len(words))})", words)
        done, rest = cursor.fetchone()
        return done, rest
