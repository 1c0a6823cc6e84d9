"""What many tests begin with is made once in a run, by the verbs that people use, and then put back row by row."""

import copy
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection, transaction

from core.legal_time import legal_day, legal_now

LONG = timedelta(minutes=30)  # what was made before is made anew: it may no longer be true by the clock
STANDING = {"django_migrations", "django_content_type", "auth_permission"}
Rows = list[tuple[str, str, bool]]  # table, its rows as COPY has them, whether a trigger looks at what comes in


class Kept:
    """kept() is what `make` answers, and the database holds what `make` leaves there; put back where it is empty."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._rows: Rows = []
        self._value: Any = None
        self._at: datetime | None = None
        self.put = False  # whether the database holds that and nothing else
        self.then: dict[Any, Any] = {}  # what came after: see tests/again.py

    def __call__(self) -> Any:
        at = legal_now()
        if _filled([(name, looked) for name, _, looked in self._rows] or tables()):  # something else began here
            self.put = False
            return self._make()
        self.put = True
        if self._at and self._at <= at < self._at + LONG and legal_day(self._at) == legal_day(at):
            with transaction.atomic():
                _put(self._rows)
        else:
            self._value = self._make()
            self._rows, self._at, self.then = _taken(), at, {}
        return copy.deepcopy(self._value)


def tables() -> list[tuple[str, bool]]:
    """Every table with rows of its own, in the order in which they were made, and whether a trigger sees an insert."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal"
            " AND tgtype & 4 > 0) FROM pg_class c WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace ORDER BY oid"
        )
        return [row for row in cursor.fetchall() if row[0] not in STANDING]


def _filled(of: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name, _ in of))
        some = {name for (name,) in cursor.fetchall()}
    return [row for row in of if row[0] in some]


def _taken() -> Rows:
    return [(name, _copied(name), looked) for name, looked in _filled(tables())]


def _copied(name: str) -> str:
    text = io.StringIO()
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(f"COPY (SELECT {', '.join(columns(name))} FROM {name}) TO STDOUT", text)
    return text.getvalue()


@cache
def columns(name: str) -> list[str]:
    """Those that take a value: PostgreSQL generates the others, and of a row that is put knows the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(attname) FROM pg_attribute"
            " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
            " AND coalesce(pg_get_expr(adbin, adrelid), '') NOT LIKE '%%pg_current_xact_id%%' ORDER BY attnum",
            [name],
        )
        return [column for (column,) in cursor.fetchall()]


def _put(rows: Rows) -> None:
    with unguarded([name for name, _, by_trigger in rows if by_trigger]), connection.cursor() as cursor:
        for name, text, _ in rows:
            cursor.cursor.copy_expert(f"COPY {name} ({', '.join(columns(name))}) FROM STDIN", io.StringIO(text))


@contextmanager
def unguarded(names: list[str]) -> Iterator[None]:
    """Triggers of these tables look away; what is else asked at the end of a transaction is asked now."""
    asked = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;"
    with connection.cursor() as cursor:
        cursor.execute(asked + "".join(f"ALTER TABLE {name} DISABLE TRIGGER USER;" for name in names))
        yield
        cursor.execute(asked + "".join(f"ALTER TABLE {name} ENABLE TRIGGER USER;" for name in names))
