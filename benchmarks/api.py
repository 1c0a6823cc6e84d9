"""POST /shipments/ over HTTP, as a client with a key sends it: beside PostgreSQL alone, and beside a textbook's."""

import json
import os
import random
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks import wire
from benchmarks.drawdown import used
from benchmarks.limits import lay
from benchmarks.pgbench import CLIENTS
from benchmarks.rounds import SECONDS, compared
from benchmarks.shelf import Shelf
from benchmarks.web import Web, serving

TARGETS = {
    "api_reserve": {"per_l1": 0.17, "web_cpu_ms": 0.8, "p95_ms": 30},
    "api_textbook": {"per_textbook": 4.5, "cpu_of_textbook": 0.16},
}
FLOORS = {"api_reserve": {"per_l1": 0.08}, "api_textbook": {"per_textbook": 2.5}}
CEILINGS = {"api_reserve": {"web_cpu_ms": 1.6}}
OURS, TEXTBOOK = "config.wsgi:application", "django.core.wsgi:get_wsgi_application()"
PACE = 50  # calls a second at which latency is told


def asking(shelf: Shelf, key: str, port: int) -> Callable[[], bytes]:
    """What reserves a gram of any license of the shelf, another one each time, as it goes over the wire."""
    from core.legal_time import legal_today

    draw = random.Random(f"{port}-{time.monotonic()}")
    whom = {"end_user": shelf.end_user, "consignee": shelf.consignee, "destination": shelf.destination}
    line = {"license_line": 1, "quantity": "0.001", "unit": "kg"}
    same = {"port": "CNSHA", "planned_on": legal_today().isoformat(), "lines": [line]} | whom
    head = (
        f"POST /api/v1/shipments/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
        "Accept: application/json\r\nContent-Type: application/json\r\n"
    )

    def request() -> bytes:
        reference = f"H-{draw.getrandbits(96):x}"
        license = shelf.ref(draw.randint(1, shelf.number))
        body = json.dumps(same | {"license": license, "client_reference": reference})
        return f"{head}Idempotency-Key: {reference}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()

    return request


def key_of(world: Any) -> str:
    from tests import make

    if "key" not in world.made:
        world.made["key"] = make.key(world.exporter, *make.EXPORTER_SCOPES)
    return str(world.made["key"])


def api_reserve(world: Any) -> dict[str, Any]:
    shelf = used(world)
    spread, _ = lay(shelf)
    spent: list[float] = []
    with serving(OURS) as web:
        request = asking(shelf, key_of(world), web.port)
        figures = compared(_work(web, request, spent), l1=lambda: spread.l1(SECONDS))
        paced = wire.at_pace(request, web.port, PACE, PACE * max(2, 3 * SECONDS))
    return figures | {"web_cpu_ms": median(spent), "p50_ms": paced.percentile(0.5), "p95_ms": paced.percentile(0.95)}


def api_textbook(world: Any) -> dict[str, Any]:
    shelf = used(world)
    ours: list[float] = []
    theirs: list[float] = []
    owner = os.environ["DATABASE_OWNER_URL"]  # what the ledger's functions alone may write, the textbook writes itself
    plain = {"DJANGO_SETTINGS_MODULE": "benchmarks.textbook_settings", "DATABASE_URL": owner}
    with serving(OURS) as web, serving(TEXTBOOK, **plain) as twin:
        textbook = _work(twin, asking(shelf, key_of(world), twin.port), theirs)
        figures = compared(_work(web, asking(shelf, key_of(world), web.port), ours), textbook=textbook)
    cpu = {"web_cpu_ms": median(ours), "textbook_cpu_ms": median(theirs)}
    return figures | cpu | {"cpu_of_textbook": cpu["web_cpu_ms"] / cpu["textbook_cpu_ms"]}


def _work(web: Web, request: Callable[[], bytes], spent: list[float]) -> Callable[[], float]:
    """Calls a second; to `spent` goes what each cost the web processes, in ms."""

    def work() -> float:
        before = web.cpu()
        found = wire.load(request, web.port, clients=CLIENTS, seconds=SECONDS)
        spent.append((web.cpu() - before) / len(found.latencies) * 1_000)
        return found.rate

    return work


MEASURES = {one.__name__: one for one in (api_reserve, api_textbook)}
