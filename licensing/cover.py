"""Who is covered until when: an exporter's licenses and open cases on an axis of days, by end-user. No row is read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from core.legal_time import months_after

MONTHS = 13  # this one, and twelve to come


@dataclass(frozen=True)
class Cover:
    """Of one license or one case, from first through last. ref: whose. gone_on: when its quantity is about used up,
    where that comes first. asked: nothing is decided yet. stopped: it is suspended."""

    name: str
    ref: str
    first: date
    last: date
    gone_on: date | None = None
    asked: bool = False
    stopped: bool = False

    @property
    def ends(self) -> date:
        return self.gone_on or self.last

    @property
    def look(self) -> str:
        return "asked" if self.asked else "stopped" if self.stopped else "soon" if self.gone_on else "used"


@dataclass(frozen=True)
class Lane:
    """One end-user: what is licensed, then what was asked for, in the order of their first days."""

    name: str
    covers: list[Cover] = field(default_factory=list)

    @property
    def covered(self) -> date:
        """The last day until which what is licensed covers it; the earliest of all where nothing does."""
        return max((one.ends for one in self.covers if not one.asked), default=date.min)


@dataclass(frozen=True)
class Axis:
    """From the first day of today's month on."""

    first: date
    last: date

    @classmethod
    def of(cls, today: date) -> "Axis":
        first = today.replace(day=1)
        return cls(first, months_after(first, MONTHS) - timedelta(days=1))

    def months(self) -> list[date]:
        return [months_after(self.first, number) for number in range(MONTHS)]

    def at(self, day: date) -> int:
        """How far along a day begins, in thousandths of the whole; none lies beyond either end."""
        whole = (self.last - self.first).days + 1
        return min(max((day - self.first).days * 1000 // whole, 0), 1000)


def lanes(covers: Iterable[Cover]) -> list[Lane]:
    """One for each end-user; the one whose cover ends first stands first."""
    return sorted(_lanes(covers), key=lambda lane: (lane.covered, lane.name))


def _lanes(covers: Iterable[Cover]) -> Iterator[Lane]:
    found = sorted(covers, key=lambda one: (one.name, one.asked, one.first, one.last, one.ref))
    for name, some in groupby(found, key=lambda one: one.name):
        yield Lane(name, list(some))
