"""What an app says of a list: its columns, its filters, its views."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Func, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.access import Actor
from core.errors import Invalid, Problem
from core.languages import in_chinese, label_order
from core.legal_time import day_end, day_start
from core.models import Country

Rows = QuerySet[Any]


def refused(name: str, message: str) -> Invalid:
    return Invalid([Problem(f"/{name}", "invalid-parameter", message)])


@dataclass(frozen=True)
class Column:
    """A fact of a row; what the page shows of it is in the list's template. value: what the CSV says of it, of the row
    or (`part`) of each of its parts. sort: the keys by which it orders the list, none of them ever null; the primary
    key comes after them."""

    name: str
    label: "str | Promise"
    value: Callable[[Any], Any] | None = None
    sort: tuple[str | Combinable, ...] = ()
    part: bool = False


@dataclass(frozen=True)
class Choice:
    """One of several values. choices: (value, label) pairs, or what gives them; any: the word for all of them.

    narrow() raises Invalid for a text that means nothing; so does a Day's.
    """

    name: str
    label: "str | Promise"
    any: "str | Promise"
    choices: Sequence[tuple[Any, Any]] | Callable[[], Sequence[tuple[Any, Any]]]
    path: str = ""
    kind = "choice"

    def offered(self) -> list[tuple[str, str]]:
        found = self.choices() if callable(self.choices) else self.choices
        return [(str(value), str(label)) for value, label in found if value]

    def narrow(self, rows: Rows, text: str) -> Rows:
        if text not in dict(self.offered()):
            raise refused(self.name, _("This list can't be filtered by that."))
        path = self.path or self.name
        return rows.filter(**{path: [text] if path.endswith("__contains") else text})


_countries = dict[str, list[tuple[str, str]]]()  # by language, found once: a country that was loaded stays


def countries() -> list[tuple[str, str]]:
    language = get_language() or ""
    if not _countries.get(language):
        _countries[language] = [(row.code, str(row)) for row in by_name(Country.objects.all())]
    return _countries[language]


def by_name(countries: Iterable[Country]) -> list[Country]:
    """In the order of their names as the reader reads them."""
    return sorted(countries, key=lambda country: label_order(str(country)))


class CountryName(Combinable):
    """A key of a sort: the country's name in the same order. path: from a row to its country."""

    def __init__(self, path: str) -> None:
        self.english, self.chinese = F(f"{path}__name_en"), F(f"{path}__name_zh")

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        named = Coalesce(NullIf(self.chinese, Value("")), self.english)
        pinyin = Func(named, template="encode(convert_to(%(expressions)s, 'GB18030'), 'hex')", output_field=TextField())
        return (pinyin if in_chinese() else self.english).resolve_expression(*args, **kwargs)


def state_word(row: Any) -> str:
    return str(row.states(row.state).label)


@dataclass(frozen=True)
class Day:
    """From a legal day on, or until its end. path: a day or an instant of the row; without one it narrows nothing."""

    name: str
    label: "str | Promise"
    path: str = ""
    first: bool = True
    instant: bool = False
    kind = "day"

    def narrow(self, rows: Rows, text: str) -> Rows:
        try:
            on = date.fromisoformat(text)
        except ValueError:
            on = date.min
        if not re.fullmatch(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", text, re.ASCII) or on == date.min:
            raise refused(self.name, _("Write the day as year-month-day, for example 2026-11-25."))
        if not self.path:
            return rows
        if not self.instant:
            return rows.filter(**{f"{self.path}__{'gte' if self.first else 'lte'}": on})
        if self.first:
            return rows.filter(**{f"{self.path}__gte": day_start(on)})
        return rows.filter(**{f"{self.path}__lt": day_end(on)})


def days(path: str, since: "str | Promise", until: "str | Promise", *, instant: bool = False) -> tuple[Day, Day]:
    """`since=` and `until=`, both days included."""
    return Day("since", since, path, True, instant), Day("until", until, path, False, instant)


@dataclass(frozen=True)
class View:
    """A part of a list that has a name and, as people look at the parts beside each other, a count. order: its own."""

    name: str
    label: "str | Promise"
    narrow: Callable[[Rows, Actor], Rows]
    order: str = ""


@dataclass(frozen=True)
class List:
    """A list.

    rows: those that the actor sees; whole: them with what showing them needs, filed: what a file needs besides.
    search: paths to text. order: a column's
    name, with a minus for the greatest first. prefer: the view shown first is the first of these that has rows, else
    the last. parts: of a row, each a line of the CSV. more: what else the page's template needs.
    """

    route: str
    template: str
    rows: Callable[[Actor], Rows]
    columns: tuple[Column, ...]
    order: str
    search: tuple[str, ...] = ()
    hint: "str | Promise" = ""
    filters: tuple[Choice | Day, ...] = ()
    views: tuple[View, ...] = ()
    prefer: tuple[str, ...] = ()
    whole: Callable[[Rows], Rows] = lambda rows: rows
    filed: Callable[[Rows], Rows] = lambda rows: rows
    parts: Callable[[Any], Iterable[Any]] | None = None
    more: Callable[[HttpRequest, Any], dict[str, Any]] = lambda request, listing: {}
    size: int = 50

    def sorts(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns if column.sort}
