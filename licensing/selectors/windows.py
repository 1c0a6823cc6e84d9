"""Suspension windows: through which day each suspends what, which goods come back after it, and whom that concerns."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from core.languages import in_language
from core.selectors import whoever_may
from licensing.models import ApplicationLine, Follow, License, PolicyEdition, Signature, WindowWarning
from licensing.models.balances import LicenseLine
from licensing.models.windows import STAGES
from licensing.policy.editions import Edition, Span, edition_of
from licensing.policy.edits import key_of, put, rows
from licensing.policy.engine import Compiled
from licensing.policy.facts import whole
from licensing.policy.vocabulary import CODE, NEW, TERRITORY
from licensing.selectors.editions import Editions, editions_at, rules_of
from licensing.states import IN_FORCE, UNDER_WAY

PART = "windows"


@dataclass(frozen=True, kw_only=True)
class Window(Span):
    """A time, its last day included, in which an instrument (clause "": all of it) does not apply.

    key: as edits name its row.
    """

    key: str
    instrument: str
    clause: str
    last: date
    by: str


def windows_of(edition: Edition) -> tuple[Window, ...]:
    """In the order of the text."""
    return tuple(
        Window(
            key=key_of(PART, row),
            instrument=row["instrument"],
            clause=row["clause"] or "",
            first=date.fromisoformat(row["suspended_from"]),
            last=date.fromisoformat(row["suspended_until"]),
            by=row["by"],
        )
        for row in edition.document[PART]
    )


@dataclass(frozen=True)
class Returns:
    """What counts again on the day after a window, and would not if it went on.

    codes: those that one of these rules may control then and that are not controlled, by their listing alone, without.
    """

    rules: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


@lru_cache(maxsize=512)
def returns_of(digest: str, key: str) -> Returns:
    """Of the window of this key, by the edition of this digest: worked out once a process."""
    rules = rules_of(digest)
    row = rows(rules.edition.document, PART)[key]
    on = next(window.after for window in windows_of(rules.edition) if window.key == key)
    if on is None:
        return Returns()
    longer = Compiled(edition_of(put(rules.edition.document, PART, key, row | {"suspended_until": str(on)}), ""))
    back = rules.active(on, NEW) & ~longer.active(on, NEW)
    return Returns(
        rules=tuple(rule.id for rule in rules.of(back)),
        codes=tuple(code for code in rules.edition.codes if _comes_back(code, rules, longer, back, on)),
    )


def _comes_back(code: str, rules: Compiled, longer: Compiled, back: int, on: date) -> bool:
    facts = whole(_said(code, rules.edition), rules.edition)
    may_control = back & rules.controlling & ~rules.failing(facts)
    return bool(may_control) and not longer.assess(facts, on=on).controlled


def _said(code: str, edition: Edition) -> dict[str, Any]:
    """The code, and who may use it."""
    return {CODE: code, TERRITORY: edition.codes[code].territory}


# --- by the editions known ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Ending:
    """A window that ends on its last day, by the editions known.

    on: the day after, on which what it suspends counts again; `edition`, `digest`: which judges that day.
    """

    window: Window
    on: date
    edition: str
    digest: str

    @property
    def returns(self) -> Returns:
        return returns_of(self.digest, self.window.key)


def windows_ending(editions: Editions, days: int) -> list[Ending]:
    """Those whose last day is today or within so many days; the first to end comes first."""
    latest = editions.today + timedelta(days)
    found = [
        Ending(window, window.after, code, digest)
        for code, digest, _ in editions.rows
        for window in windows_of(editions.rules(digest).edition)
        if window.after and editions.today <= window.last <= latest and editions.of(window.after)[0] == code
    ]
    return sorted(found, key=lambda one: (one.window.last, one.window.key))


def changed_by(editions: Editions, key: str, last: date) -> str | None:
    """The edition by which this window does not end on that day, though another one said so; None where it ends.

    Of several that say otherwise, the first: what judges the day after rests on it.
    """
    names = [row[0] for row in editions.rows]
    place = names.index(editions.of(Span(last, last).after or last)[0])
    if _has(editions.rows[place][1], key, last):
        return None
    while place > 0 and not _has(editions.rows[place - 1][1], key, last):
        place -= 1
    return names[place]


def _has(digest: str, key: str, last: date) -> bool:
    return any(one.key == key and one.last == last for one in windows_of(rules_of(digest).edition))


# --- whom it concerns ---------------------------------------------------------------------------------------
def _asked_for(codes: Iterable[str]) -> QuerySet[ApplicationLine]:
    """Lines of drafts and of cases that may still bring a license."""
    return ApplicationLine.objects.filter(application__state__in=UNDER_WAY, control_item__code__in=codes)


def _held(codes: Iterable[str]) -> QuerySet[LicenseLine]:
    """Lines of licenses in force, and whatever is reserved."""
    return LicenseLine.objects.filter(LicenseLine.STANDS, control_item__code__in=codes)


def exporters_concerned(codes: Iterable[str]) -> set[int]:
    """Who follows one of these codes, asks for it, holds a license with it, or has some of it reserved."""
    codes = list(codes)
    found = {row.exporter_id for row in Follow.objects.all() if any(row.covers(code) for code in codes)}
    found |= set(_asked_for(codes).values_list("application__exporter", flat=True))
    return found | set(_held(codes).values_list("exporter", flat=True))


def organizations_concerned(ending: Ending) -> set[int]:
    """The exporters whom a window's end concerns, and whoever has policy officers."""
    officers = whoever_may("draft.describe").values_list("organization", flat=True)
    return exporters_concerned(ending.returns.codes) | set(officers)


