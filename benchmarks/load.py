"""Many clients at once, each a process with connections of its own."""

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Load:
    """rate: done a second, of all clients. cpu_ms: of the clients' own processes for each. Latencies in seconds."""

    rate: float
    cpu_ms: float
    latencies: list[float]

    def percentile(self, part: float) -> float:
        return sorted(self.latencies)[min(len(self.latencies) - 1, int(len(self.latencies) * part))]


def load(client: Callable[[int], Callable[[], Any]], *, clients: int, seconds: float) -> Load:
    """client: in its process, from its number, what it does again and again; what says False is not counted."""
    from django.db import connections

    connections.close_all()
    fork = multiprocessing.get_context("fork")
    ready, results = fork.Barrier(clients), fork.SimpleQueue()

    def run(number: int) -> None:
        latencies: list[float] = []
        try:
            work = client(number)
            work()  # what is done once: a connection, caches
            ready.wait()
            spent, began = time.process_time(), time.monotonic()
            while (at := time.monotonic()) < began + seconds:
                if work() is not False:
                    latencies.append(time.monotonic() - at)
            results.put((latencies, time.process_time() - spent, time.monotonic() - began))
        except BaseException as error:
            ready.abort()
            results.put(repr(error))
            raise

    processes = [fork.Process(target=run, args=(number,)) for number in range(clients)]
    for process in processes:
        process.start()
    told = [results.get() for _ in processes]
    for process in processes:
        process.join()
    if failed := [one for one in told if isinstance(one, str)]:
        raise RuntimeError(failed[0])
    latencies = [one for each, _, _ in told for one in each]
    rate = sum(len(each) / took for each, _, took in told)
    return Load(rate, sum(cpu for _, cpu, _ in told) / max(1, len(latencies)) * 1_000, latencies)
