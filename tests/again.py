"""What builders leave in the database is made by the verbs twice in a run; whoever begins alike has it put there.

`@again` stands at a builder. What it leaves is put there where three things hold: nothing was written in the test's
transaction but what was kept and what such builders left, in this order and with these arguments; it is the same legal
day; and neither a setting nor anything else was replaced.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, wraps
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Model

from core.legal_time import legal_day, legal_now
from tests.clock import Clock
from tests.kept import LONG, columns, tables, unguarded

PLAIN = (str, int, date, Decimal, bool, timedelta, type(None))
Rows = dict[str, dict[str, str]]  # of each table, by key: the row as text


@dataclass
class Left:
    """What one builder left behind what stood before."""

    tables: set[str] = field(default_factory=set)
    times: int = 0
    kept: tuple[datetime, datetime] | None = None  # when what is kept was made: from, until
    value: Any = None
    new: Rows = field(default_factory=dict)
    other: Rows = field(default_factory=dict)
    gone: dict[str, list[str]] = field(default_factory=dict)
    then: dict[Any, "Left"] = field(default_factory=dict)


class Begun:
    """Where the test that runs stands: None unless it began with what was kept, and wrote nothing else since."""

    def __init__(self) -> None:
        self.then: dict[Any, Left] | None = None
        self.written: dict[str, int] = {}
        self.patches: pytest.MonkeyPatch | None = None
        self.settings = settings._wrapped

    def at(self, then: dict[Any, Left]) -> None:
        self.then, self.written = then, _written()

    def otherwise(self) -> bool:
        """Whether something else is so by now."""
        patched = self.patches is None or self.patches._setattr or self.patches._setitem
        return bool(patched) or settings._wrapped is not self.settings or _written() != self.written

    def nowhere(self) -> None:
        self.then = None


begun = Begun()


def again(build: Callable[..., Any]) -> Callable[..., Any]:
    """The builder, which looks first whether what it will leave is known."""

    @wraps(build)
    def built(*args: Any, **said: Any) -> Any:
        then = begun.then
        begun.nowhere()  # the builders that it calls are part of it
        if then is None or not connection.in_atomic_block or connection.needs_rollback:
            return build(*args, **said)
        try:
            words = (build.__module__, build.__qualname__, _words(args), _words(said))
        except TypeError:
            return build(*args, **said)
        if begun.otherwise():
            return build(*args, **said)
        now = legal_now()
        left = then.setdefault((*words, legal_day(now)), Left())
        if left.kept and abs(now - left.kept[0]) < LONG:
            value = _put(left, left.kept[1])
        else:
            left.kept = None
            value = _made(left, now, lambda: build(*args, **said))
        if left.kept:
            begun.at(left.then)
        return value

    return built


def _made(left: Left, now: datetime, make: Callable[[], Any]) -> Any:
    """Kept when it is made for the second time, and wrote to no other table than at the first."""
    left.times += 1
    keep, before = left.times > 1, _written()
    was = {name: _rows(name) for name in left.tables} if keep else {}
    value = make()
    written = _written()
    changed = {name for name in written if written[name] != before.get(name)}
    if keep and changed <= left.tables:
        _keep(left, was)
        left.value, left.kept = copy.deepcopy(value), (now, legal_now())
    left.tables |= changed
    return value


def _keep(left: Left, was: Rows) -> None:
    left.new, left.other, left.gone, left.then = {}, {}, {}, {}
    for name, old in was.items():
        rows = _rows(name)
        left.new[name] = {key: row for key, row in rows.items() if key not in old}
        left.other[name] = {key: row for key, row in rows.items() if old.get(key, row) != row}
        left.gone[name] = [key for key in old if key not in rows]


def _put(left: Left, at: datetime) -> Any:
    """at: when the last of it was made."""
    names = [name for name in _order() if name in left.tables]
    with unguarded(names), connection.cursor() as cursor:
        for name in names:
            for statement, rows in _statements(name, left):
                cursor.execute(statement, [rows])
    if legal_now() < at:  # a clock that was set: what was made then is not of the future
        Clock().set(at)
    return copy.deepcopy(left.value)


def _statements(name: str, left: Left) -> Iterator[tuple[str, list[str]]]:
    key, mine = _key(name), columns(name)
    rows = f"(SELECT CAST(said AS {name}) AS r FROM unnest(%s::text[]) said OFFSET 0) said"
    theirs = ", ".join(f"(r).{column}" for column in mine)
    if left.gone[name]:
        yield f"DELETE FROM {name} t WHERE {key.format('t.')} = ANY(%s::text[])", left.gone[name]
    if left.other[name]:
        same = key.format("t.") + " = " + key.format("(r).")
        yield (
            f"UPDATE {name} t SET ({', '.join(mine)}) = ROW({theirs}) FROM {rows} WHERE {same}",
            [*left.other[name].values()],
        )
    if left.new[name]:
        yield (
            f"INSERT INTO {name} ({', '.join(mine)}) OVERRIDING SYSTEM VALUE SELECT {theirs} FROM {rows}",
            [*left.new[name].values()],
        )


def _rows(name: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_key(name).format('t.')}, t::text FROM {name} t")
        return dict(cursor.fetchall())


@cache
def _key(name: str) -> str:
    """The primary key of the table's rows as one text; {} is whose."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(attname) FROM pg_index JOIN pg_attribute ON attrelid = indrelid"
            " AND attnum = ANY (indkey::smallint[]) WHERE indrelid = %s::regclass AND indisprimary ORDER BY attnum",
            [name],
        )
        return "ROW(" + ", ".join("{0}" + column for (column,) in cursor.fetchall()) + ")::text"


@cache
def _order() -> list[str]:
    return [name for name, _ in tables()]


def _written() -> dict[str, int]:
    """How many rows of each table were written in this transaction, those that were taken back included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(pg_partition_root(relid), relid)::regclass::text, sum(n_tup_ins + n_tup_upd + n_tup_del)"
            " FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
            " AND schemaname = 'public' GROUP BY 1"
        )
        return dict(cursor.fetchall())


def _words(said: Any) -> Any:
    """What an argument is, so that the same one says the same. Raises TypeError for what may change."""
    if isinstance(said, Clock):
        return "clock"
    if isinstance(said, Model):
        return said._meta.label, said.pk
    if isinstance(said, PLAIN):
        return said
    if isinstance(said, dict):
        return tuple((_words(key), _words(value)) for key, value in said.items())
    if isinstance(said, list | tuple):
        return tuple(_words(one) for one in said)
    if isinstance(said, set | frozenset):
        return frozenset(_words(one) for one in said)
    if is_dataclass(said):
        return tuple(_words(getattr(said, one.name)) for one in fields(said))
    raise TypeError(said)
