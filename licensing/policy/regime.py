"""Policy: pure arithmetic on frozen facts. No Django, no clock, no row.

In this release the regime is the control list as of a day: an item is controlled when its instrument is in force
that day and no suspension covers it. `assess` is the seam behind which the rules of the whole regime belong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from licensing.policy.vocabulary import CHANNEL_OF


@dataclass(frozen=True)
class Window:
    """Days, both included, on which an instrument or one of its clauses does not apply."""

    begins: date
    ends: date
    clause: str = ""

    def covers(self, on: date) -> bool:
        return self.begins <= on <= self.ends


@dataclass(frozen=True)
class InstrumentFacts:
    id: str
    effective_from: date
    suspensions: tuple[Window, ...] = ()

    def in_force(self, on: date) -> bool:
        """In force on that day as a whole."""
        return self.effective_from <= on and not any(w.covers(on) for w in self.suspensions if not w.clause)

    def change_days(self) -> Iterable[date]:
        """The first days of every new state of this instrument."""
        yield self.effective_from
        for window in self.suspensions:
            yield window.begins
            yield window.ends + timedelta(days=1)


@dataclass(frozen=True)
class Regime:
    """The rules as loaded: an edition's name and its instruments by id."""

    edition: str
    instruments: Mapping[str, InstrumentFacts]


@dataclass(frozen=True)
class Facts:
    """What is to be exported, where to, what for. control_code "" means: on none of the loaded lists."""

    control_code: str
    instrument: str
    official: bool = True
    destination: str = ""
    end_use: str = ""


@dataclass(frozen=True)
class Assessment:
    """What the regime says of facts on a day."""

    as_of: date
    edition: str
    controlled: bool
    disposition: str
    channels: frozenset[str] = field(default_factory=frozenset)
    matched: tuple[str, ...] = ()

    @property
    def prohibited(self) -> bool:
        return self.disposition == "prohibited"


def assess(facts: Facts, regime: Regime, *, on: date) -> Assessment:
    """What the regime says of these facts on that day.

    Source: the announcements named by the control list's rows; suspensions as in rules.json.
    """
    if not facts.control_code:
        return Assessment(on, regime.edition, False, "unlisted")
    if not facts.official or not regime.instruments[facts.instrument].in_force(on):
        return Assessment(on, regime.edition, False, "not_controlled")
    return Assessment(on, regime.edition, True, "standard_review", frozenset(CHANNEL_OF.values()), (facts.instrument,))


def days_that_matter(regime: Regime, *, today: date, begins: date, ends: date) -> list[date]:
    """Today, the window's first day, and each day in the planned window on which the rules change; sorted."""
    changes = {day for instrument in regime.instruments.values() for day in instrument.change_days()}
    return sorted({today, max(today, begins)} | {day for day in changes if begins <= day <= ends and day >= today})
