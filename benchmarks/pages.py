"""Pages: milliseconds and queries of each in one process, over a book of 10,000 licenses, and of one much used."""

from typing import Any

from benchmarks.api import key_of
from benchmarks.ground import SCALE, timed
from benchmarks.shelf import copies

TIMES = 21
PAGED = 400_000_000  # where the shipments begin that are copied
TARGETS = {
    "license_100k": {"page_ms": 15, "desk_ms": 15, "rest_ms": 15},
    "pages": {"overview_ms": 15, "overview_queries": 12, "queue_ms": 12, "queue_queries": 10}
    | {
        f"{name}_{what}": most
        for name in ("cases", "licenses", "shipments")
        for what, most in (("ms", 15), ("queries", 8))
    },
}


def license_100k(world: Any) -> dict[str, Any]:
    """A license of which half as many shipments have crossed: for its holder, for an officer, and over REST."""
    from licensing.models.balances import Movement

    license = _used(world, int(50_000 * SCALE))
    rest = {"HTTP_AUTHORIZATION": f"Bearer {key_of(world)}"}
    found: dict[str, Any] = {"movements": Movement.objects.filter(license_id=license.pk).count()}
    for name, reader, path, head in (
        ("page", world.exporter.user, f"/licenses/{license.ref}/", {}),
        ("desk", world.ministry.reviewer.user, f"/desk/licenses/{license.ref}/", {}),
        ("rest", None, f"/api/v1/licenses/{license.ref}/", rest),
    ):
        found[f"{name}_ms"], found[f"{name}_queries"], found[f"{name}_cpu_ms"] = _page(reader, path, **head)
    return found


def _used(world: Any, many: int) -> Any:
    """A license with copies of a shipment that customs cleared."""
    from django.db import connection

    from licensing import tasks
    from licensing.models.balances import Movement
    from tests.book import unguarded

    license = world.license(kilograms=60_000_000)
    tasks.turn_licenses()
    shipment = world.shipment(license, 1_000)
    world.clear(shipment.ref, 1_000)
    key, ref = f"{PAGED} + n", f"'SH-' || lpad(to_hex({PAGED} + n), 9, '0')"
    moved = {"id": "nextval('licensing_movement_seq')", "shipment_id": key, "shipment_ref": ref, "seq": "NULL"}
    with unguarded():
        shipment.refresh_from_db()
        copies(many, shipment, id=key, ref=ref, client_reference="'C-' || n")
        copies(many, shipment.lines.get(), id=key, shipment_id=key)
        for one in Movement.objects.filter(shipment_id=shipment.pk).order_by("pk"):
            copies(many, one, digest="''", **moved)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE shipments_shipment, shipments_shipmentline, licensing_movement")
    return license


def pages(world: Any) -> dict[str, Any]:
    from django.db import connection

    from licensing import tasks
    from licensing.models import License
    from tests.book import Book, unguarded

    many = int(10_000 * SCALE)
    if License.objects.filter(pk__lt=1_000_000).count() < many:  # else another benchmark's book
        book = Book(world, many, cases=0)
        with unguarded():
            for state in ("submitted", "accepted", "under_review"):
                book.cases(state, int(1_000 * SCALE))
        tasks.turn_licenses()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as PostgreSQL does in a minute by itself
    exporter, reviewer = world.exporter.user, world.ministry.reviewer.user
    found = {}
    for name, reader, path in (
        ("overview", exporter, "/"),
        ("queue", reviewer, "/desk/"),
        ("cases", exporter, "/applications/"),
        ("licenses", exporter, "/licenses/"),
        ("shipments", exporter, "/shipments/"),
    ):
        found[f"{name}_ms"], found[f"{name}_queries"], _cpu = _page(reader, path)
    return found


def _page(reader: Any, path: str, **head: str) -> tuple[float, int, float]:
    """Of a page, its template and session included: the median time, how many queries it makes, and the CPU of this
    process and of PostgreSQL's."""
    from django.db import connection
    from django.test import Client

    asked: list[str] = []

    def seen(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    client = Client(HTTP_HOST="localhost", **head)
    if reader:
        client.force_login(reader)
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    with connection.execute_wrapper(seen):
        client.get(path)
    times, cpu = timed(lambda: client.get(path), TIMES)
    return times, len(asked), cpu


MEASURES = {one.__name__: one for one in (license_100k, pages)}
