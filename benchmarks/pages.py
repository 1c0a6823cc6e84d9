"""Pages: milliseconds and queries of each in one process, over a book of 10,000 licenses, and of one much used."""

import time
from statistics import median
from typing import Any

from benchmarks.ground import SCALE
from benchmarks.shelf import fill

TIMES = 21
PAGED = 400_000_000  # where the license begins that has 100,000 movements
TARGETS = {
    "license_100k": {"ms": 15},
    "pages": {"overview_ms": 15, "overview_queries": 12, "queue_ms": 12, "queue_queries": 10}
    | {
        f"{name}_{what}": most
        for name in ("cases", "licenses", "shipments")
        for what, most in (("ms", 15), ("queries", 8))
    },
}


def license_100k(world: Any) -> dict[str, Any]:
    from django.db import connection

    from benchmarks.sweeps import BOOKS
    from tests.book import unguarded

    shelf, many = fill(world, 1, PAGED), int(100_000 * SCALE)
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(BOOKS, [many, PAGED])
        cursor.execute("ANALYZE licensing_movement")
    ms, queries = _page(world.exporter.user, f"/licenses/{shelf.ref(1)}/")
    return {"movements": many, "ms": ms, "queries": queries}


def pages(world: Any) -> dict[str, Any]:
    from licensing import tasks
    from licensing.models import License
    from tests.book import Book, unguarded

    if License.objects.filter(pk__lt=1_000_000).count() < 10:  # else the book of turn_10k
        book = Book(world, int(10_000 * SCALE), cases=0)
        with unguarded():
            for state in ("submitted", "accepted", "under_review"):
                book.cases(state, int(1_000 * SCALE))
        tasks.turn_licenses()
    exporter, reviewer = world.exporter.user, world.ministry.reviewer.user
    found = {}
    for name, reader, path in (
        ("overview", exporter, "/"),
        ("queue", reviewer, "/desk/"),
        ("cases", exporter, "/applications/"),
        ("licenses", exporter, "/licenses/"),
        ("shipments", exporter, "/shipments/"),
    ):
        found[f"{name}_ms"], found[f"{name}_queries"] = _page(reader, path)
    return found


def _page(reader: Any, path: str) -> tuple[float, int]:
    """The median time of a page, its template and session included, and how many queries it makes."""
    from django.db import connection
    from django.test import Client

    asked: list[str] = []

    def seen(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    client = Client(HTTP_HOST="localhost")
    client.force_login(reader)
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    with connection.execute_wrapper(seen):
        client.get(path)
    times = []
    for _ in range(TIMES):
        began = time.monotonic()
        client.get(path)
        times.append((time.monotonic() - began) * 1_000)
    return median(times), len(asked)


MEASURES = {one.__name__: one for one in (license_100k, pages)}
