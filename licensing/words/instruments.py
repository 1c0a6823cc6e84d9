"""Instruments of an edition as everybody reads them: how each stands on a day, clause by clause, with its rules."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from core.templatetags.lodestone import day
from licensing.policy.editions import Edition, Span, clause_begins, suspends
from licensing.words import rules, terms
from licensing.words.sentences import RuleTold, anchor, told


@dataclass(frozen=True)
class Standing:
    """How something stands on a day, in a look and in words."""

    look: str
    told: str


def standing(span: Span, pauses: Iterable[Span], on: date) -> Standing:
    if on < span.first:
        return Standing("plain", _("In force from {day} on").format(day=day(span.first)))
    if not span.covers(on):
        return Standing("plain", _("No longer in force"))
    for pause in pauses:
        if pause.covers(on) and pause.last:
            return Standing("wait", _("Suspended until {day} inclusive").format(day=day(pause.last)))
    return Standing("ok", _("In force"))


@dataclass(frozen=True)
class Clause:
    """A clause with what rests on it."""

    name: str
    since: date
    standing: Standing
    rules: tuple[RuleTold, ...]

    @property
    def anchor(self) -> str:
        return anchor("clause", self.name)


class Instrument:
    """An instrument of an edition, on a day."""

    def __init__(self, row: Mapping[str, Any], edition: Edition, on: date) -> None:
        self.row, self.edition, self.on = row, edition, on
        self.id, self.title_en, self.title_zh = row["id"], row["title_en"], row["title_zh"]
        self.source, self.note = row["source"], row.get("note", "")
        self.published = date.fromisoformat(row["published"])
        self.since = date.fromisoformat(row["effective_from"])
        self.until = date.fromisoformat(row["effective_to"]) if "effective_to" in row else None

    @property
    def number(self) -> str:
        return rules.instrument(self.id, [dict(self.row)])

    @property
    def authority(self) -> str:
        return terms.word(rules.AUTHORITIES, self.row["authority"])

    @property
    def ours(self) -> bool:
        """A default of this product, and no provision."""
        return bool(self.row["authority"] == "product")

    @property
    def standing(self) -> Standing:
        return standing(Span(self.since, self.until), self._pauses(), self.on)

    @property
    def codes(self) -> list[dict[str, Any]]:
        return [row for row in self.edition.document["codes"] if row["instrument"] == self.id]

    @cached_property
    def windows(self) -> list[Mapping[str, Any]]:
        return [row for row in self.edition.document["windows"] if row["instrument"] == self.id]

    def clauses(self, countries: Mapping[str, str]) -> Iterator[Clause]:
        """Those that rules rest on, that have days of their own, or that a window suspends."""
        mine = [row for row in self.edition.document["rules"] if row["instrument"] == self.id]
        own = self.row.get("clauses", {})
        names = [row["clause"] for row in mine] + [*own, *(row["clause"] for row in self.windows if row["clause"])]
        for name in dict.fromkeys(names):
            since = date.fromisoformat(clause_begins(name, self.row))
            yield Clause(
                name,
                since,
                standing(Span(since, self.until), self._pauses(name), self.on),
                tuple(told(row["id"], self.edition, countries) for row in mine if row["clause"] == name),
            )

    def _pauses(self, clause: str | None = None) -> Iterator[Span]:
        for row in self.windows:
            if suspends(row, self.id, clause):
                yield Span(date.fromisoformat(row["suspended_from"]), date.fromisoformat(row["suspended_until"]))


def instruments(edition: Edition, on: date) -> dict[str, Instrument]:
    """Each by its name, the newest first."""
    rows = sorted(edition.document["instruments"], key=lambda row: (row["published"], row["id"]), reverse=True)
    return {row["id"]: Instrument(row, edition, on) for row in rows}
