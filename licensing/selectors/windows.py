"""Suspension windows of an edition: through which day each suspends what, and which goods come back after it."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from licensing.policy.editions import Edition, edition_of
from licensing.policy.edits import key_of, put, rows
from licensing.policy.engine import DAY, Compiled
from licensing.policy.facts import whole
from licensing.policy.vocabulary import CODE, TERRITORY
from licensing.selectors.editions import rules_of
from licensing.selectors.judging import NEW

PART = "windows"


@dataclass(frozen=True)
class Window:
    """A time, its last day included, in which an instrument (clause "": all of it) does not apply.

    key: as edits name its row.
    """

    key: str
    instrument: str
    clause: str
    first: date
    last: date
    by: str

    @property
    def returns_on(self) -> date | None:
        """The first day after it; None where no calendar has one."""
        return self.last + DAY if self.last < date.max else None


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
    last = date.fromisoformat(row["suspended_until"])
    if last == date.max:
        return Returns()
    on = last + DAY
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
    """The code, and who may use it: our labels are for exporters overseas."""
    return {CODE: code} if edition.codes[code].official else {CODE: code, TERRITORY: "overseas"}
