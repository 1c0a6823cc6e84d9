"""The database backend: Django's own, each wait for the server known to the watch, each socket within its reach."""

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg2
from django.db.backends.postgresql import base

from core.postgres.watch import watch

CONNECT_S = 2  # the shortest that libpq keeps to
EARLY_S = 0.05  # it counts in whole milliseconds of another clock, and may give up a moment before
FRESH_S = 30  # a connection that worked so lately is asked for its health only where there is a sign
SIGNS = select.POLLIN | select.POLLRDHUP  # a word unasked, or goodbye; errors are told anyway


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.since: float | None = None
        self._worked = 0.0
        self._wire: socket.socket | None = None
        self._wire_lock = threading.Lock()
        self.execute_wrappers.append(self._timed)

    def cut(self) -> None:
        """Whatever waits on this connection fails now. For the watch's thread.

        The socket is a descriptor of our own: libpq may close its own at any moment, and the number be another's.
        """
        with self._wire_lock, suppress(OSError):
            if self._wire:
                self._wire.shutdown(socket.SHUT_RDWR)

    def connect(self) -> None:
        """Refused at once while the server is known to be away: one try that times out is enough for all."""
        if watch.away:
            raise psycopg2.OperationalError("PostgreSQL has stopped answering")
        watch.add(self)
        began = time.monotonic()
        try:
            super().connect()
        except psycopg2.OperationalError:
            if time.monotonic() - began >= CONNECT_S - EARLY_S:
                watch.lost(self.get_connection_params())
            raise

    def get_connection_params(self) -> dict[str, Any]:
        return super().get_connection_params() | {"connect_timeout": CONNECT_S}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        with self._waiting():
            connection = super().get_new_connection(conn_params)
        with self._wire_lock:
            self._wire = socket.socket(fileno=os.dup(connection.fileno()))
        return connection

    def is_usable(self) -> bool:
        """What the server says; not asked while nothing speaks against a connection that just worked: a trip less."""
        if not self.errors_occurred and time.monotonic() - self._worked < FRESH_S and self._silent():
            return True
        with self._waiting():
            return super().is_usable()

    def _commit(self) -> None:
        with self._waiting():
            super()._commit()

    def _rollback(self) -> None:
        with self._waiting():
            super()._rollback()

    def _close(self) -> None:
        try:
            super()._close()
        finally:
            with self._wire_lock:
                wire, self._wire = self._wire, None
                if wire:
                    wire.close()

    def _timed(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        self.since = began = time.monotonic()
        try:
            done = execute(sql, params, many, context)
            self._worked = began
            return done
        finally:
            self.since = None

    def _silent(self) -> bool:
        """Nothing has come from the server, and it has not closed the connection."""
        if not self._wire:
            return False
        poll = select.poll()
        poll.register(self._wire, SIGNS)
        return not poll.poll(0)

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        self.since = time.monotonic()
        try:
            yield
        finally:
            self.since = None
