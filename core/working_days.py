"""Counting working days over the working-day table. No clock, no row, no framework.

Whatever a count begins with (an acceptance, a receipt, a notice) is day 0; day 1 is the next working day. A working day
that a pause covers is not counted.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """A legal day of the table. provisional: its year was not announced yet, and it may turn out otherwise."""

    on: date
    working: bool
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Legal days on which a count stands still: `[start, end)`, or from `start` on while nobody knows the end."""

    start: date
    end: date | None = None

    def covers(self, on: date) -> bool:
        return self.start <= on and (self.end is None or on < self.end)


class NotPublished(LookupError):
    """The count needs a day that the table has not: it lies before the first day of it, or after the last."""

    def __init__(self, on: date) -> None:
        self.on = on
        super().__init__(f"{on} is not in the working-day table")


class Calendar:
    """The working-day table, or as much of it as a count needs. Every method raises NotPublished beyond it."""

    def __init__(self, days: Iterable[Day]) -> None:
        self._days = {day.on: day for day in days}

    def __getitem__(self, on: date) -> Day:
        if on not in self._days:
            raise NotPublished(on)
        return self._days[on]

    def counted(self, after: date, pauses: Collection[Pause] = ()) -> Iterator[date]:
        """Day 1, day 2 and so on. Ends where a pause begins that has no end yet."""
        on = self[after].on
        while True:
            on += ONE_DAY
            if any(pause.end is None and pause.covers(on) for pause in pauses):
                return
            if self[on].working and self._counts(on, pauses):  # no day beyond the table is passed over
                yield on

    def day(self, number: int, after: date, pauses: Collection[Pause] = ()) -> date | None:
        """Day `number`: the last lawful day of so many working days. None while a pause before it has no end."""
        return next(islice(self.counted(after, pauses), number - 1, None), None)

    def working_day_from(self, on: date) -> date:
        """This day where it is a working day, else the next one."""
        while not self[on].working:
            on += ONE_DAY
        return on

    def latest(self, number: int, until: date) -> date:
        """The last working day after which so many working days have gone by at the end of `until`."""
        on = until
        while number or not self[on].working:
            number -= number > 0 and self[on].working
            on -= ONE_DAY
        return on

    def used(self, after: date, on: date, pauses: Collection[Pause] = ()) -> int:
        """How many days were counted by the end of `on`."""
        return sum(self._counts(day, pauses) for day in _between(after, on))

    def provisional(self, after: date, until: date) -> bool:
        """Is any day provisional of those after `after`, `until` included? Then what was counted over them is too."""
        return any(self[day].provisional for day in _between(after, until))

    def _counts(self, on: date, pauses: Collection[Pause]) -> bool:
        return not any(pause.covers(on) for pause in pauses) and self[on].working


def _between(after: date, until: date) -> Iterator[date]:
    for passed in range((until - after).days):
        yield after + (passed + 1) * ONE_DAY
