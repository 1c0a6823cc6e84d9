"""Statements that begin every call: PostgreSQL reads and plans one once a connection, not each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import NotSupportedError, connection


@dataclass(frozen=True)
class Prepared:
    """name: no other's. sql: with $1, $2 … for its parameters, whose types the statement itself tells."""

    name: str
    sql: str

    def first(self, *parameters: Any) -> Sequence[Any] | None:
        """The first row that it finds."""
        try:
            return self._first(parameters)
        except NotSupportedError:  # a column that it reads was altered since it was prepared
            if connection.in_atomic_block:
                raise
            with connection.cursor() as cursor:
                cursor.execute(f"DEALLOCATE {self.name}")
            connection.prepared.discard(self.name)
            return self._first(parameters)

    def _first(self, parameters: Sequence[Any]) -> Sequence[Any] | None:
        with connection.cursor() as cursor:
            if self.name not in connection.prepared:
                cursor.execute(f"PREPARE {self.name} AS {self.sql}")
                connection.prepared.add(self.name)
            cursor.execute(f"EXECUTE {self.name} ({', '.join(['%s'] * len(parameters))})", parameters)
            row: Sequence[Any] | None = cursor.fetchone()
            return row
