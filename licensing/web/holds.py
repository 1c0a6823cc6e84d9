"""Holds as people read them: all of them on a page of their own, and those of a case on its page."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.legal_time import legal_day, legal_now
from core.selectors import country_names
from licensing import selectors
from licensing.models import ApplicationEndUser, ApplicationLine
from licensing.policy.editions import Hold
from licensing.words import holds as words
from licensing.words import phrases


@dataclass(frozen=True)
class Held:
    """A hold in words, to its last day, and what of a case it holds. missing: for want of these facts it does not."""

    hold: Hold
    missing: tuple[str, ...]
    until: date | None
    what: list[tuple[ApplicationLine, ApplicationEndUser]] = field(default_factory=list)

    @property
    def told(self) -> str:
        return words.may(self.hold, self.missing, self.until) if self.missing else words.told(self.hold, self.until)


def of_case(found: Iterable[selectors.Standing]) -> list[Held]:
    """Each hold once, with the lines and end-users of which the same is said; those that stand come first."""
    said: dict[tuple[str, tuple[str, ...]], Held] = {}
    for one in found:
        held = said.setdefault((one.hold.id, one.missing), Held(one.hold, one.missing, one.until))
        held.what.append((one.line, one.user))
    return in_order(said.values())


def in_order(found: Iterable[Held]) -> list[Held]:
    return sorted(found, key=lambda one: bool(one.missing))


def holds(request: HttpRequest) -> HttpResponse:
    """The holds in force and those announced, for everybody."""
    at, countries = legal_now(), country_names()
    rows = [
        {
            "hold": one.hold,
            "reason": words.reason(one.hold),
            "covers": phrases.conditions(one.hold.match, one.edition, countries),
            "since": one.since,
            "until": one.until,
            "stands": one.since <= legal_day(at),
        }
        for one in selectors.holds_known(selectors.editions_at(at))
    ]
    return render(request, "licensing/holds.html", {"holds": rows})
