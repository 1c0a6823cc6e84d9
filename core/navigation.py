"""The main menu: what the access table opens to you, in order; upper apps add entries and their counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from core.access import Actor
from core.selectors import counted


@dataclass(frozen=True)
class Entry:
    order: int
    route: str
    label: "str | Promise"
    kinds: tuple[str, ...]
    counts: Callable[[Actor], QuerySet[Any]] | None = None
    work: str = ""
    place: str = "main"
    only: str = ""


_entries: list[Entry] = []


def add(
    order: int,
    route: str,
    label: "str | Promise",
    *kinds: str,
    counts: Callable[[Actor], QuerySet[Any]] | None = None,
    work: str = "",
    place: str = "main",
    only: str = "",
) -> None:
    """The menu of these kinds of organization ("" is nobody's: of whoever is not signed in) has the entry, for whoever
    may GET the route.

    counts: the rows that wait there. work: the verbs that work them off; who may do none of them has no count.
    place: "main", or "account" for what stands on the account page. only: the entry is of whoever may GET this, too.
    """
    _entries.append(Entry(order, route, label, kinds, counts, work, place, only))


def _shown(actor: Actor, place: str) -> list[Entry]:
    return [
        entry
        for entry in sorted(_entries, key=lambda entry: entry.order)
        if entry.place == place
        and actor.kind in entry.kinds
        and actor.may(entry.route, "GET")
        and actor.may(entry.only or entry.route, "GET")
    ]


def numbers(request: HttpRequest, actor: Actor, rows: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """How many these are, by name; what waits at each entry of the menu is counted with them, in the one query."""
    waiting = {
        f"menu:{one.route}": one.counts(actor)
        for one in _shown(actor, "main")
        if one.counts and any(map(actor.may, one.work.split()))
    }
    request.numbers = counted({**waiting, **rows})
    return {name: request.numbers[name] for name in rows}


def first_page(request: HttpRequest, actor: Actor) -> str:
    """Where he begins: at the first entry of his menu; where none of his work lies there, at the first with some."""
    shown, menu = _shown(actor, "main"), entries(request, actor)
    if not menu:
        return reverse("account")
    at_once = any(map(actor.may, shown[0].work.split()))
    return str(next((one["url"] for one in menu if one["count"] and not at_once), menu[0]["url"]))


def entries(request: HttpRequest, actor: Actor, place: str = "main") -> list[dict[str, Any]]:
    """The menu for this actor: url, label, whether it is the current section, a count or None."""
    if not hasattr(request, "numbers"):
        numbers(request, actor, {})
    found: list[dict[str, Any]] = [
        {
            "url": (url := reverse(entry.route)),
            "label": entry.label,
            "current": request.path == url if url == "/" else request.path.startswith(url),
            "count": request.numbers.get(f"menu:{entry.route}") or None,
        }
        for entry in _shown(actor, place)
    ]
    here = max((len(one["url"]) for one in found if one["current"]), default=0)
    for one in found:  # an address may lie below another one: the longest address is where you are
        one["current"] = one["current"] and len(one["url"]) == here
    return found