@dataclass(frozen=True)
class Exposed:
    """Of one item what a company has, in base units: left and reserved on licenses, asked for; or it follows it."""

    code: str
    description_en: str
    description_zh: str
    unit: str
    left: int
    reserved: int
    asked: int

    @property
    def description(self) -> str:
        return in_language(self.description_en, self.description_zh)


@dataclass(frozen=True)
class ComingBack:
    """What of a company's comes back when a window ends."""

    ending: Ending
    items: tuple[Exposed, ...]


def coming_back(exporter: int, editions: Editions) -> list[ComingBack]:
    """What of this company's comes back within the days of the earliest warning. The same few queries however much."""
    endings = [one for one in windows_ending(editions, max(STAGES)) if one.returns.codes]
    if not endings:
        return []
    codes = {code for one in endings for code in one.returns.codes}
    follows = list(Follow.objects.filter(exporter=exporter))
    held = list(_held(codes).filter(exporter=exporter).select_related("control_item", "license"))
    asked = list(_asked_for(codes).filter(application__exporter=exporter).select_related("control_item"))
    found = []
    for one in endings:
        rows = {row["code"]: row for row in rules_of(one.digest).edition.document["codes"]}
        items = []
        for code in one.returns.codes:
            lines = [line for line in held if line.control_item.code == code]
            wanted = [line for line in asked if line.control_item.code == code]
            if lines or wanted or any(row.covers(code) for row in follows):
                items.append(
                    Exposed(
                        code,
                        rows[code]["description_en"],
                        rows[code]["description_zh"],
                        rows[code]["unit"],
                        left=sum(max(line.available, 0) for line in lines if line.license.state in IN_FORCE),
                        reserved=sum(line.reserved for line in lines),
                        asked=sum(line.quantity for line in wanted),
                    )
                )
        if items:
            found.append(ComingBack(one, tuple(items)))
    return found


@dataclass(frozen=True)
class LinesBack:
    """Lines of a license that come back when a window ends."""

    ending: Ending
    lines: tuple[LicenseLine, ...]


def lines_coming_back(license: License, editions: Editions) -> list[LinesBack]:
    """Of a license in force, or with something reserved; its lines were read with their items."""
    found = []
    for one in windows_ending(editions, max(STAGES)):
        lines = tuple(
            line for line in license.lines.all() if line.control_item.code in one.returns.codes and line.stands
        )
        if lines:
            found.append(LinesBack(one, lines))
    return found


# --- warnings -----------------------------------------------------------------------------------------------
def stage_of(last: date, today: date) -> int:
    """Of the stages of warnings the one that is due: of those that a worker slept over none comes later."""
    return next(days for days in STAGES if last - today <= timedelta(days))


def warned(organization: int, ending: Ending, stage: int) -> bool:
    """Whether the organization knows of this window's end by this stage, or a later one."""
    rows = WindowWarning.objects.filter(organization=organization, window=ending.window.key)
    return rows.filter(last_day=ending.window.last, stage__lte=stage).exists()


def windows_to_warn_of(at: datetime) -> list[tuple[int, str, date]]:
    """Whom to warn of which window's end: organization, window, last day."""
    editions = editions_at(at)
    return [
        (organization, one.window.key, one.window.last)
        for one in windows_ending(editions, max(STAGES))
        for organization in sorted(organizations_concerned(one))
        if not warned(organization, one, stage_of(one.window.last, editions.today))
    ]


TOLD_DAYS = 30  # how long after its day pages tell of a warning that was withdrawn, and mails still do


def last_warnings(today: date) -> QuerySet[WindowWarning]:
    """Of each organization and window's end the last warning, until some time after that day."""
    rows = WindowWarning.objects.filter(last_day__gte=today - timedelta(TOLD_DAYS))
    rows = rows.order_by("organization", "window", "last_day", "-pk")
    return rows.distinct("organization", "window", "last_day").select_related("organization")


@dataclass(frozen=True)
class Withdrawn:
    """A warning that no longer holds: the edition by which it does not, and who approved that one."""

    warning: WindowWarning
    edition: PolicyEdition
    until: date | None  # the window's last day by that edition; None: it has no such window

    @property
    def signed(self) -> list[str]:
        return signed_by(self.edition)


def signed_by(edition: PolicyEdition) -> list[str]:
    """Who approved the edition's text, by name."""
    if edition.draft is None:
        return []
    prefetch_related_objects([edition.draft], Prefetch("signatures", Signature.objects.select_related("actor")))
    return [one.actor.name for one in edition.draft.signed if one.digest == edition.digest]


def warnings_withdrawn(editions: Editions, organization: int | None = None) -> list[Withdrawn]:
    """Derived from the editions known, whether a worker told of it or not. organization: only its own."""
    rows = last_warnings(editions.today)
    changed = {
        row: changed_by(editions, row.window, row.last_day)
        for row in (rows if organization is None else rows.filter(organization=organization))
    }
    known = PolicyEdition.objects.defer("text").in_bulk({code for code in changed.values() if code}, field_name="code")
    return [Withdrawn(row, known[code], _until(known[code], row)) for row, code in changed.items() if code]


def _until(edition: PolicyEdition, warning: WindowWarning) -> date | None:
    windows = windows_of(rules_of(edition.digest).edition)
    return next((one.last for one in windows if one.key == warning.window), None)


def returned_codes(warning: WindowWarning) -> frozenset[str]:
    """What would have come back by the edition that was warned of."""
    return frozenset(returns_of(warning.edition.digest, warning.window).codes)
