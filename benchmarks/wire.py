"""Many connections that a service is asked over, all by one process, which takes as little of the machine as it can."""

import selectors
import socket
import time
from collections.abc import Callable

from benchmarks.load import Load


class _Wire:
    """A connection, and what of an answer has come. One question at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.came, self.asked = b"", 0.0

    def ask(self, request: bytes) -> None:
        self.came, self.asked = b"", time.monotonic()
        self.socket.sendall(request)

    def answered(self) -> bool:
        """Whether the answer is whole. Raises where it is not a 201."""
        more = self.socket.recv(65536)
        assert more, "the server has closed the connection"
        self.came += more
        head, parted, body = self.came.partition(b"\r\n\r\n")
        if not parted:
            return False
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return False
        assert head.startswith(b"HTTP/1.1 201"), self.came
        return True


def load(request: Callable[[], bytes], port: int, *, clients: int, seconds: float) -> Load:
    """As many questions at once as there are clients, each asked anew as soon as it was answered."""
    latencies: list[float] = []
    with selectors.DefaultSelector() as wires:
        for _ in range(clients):
            wire = _Wire(port)
            wires.register(wire.socket, selectors.EVENT_READ, wire)
            wire.ask(request())
        spent, began = time.process_time(), time.monotonic()
        while wires.get_map():
            for ready, _ in wires.select():
                wire = ready.data
                if wire.answered():
                    at = time.monotonic()
                    latencies.append(at - wire.asked)
                    if at < began + seconds:
                        wire.ask(request())
                    else:
                        wires.unregister(wire.socket)
                        wire.socket.close()
        took, spent = time.monotonic() - began, time.process_time() - spent
    return Load(len(latencies) / took, spent / len(latencies) * 1_000, latencies)


def at_pace(request: Callable[[], bytes], port: int, pace: int, calls: int) -> Load:
    """One client's so many calls, so many a second; waiting for the turn is not counted. Latencies in ms."""
    wire, latencies = _Wire(port), []
    due = began = time.monotonic()
    for _ in range(calls):
        due += 1 / pace
        time.sleep(max(0, due - time.monotonic()))
        wire.ask(request())
        while not wire.answered():
            pass
        latencies.append((time.monotonic() - wire.asked) * 1_000)
    wire.socket.close()
    return Load(calls / (time.monotonic() - began), 0, latencies)
