"""The whole what-if, over one snapshot of the database."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from core.legal_time import on_the_wire
from licensing.policy.editions import canonical, digest_of, read
from licensing.policy.engine import Compiled
from licensing.policy.vocabulary import NEW, PENDING
from licensing.selectors.editions import editions_at
from licensing.selectors.what_if.cases import Cases, decided_cases, open_cases
from licensing.selectors.what_if.known import Both
from licensing.selectors.what_if.licenses import Licenses, licenses_in_force
from licensing.selectors.what_if.shipments import Shipments, reserved_shipments
from licensing.selectors.what_if.tally import Exposure


class Stopped(Exception):
    """Somebody asked that it end before it was done."""


def what_if(
    text: str,
    starts_at: datetime,
    *,
    at: datetime,
    progress: Callable[[int, int], Any] = lambda done, total: None,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """What this text would change from that instant on, by the book as it is now, at the instant `at`.

    Of the same data, text, start and day the same answer, its hash included; nothing is written. Before each batch
    `stop` is asked, after it `progress` told. Raises Unreadable with every flaw of the text, Stopped.
    """
    draft = Compiled(read(text))
    with snapshot():
        old = editions_at(starts_at)
        both = Both(old, old.with_draft(draft, starts_at), at)
        both.rests_on([[name, digest, on_the_wire(start)] for name, digest, start in old.rows], str(both.today))
        exposure = Exposure(), Exposure()
        pending, decided = Cases(both, PENDING, exposure), Cases(both, NEW, (Exposure(), Exposure()))
        licenses, shipments = Licenses(both, exposure), Shipments(both)
        rows = open_cases(), licenses_in_force(starts_at), reserved_shipments(), decided_cases(both.today, old)
        done, total = 0, sum(some.count() for some in rows)
        for one, some in zip((pending, licenses, shipments, decided), rows, strict=True):
            pages: Iterator[int] = one.add_all(some)
            while not stop():
                if (number := next(pages, None)) is None:
                    break
                done += number
                progress(done, total)
            else:
                raise Stopped
    found = {
        "text": digest_of(text),
        "starts_at": on_the_wire(starts_at),
        "day": str(both.today),
        "cases": pending.told(),
        "licenses": licenses.told(),
        "shipments": shipments.told(),
        "decided": decided.told(),
        "load": decided.load.told(),
        "exposure": {"old": exposure[0].told(), "new": exposure[1].told()},
        "data": both.data.hexdigest(),
    }
    return found | {"hash": hashlib.sha256(canonical(found).encode()).hexdigest()}


@contextmanager
def snapshot() -> Iterator[None]:
    """All that is read is of one instant, and nothing can be written; inside another transaction, as that has it."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
