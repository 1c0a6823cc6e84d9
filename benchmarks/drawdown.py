"""The reserve verb under its key, without HTTP: over 10,000 licenses, and on one line."""

import random
import time
from collections.abc import Callable
from typing import Any

from benchmarks.limits import lay
from benchmarks.load import load
from benchmarks.pgbench import CLIENTS
from benchmarks.rounds import SECONDS, compared
from benchmarks.shelf import FIRST, Shelf, shelf_of

TARGETS = {
    "drawdown_spread": {"per_l1": 0.36, "per_l3": 0.70},
    "drawdown_hot": {"per_l1": 0.58, "per_l3": 0.85},
    "hot_collapse": {"ratio": 0.9},
    "replay": {"ratio": 1.2, "doubles": 0},
}
FLOORS = {
    "drawdown_spread": {"per_l1": 0.16, "per_l3": 0.35},
    "drawdown_hot": {"per_l1": 0.28, "per_l3": 0.45},
    "hot_collapse": {"ratio": 0.6},
    "replay": {"ratio": 0.8, "doubles": 0},
}
CEILINGS = {"replay": {"doubles": 0}}


def reserving(shelf: Shelf, most: int, *, again: float = 0) -> Callable[[int], Callable[[], None]]:
    """A client that reserves a gram of one of the first `most` licenses. again: which part of its calls sends a key
    that it has sent before."""

    def client(number: int) -> Callable[[], None]:
        from core import problems
        from core.api.commands import JSON
        from core.idempotency import Answer, Claim, fingerprint
        from shipments.actions import reserve
        from shipments.answers import reserved

        draw, sent = random.Random(f"{number}-{time.monotonic()}"), []

        def render(made: Any) -> Answer:
            return Answer(201, JSON, problems.dumps(reserved(made)))

        def refuse(refusal: Exception) -> Answer:
            raise refusal

        def work() -> None:
            if sent and draw.random() < again:
                request = draw.choice(sent[-100:])
            else:
                request = shelf.request(draw.randint(1, most), f"B-{number}-{draw.getrandbits(80):x}")
                sent.append(request)
            key = request.client_reference
            claim = Claim(shelf.exporter.organization_id, key, fingerprint("POST", "", key), render, refuse)
            answer = reserve.claimed(claim, request, by=shelf.exporter)
            assert answer.status == 201

        return work

    return client


def used(world: Any) -> Shelf:
    """The shelf, after a few thousand reservations that PostgreSQL has statistics of, as it has in a minute by itself:
    a plan that is kept from when there were no shipments reads all of them each time."""
    from django.db import connection

    shelf = shelf_of(world)
    if not world.made.get("used"):
        world.made["used"] = True
        load(reserving(shelf, shelf.number), clients=CLIENTS, seconds=SECONDS)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return shelf


def drawdown_spread(world: Any) -> dict[str, Any]:
    shelf = used(world)
    spread, _ = lay(shelf)
    return _against(spread, reserving(shelf, shelf.number))


def drawdown_hot(world: Any) -> dict[str, Any]:
    shelf = used(world)
    _, hot = lay(shelf)
    return _against(hot, reserving(shelf, 1))


def _against(limits: Any, client: Callable[[int], Callable[[], None]]) -> dict[str, Any]:
    spent: list[float] = []

    def work() -> float:
        found = load(client, clients=CLIENTS, seconds=SECONDS)
        spent.append(found.cpu_ms)
        return found.rate

    figures = compared(work, l1=lambda: limits.l1(SECONDS), l3=lambda: limits.l3(SECONDS))
    return figures | {"client_cpu_ms": sorted(spent)[len(spent) // 2]}


def hot_collapse(world: Any) -> dict[str, Any]:
    client = reserving(used(world), 1)

    def at(clients: int) -> float:
        return load(client, clients=clients, seconds=SECONDS).rate

    figures = compared(lambda: at(4 * CLIENTS), eight=lambda: at(CLIENTS))
    return figures | {"ratio": figures["per_eight"]}


def replay(world: Any) -> dict[str, Any]:
    from django.db.models import Sum

    from licensing.models.balances import LicenseLine
    from shipments.models import Shipment

    shelf = used(world)
    plain, mixed = reserving(shelf, shelf.number), reserving(shelf, shelf.number, again=0.5)

    def rate(client: Callable[[int], Callable[[], None]]) -> float:
        return load(client, clients=2 * CLIENTS, seconds=SECONDS).rate

    lines = LicenseLine.objects.filter(pk__gt=FIRST)
    shipments = Shipment.objects.filter(client_reference__startswith="B-")
    before = lines.aggregate(sum=Sum("reserved"))["sum"] - shipments.count()
    figures = compared(lambda: rate(mixed), plain=lambda: rate(plain))
    after = lines.aggregate(sum=Sum("reserved"))["sum"] - shipments.count()
    return figures | {"ratio": figures["per_plain"], "doubles": after - before}


MEASURES = {one.__name__: one for one in (drawdown_spread, drawdown_hot, hot_collapse, replay)}
