"""Tells a slow PostgreSQL from one that has stopped answering, and lets nobody wait for the latter.

A stopped server keeps its sockets open and its kernel acknowledges: none of its own time-outs fires, nor TCP's. One
thread in each process looks at what its connections wait for; hot paths pay for two clock readings a statement.
"""

import logging
import os
import select
import threading
import time
from typing import Any, Protocol
from weakref import WeakSet

import psycopg2
from django.conf import settings

log = logging.getLogger(__name__)

ANSWER_S = 5  # whoever waits for a server that is away has an answer within this; the others stay below it (a test)
DEADLINE_S = ANSWER_S - 1  # of one statement of those who serve people, though the server lives
TICK_S = 0.25  # how often the thread looks
PATIENCE_S = 1.0  # a statement older than this makes it ask the server for a sign of life
PROBE_S = 2.0  # how long the server has for that
AGAIN_S = 0.5  # after a sign of life the server is believed for this long


class Watched(Protocol):
    """A connection: since when it waits for the server (None: it does not), and how to end that."""

    since: float | None

    def cut(self) -> None: ...

    def get_connection_params(self) -> dict[str, Any]: ...


def answers(params: dict[str, Any], within: float) -> bool:
    """Whether the server says anything at all to a new connection, be it that it is full or just starting.

    A refused connection is an answer too: then the sockets of others broke by themselves, and nobody waits.
    """
    until = time.monotonic() + within
    try:
        wire = psycopg2.connect(**{**params, "async_": True})
    except psycopg2.Error:
        return True
    try:
        while (state := wire.poll()) != psycopg2.extensions.POLL_OK:
            left = until - time.monotonic()
            if left <= 0:
                return False
            ready = select.poll()
            ready.register(wire.fileno(), select.POLLIN if state == psycopg2.extensions.POLL_READ else select.POLLOUT)
            ready.poll(int(left * 1000) + 1)
    except psycopg2.Error:
        return True
    finally:
        wire.close()
    return True


class Watch:
    """This process's view of the server. `away` means: it was asked for a sign of life and gave none yet."""

    def __init__(self) -> None:
        self.away = False
        self._lock = threading.Lock()
        self._pid = 0
        self._connections: WeakSet[Watched] = WeakSet()
        self._params: dict[str, Any] = {}
        self._believed_until = 0.0

    def add(self, connection: Watched) -> None:
        """The connection's waits are watched from now on, by a thread of this very process."""
        with self._lock:
            if self._pid != os.getpid():  # first use, or first after a fork: threads do not survive one
                self._pid, self._connections, self.away = os.getpid(), WeakSet(), False
                threading.Thread(target=self._run, name="postgres-watch", daemon=True).start()
            self._connections.add(connection)

    def lost(self, params: dict[str, Any]) -> None:
        """Nobody connects until the server answers again, and whoever waits for it stops waiting."""
        self._params, self.away = params, True
        for connection in self._all():
            connection.cut()

    def look(self) -> None:
        """One look: cut what waits in vain, or see whether the server is back."""
        if self.away:
            self.away = not answers(self._params, PROBE_S)
            if self.away:
                self.lost(self._params)  # also what slipped through while it was asked
            return
        now = time.monotonic()
        late = [(now - since, one) for one in self._all() if (since := one.since) is not None]
        for age, connection in late:
            if settings.STATEMENT_DEADLINE_S and age > settings.STATEMENT_DEADLINE_S:
                connection.cut()
        oldest = max(late, key=lambda pair: pair[0], default=None)
        if oldest and oldest[0] > PATIENCE_S and now > self._believed_until:
            params = oldest[1].get_connection_params()
            if answers(params, PROBE_S):
                self._believed_until = time.monotonic() + AGAIN_S
            else:
                self.lost(params)

    def _all(self) -> list[Watched]:
        with self._lock:
            return list(self._connections)

    def _run(self) -> None:
        mine = self._pid
        while mine == self._pid:
            time.sleep(TICK_S)
            try:
                self.look()
            except Exception:  # whatever it is: if the thread ended, nobody would watch any more, and nobody notice
                log.exception("A look at PostgreSQL failed; the watch goes on.")


watch = Watch()
