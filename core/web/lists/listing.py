"""A list as somebody asked for it: read from the address, and what its page's template needs."""

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import Invalid, Problem
from core.navigation import numbers
from core.search import folded, search, words_of
from core.selectors import counted
from core.sizes import ECHOED, LIST_ROWS
from core.web.lists.declared import Choice, Day, List, refused
from core.web.lists.keyset import Keyset, Page

OTHERS = frozenset({"kept"})  # what a page may carry besides: text that survived


@dataclass(frozen=True)
class Sort:
    """A column's header: its words, the address that sorts by it (the other way when it does already), how it does."""

    name: str
    label: str
    url: str
    now: str  # ascending, descending, or empty


@dataclass(frozen=True)
class Segment:
    name: str
    label: str
    url: str
    count: int
    current: bool


@dataclass(frozen=True)
class Asked:
    """A filter and what it was asked for."""

    filter: Choice | Day
    value: str


class Listing:
    """What the address asks of the list. Raises Invalid for what the list does not know, or what means nothing."""

    def __init__(self, listed: List, request: HttpRequest, *, paged: bool = True) -> None:
        self.list = listed
        self._given = _given(listed, request, {"cursor"} if paged else set())
        self.q = self._given.get("q", "").strip()
        self._words, self._actor = words_of(self.q), request.actor
        rows = listed.rows(request.actor)
        self.counts = numbers(
            request, request.actor, {view.name: view.narrow(rows, request.actor) for view in listed.views}
        )
        self.view = self._view()
        order = listed.order
        for view in listed.views:
            if view.name == self.view:
                rows, order = view.narrow(rows, request.actor), view.order or order
        self.filters = [Asked(one, self._given.get(one.name, "")) for one in listed.filters]
        self.order = self._given.get("sort") or order
        name = self.order.removeprefix("-")
        if name not in listed.sorts():
            raise refused("sort", _("This list can't be sorted by that."))
        self.keyset = Keyset(
            listed.whole(self._found(rows)),
            listed.sorts()[name].sort,
            descending=self.order.startswith("-"),
            salt=f"list:{listed.route}:{self.order}",
        )
        self.narrowed = bool(self.q) or any(asked.value for asked in self.filters)

    def _view(self) -> str:
        """The view asked for; else the first of the preferred ones that has rows, or the last of them."""
        name = self._given.get("view", "")
        if name and name not in self.counts:
            raise refused("view", _("This list can't be filtered by that."))
        prefer = self.list.prefer
        return name or next((view for view in prefer if self.counts[view]), prefer[-1] if prefer else "")

    def _found(self, rows: Any) -> Any:
        """What search and filters leave."""
        for asked in self.filters:
            if asked.value:
                rows = asked.filter.narrow(rows, asked.value)
        found, called = search(rows, self.list.search, self._words), self._called(rows)
        if called is None:
            return found
        return rows.filter(Q(pk__in=found.order_by().values("pk")) | Q(pk__in=called.order_by().values("pk")))

    def _called(self, rows: Any) -> Any:
        """Those of a kind, or in a state, that is called just as what is searched for; None where none is."""
        text = folded(self.q)
        for one in self.list.filters if text else ():
            if isinstance(one, Choice) and not callable(one.choices):
                value = next((value for value, label in one.offered() if folded(label) == text), None)
                if value is not None:
                    return one.narrow(rows, value)
        return None

    def turn(self) -> "Listing":
        """Reads the page that is asked for."""
        self.page: Page = self.keyset.page(self._given.get("cursor", ""), self.list.size)
        return self

    @property
    def rows(self) -> list[Any]:
        return self.page.rows

    def value(self, name: str) -> str:
        """What the filter of this name is asked for."""
        return next(asked.value for asked in self.filters if asked.filter.name == name)

    # --- addresses ------------------------------------------------------------------------------------

    def address(self, route: str = "", **changes: str) -> str:
        """The list with these changes, from its first page on; an empty value takes the parameter away."""
        query = QueryDict(mutable=True)
        for name, value in (self._given | {"cursor": ""} | changes).items():
            if value and name not in OTHERS:
                query[name] = value
        path = reverse(route or self.list.route)
        return f"{path}?{query.urlencode()}" if query else path

    @property
    def sorts(self) -> dict[str, Sort]:
        """By column: the header's words and address."""
        found = {}
        for name, column in self.list.sorts().items():
            now = {name: "ascending", f"-{name}": "descending"}.get(self.order, "")
            turned = f"-{name}" if now == "ascending" else name
            found[name] = Sort(name, str(column.label), self.address(sort=turned), now)
        return found

    @property
    def orders(self) -> list[tuple[str, str]]:
        """The same for the form, where there are no headers."""
        return [
            choice
            for name, column in self.list.sorts().items()
            for choice in (
                (name, _("{column}, ascending").format(column=column.label)),
                (f"-{name}", _("{column}, descending").format(column=column.label)),
            )
        ]

    @property
    def segments(self) -> list[Segment]:
        """The views; what is searched for is searched for in each of them."""
        return [
            Segment(
                view.name,
                str(view.label),
                self.address(view=view.name, sort=""),
                self.counts[view.name],
                view.name == self.view,
            )
            for view in self.list.views
        ]

    @property
    def elsewhere(self) -> list[Segment]:
        """The views in which something is found, where this one has nothing."""
        rows = self.list.rows(self._actor)
        found = counted({view.name: self._found(view.narrow(rows, self._actor)) for view in self.list.views})
        return [replace(one, count=found[one.name]) for one in self.segments if found[one.name]]

    @property
    def shown_all(self) -> str:
        """The same view without search and filters."""
        given = dict.fromkeys(("q", *(asked.filter.name for asked in self.filters)), "")
        return self.address(**given)

    @property
    def first(self) -> str:
        return self.address()

    @property
    def previous(self) -> str:
        return self.address(cursor=self.page.previous) if self.page.previous else ""

    @property
    def next(self) -> str:
        return self.address(cursor=self.page.next) if self.page.next else ""

    most = f"{LIST_ROWS:,}"

    @property
    def csv(self) -> str:
        return self.address(f"{self.list.route}.csv")


def _given(listed: List, request: HttpRequest, paging: set[str]) -> dict[str, str]:
    """The parameters that have a value. Raises Invalid for one that the list does not know, or that stands twice."""
    known = {"sort", *paging, *OTHERS, *(one.name for one in listed.filters)}
    known |= ({"q"} if listed.search else set()) | ({"view"} if listed.views else set())
    problems = []
    for name, values in request.GET.lists():
        if name not in known:
            problems.append(Problem(f"/{name[:ECHOED]}", "invalid-parameter", _("There is no such parameter.")))
        elif len(values) > 1:
            problems.append(Problem(f"/{name}", "invalid-parameter", _("Send this parameter once.")))
    if problems:
        raise Invalid(problems)
    return {name: value for name, value in request.GET.items() if value}
