"""POST /shipments/ over HTTP, as a client with a key sends it: beside PostgreSQL alone, and beside a textbook's."""

import http.client
import json
import os
import random
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks.drawdown import used
from benchmarks.limits import lay
from benchmarks.load import load
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


def posting(shelf: Shelf, key: str, port: int) -> Callable[[int], Callable[[], None]]:
    """A client that reserves a gram of any license of the shelf."""
    from core.legal_time import legal_today

    today = legal_today().isoformat()

    def client(number: int) -> Callable[[], None]:
        draw = random.Random(f"{port}-{number}-{time.monotonic()}")
        connection = http.client.HTTPConnection("127.0.0.1", port)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Accept": "application/json"}
        whom = {"end_user": shelf.end_user, "consignee": shelf.consignee, "destination": shelf.destination}
        line = {"license_line": 1, "quantity": "0.001", "unit": "kg"}

        def work() -> None:
            reference = f"H-{draw.getrandbits(96):x}"
            license = shelf.ref(draw.randint(1, shelf.number))
            body = {"license": license, "client_reference": reference, "port": "CNSHA", "planned_on": today} | whom
            connection.request(
                "POST",
                "/api/v1/shipments/",
                json.dumps(body | {"lines": [line]}),
                headers | {"Idempotency-Key": reference},
            )
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status == 201, said

        return work

    return client


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
        figures = compared(_work(web, posting(shelf, key_of(world), web.port), spent), l1=lambda: spread.l1(SECONDS))
        paced = _at_pace(posting(shelf, key_of(world), web.port))
    return figures | {"web_cpu_ms": median(spent), "p50_ms": paced[0], "p95_ms": paced[1]}


def api_textbook(world: Any) -> dict[str, Any]:
    shelf = used(world)
    ours: list[float] = []
    theirs: list[float] = []
    owner = os.environ["DATABASE_OWNER_URL"]  # what the ledger's functions alone may write, the textbook writes itself
    plain = {"DJANGO_SETTINGS_MODULE": "benchmarks.textbook_settings", "DATABASE_URL": owner}
    with serving(OURS) as web, serving(TEXTBOOK, **plain) as twin:
        textbook = _work(twin, posting(shelf, key_of(world), twin.port), theirs)
        figures = compared(_work(web, posting(shelf, key_of(world), web.port), ours), textbook=textbook)
    cpu = {"web_cpu_ms": median(ours), "textbook_cpu_ms": median(theirs)}
    return figures | cpu | {"cpu_of_textbook": cpu["web_cpu_ms"] / cpu["textbook_cpu_ms"]}


def _work(web: Web, client: Callable[[int], Callable[[], None]], spent: list[float]) -> Callable[[], float]:
    """Calls a second; to `spent` goes what each cost the web processes, in ms."""

    def work() -> float:
        before = web.cpu()
        found = load(client, clients=CLIENTS, seconds=SECONDS)
        spent.append((web.cpu() - before) / len(found.latencies) * 1_000)
        return found.rate

    return work


def _at_pace(client: Callable[[int], Callable[[], None]]) -> tuple[float, float]:
    """Median and 95th percentile, in ms, at PACE calls a second, waiting for the turn not counted."""
    latencies: list[float] = []
    work = client(0)
    work()
    due = time.monotonic()
    for _ in range(PACE * max(2, 3 * SECONDS)):
        due += 1 / PACE
        time.sleep(max(0, due - time.monotonic()))
        began = time.monotonic()
        work()
        latencies.append((time.monotonic() - began) * 1_000)
    latencies.sort()
    return latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.95)]


MEASURES = {one.__name__: one for one in (api_reserve, api_textbook)}
