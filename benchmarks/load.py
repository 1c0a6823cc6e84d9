"""Many clients at once: threads of two processes, as the web serves them, each with connections of its own."""

import multiprocessing
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PROCESSES = 2
WARM = 10  # calls of each client before anything is counted: plans and caches that a connection makes once


@dataclass(frozen=True)
class Load:
    """rate: done a second, of all clients. cpu_ms: of the clients' own processes for each. Latencies in seconds."""

    rate: float
    cpu_ms: float
    latencies: list[float]

    def percentile(self, part: float) -> float:
        return sorted(self.latencies)[min(len(self.latencies) - 1, int(len(self.latencies) * part))]


def load(client: Callable[[int], Callable[[], Any]], *, clients: int, seconds: float) -> Load:
    """client: in its thread, from its number, what it does again and again; what says False is not counted."""
    from django.db import connections

    connections.close_all()
    fork = multiprocessing.get_context("fork")
    ready, results = fork.Barrier(clients), fork.SimpleQueue()

    def run(number: int, told: list[Any]) -> None:
        latencies: list[float] = []
        try:
            work = client(number)
            for _ in range(WARM):
                work()
            ready.wait()
            began = time.monotonic()
            while (at := time.monotonic()) < began + seconds:
                if work() is not False:
                    latencies.append(time.monotonic() - at)
            told.append((latencies, time.monotonic() - began))
        except BaseException as error:
            ready.abort()
            told.append(repr(error))
            raise
        finally:
            connections.close_all()

    def process(numbers: range) -> None:
        told: list[Any] = []
        threads = [threading.Thread(target=run, args=(number, told)) for number in numbers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        results.put((told, time.process_time()))

    shares = [range(first, clients, PROCESSES) for first in range(min(PROCESSES, clients))]
    processes = [fork.Process(target=process, args=(numbers,)) for numbers in shares]
    for one in processes:
        one.start()
    done = [results.get() for _ in processes]
    for one in processes:
        one.join()
    told = [one for each, _ in done for one in each]
    if failed := [one for one in told if isinstance(one, str)]:
        raise RuntimeError(failed[0])
    latencies = [one for each, _ in told for one in each]
    calls = len(latencies) + WARM * clients
    rate = sum(len(each) / took for each, took in told)
    return Load(rate, sum(cpu for _, cpu in done) / calls * 1_000, latencies)
