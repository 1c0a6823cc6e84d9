"""The main menu: what the access table opens to you, in order; upper apps add entries and their counts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from core.access import Actor


@dataclass(frozen=True)
class Entry:
    order: int
    route: str
    label: "str | Promise"
    kinds: tuple[str, ...]
    count: Callable[[Actor], int] | None = None
    work: str = ""
    place: str = "main"


_entries: list[Entry] = []


def add(
    order: int,
    route: str,
    label: "str | Promise",
    *kinds: str,
    count: Callable[[Actor], int] | None = None,
    work: str = "",
    place: str = "main",
) -> None:
    """The menu of these kinds of organization ("" is nobody's: of whoever is not signed in) has the entry, for whoever
    may GET the route.

    work: the verbs that work off what is counted; who may do none of them has no count.
    place: "main", or "account" for what stands on the account page.
    """
    _entries.append(Entry(order, route, label, kinds, count, work, place))


def entries(request: HttpRequest, actor: Actor, place: str = "main") -> list[dict[str, Any]]:
    """The menu for this actor: url, label, whether it is the current section, a count or None."""
    found: list[dict[str, Any]] = [
        {
            "url": (url := reverse(entry.route)),
            "label": entry.label,
            "current": request.path == url if url == "/" else request.path.startswith(url),
            "count": (entry.count(actor) or None) if entry.count and any(map(actor.may, entry.work.split())) else None,
        }
        for entry in sorted(_entries, key=lambda entry: entry.order)
        if entry.place == place and actor.kind in entry.kinds and actor.may(entry.route, "GET")
    ]
    here = max((len(one["url"]) for one in found if one["current"]), default=0)
    for one in found:  # an address may lie below another one: the longest address is where you are
        one["current"] = one["current"] and len(one["url"]) == here
    return found
