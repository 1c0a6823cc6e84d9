"""POST /shipments/bulk/ over HTTP, from the first byte of the rows to the last outcome: beside PostgreSQL alone."""

import http.client
import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

from benchmarks.api import OURS, key_of
from benchmarks.drawdown import used
from benchmarks.ground import SCALE
from benchmarks.limits import lay
from benchmarks.rounds import SECONDS, compared
from benchmarks.shelf import Shelf
from benchmarks.web import Web, serving

TARGETS = {name: {"per_l1": 0.55} for name in ("bulk_1k", "bulk_1k_of_four", "bulk_10k")}
FLOORS = {name: {"per_l1": 0.4} for name in TARGETS}
PATH = "/api/v1/shipments/bulk/"


class Client:
    """Sends rows that each take a gram of any license of its part of the shelf."""

    def __init__(self, shelf: Shelf, key: str, port: int, part: int = 0, parts: int = 1) -> None:
        from core.legal_time import legal_today

        self.refs = shelf.refs[part::parts]
        self.shelf, self.draw, self.today = shelf, random.Random(time.monotonic()), legal_today().isoformat()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Accept": "*/*"}

    def rows(self, number: int) -> bytes:
        line = {"license_line": 1, "quantity": "0.001", "unit": "kg"}
        whom = {"end_user": self.shelf.end_user, "consignee": self.shelf.consignee}
        where = {"destination": self.shelf.destination, "port": "CNSHA", "planned_on": self.today, "lines": [line]}
        found = []
        for _ in range(number):
            reference = f"H-{self.draw.getrandbits(96):x}"
            named = {
                "license": self.draw.choice(self.refs),
                "client_reference": reference,
                "idempotency_key": reference,
            }
            found.append(named | whom | where)
        return json.dumps(found).encode()

    def call(self, method: str, path: str, body: bytes = b"", status: int = 200) -> Any:
        key = f"K-{self.draw.getrandbits(96):x}"
        self.connection.request(method, path, body, self.headers | {"Idempotency-Key": key})
        answer = self.connection.getresponse()
        said = answer.read()
        assert answer.status == status, said[:500]
        return json.loads(said)


def bulk_1k(world: Any, clients: int = 1) -> dict[str, Any]:
    number = max(10, int(1_000 * SCALE))

    def once(client: Client) -> tuple[int, float]:
        body, began = client.rows(number), time.monotonic()
        said = client.call("POST", f"{PATH}?mode=partial", body, 207)
        took = time.monotonic() - began
        assert said["booked"] == number
        return number, took

    return _measured(world, once, clients)


def bulk_1k_of_four(world: Any) -> dict[str, Any]:
    """Four companies at once, as L1 has eight clients: what all processors do together."""
    return bulk_1k(world, 4)


def bulk_10k(world: Any) -> dict[str, Any]:
    """Its job is worked off here, as a worker does it."""
    from shipments.tasks import work_bulks

    number = max(1_001, int(10_000 * SCALE))

    def once(client: Client) -> tuple[int, float]:
        body, began = client.rows(number), time.monotonic()
        job = client.call("POST", f"{PATH}?mode=partial", body, 202)
        client.connection.close()  # the server would, as nothing comes for a while
        work_bulks()
        address, booked = f"{PATH}{job['reference']}/?page_size=200", 0
        while address:
            page = client.call("GET", address)
            booked += sum(one["status"] == 201 for one in page["results"])
            address = page["next"] and page["next"].partition("127.0.0.1")[2].partition("/")[2].join(("/", ""))
        took = time.monotonic() - began
        assert booked == number
        return number, took

    return _measured(world, once)


def _measured(world: Any, once: Callable[[Client], tuple[int, float]], clients: int = 1) -> dict[str, Any]:
    """once: how many rows, and the seconds from sending to the last outcome (making the rows is the client's own)."""
    shelf = used(world)
    spread, _ = lay(shelf)
    spent: list[float] = []
    with serving(OURS) as web:
        several = [Client(shelf, key_of(world), web.port, part, clients) for part in range(clients)]
        once(several[0])
        work = _work(web, several, once, spent)
        return compared(work, l1=lambda: spread.l1(SECONDS)) | {"web_cpu_ms": median(spent)}


def _work(web: Web, clients: list[Client], once: Callable[[Client], tuple[int, float]], spent: list[float]) -> Any:
    """Rows a second, of all clients; to `spent` goes what each cost the web processes, in ms."""

    def run(client: Client) -> tuple[int, float]:
        rows, took = 0, 0.0
        while took < SECONDS:
            more, seconds = once(client)
            rows, took = rows + more, took + seconds
        return rows, took

    def work() -> float:
        before = web.cpu()
        with ThreadPoolExecutor(len(clients)) as pool:
            done = list(pool.map(run, clients))
        spent.append((web.cpu() - before) / sum(rows for rows, _ in done) * 1_000)
        return sum(rows / took for rows, took in done)

    return work


MEASURES = {one.__name__: one for one in (bulk_1k, bulk_1k_of_four, bulk_10k)}
