"""The statutory clock of a case: WORKING_DAYS from its day 0, less its pauses; or none, where no limit applies.

No framework, no row.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from core.working_days import Calendar, NotPublished, Pause

RECEIPT_DAYS = 5  # working days to say that something is missing, or it is accepted. Administrative Licensing Law 32
WORKING_DAYS = 45
SIGNALS = (30, 40, WORKING_DAYS)


@dataclass(frozen=True)
class Clock:
    """Derived anew whenever somebody asks. Figures but `left` raise NotPublished where the table ends before them."""

    calendar: Calendar
    day_0: date
    pauses: tuple[Pause, ...] = ()
    working_days: int | None = WORKING_DAYS  # None: no limit applies, and days are only counted

    def day(self, number: int) -> date | None:
        """Day `number` of the clock. None beyond its last one, and while a pause before it has no end yet."""
        if self.working_days is None or number > self.working_days:
            return None
        return self.calendar.day(number, self.day_0, self.pauses)

    @property
    def deadline(self) -> date | None:
        """The last day that is in time, to its end. None while a pause before it has no end yet."""
        return None if self.working_days is None else self.day(self.working_days)

    @property
    def provisional(self) -> bool:
        """May the deadline still move, because the table may? A deadline that is not known can't."""
        return self.deadline is not None and self.calendar.provisional(self.day_0, self.deadline)

    def used(self, on: date) -> int:
        """Working days that the ministry had by the end of `on`; more than `working_days` when it is late."""
        return self.calendar.used(self.day_0, on, self.pauses)

    def left(self, on: date) -> int | None:
        """Nothing once the deadline is over. None where no limit applies, and where nobody can say."""
        if self.working_days is None:
            return None
        with suppress(NotPublished):
            return max(0, self.working_days - self.used(on))
        with suppress(NotPublished):
            return 0 if self.deadline and on > self.deadline else None
        return None

    def reached(self, on: date) -> Iterator[int]:
        """The signals whose days have come by the end of `on`, as far as the table goes."""
        with suppress(NotPublished):
            yield from (number for number in SIGNALS if (day := self.day(number)) and day <= on)


@dataclass(frozen=True)
class Reading:
    """A case's clock as everybody reads it at the end of a day: pages, lists and mails say the same.

    used, left: None where the table ends before that day; nothing is left once the deadline is over. deadline: None
    while a pause has no end, and where the table ends before it (`published` is false then). reached: the signals whose
    days have come. pause: the one in which it stands still on that day. of: None where no limit applies, and so nothing
    is left and no day the last. overdue_before: since when it was late before the days counted anew, or none did.
    """

    on: date
    day_0: date
    of: int | None
    used: int | None
    left: int | None
    deadline: date | None
    provisional: bool
    published: bool
    reached: tuple[int, ...]
    pause: Pause | None
    overdue_before: date | None = None

    @property
    def overdue(self) -> bool:
        """From 00:00 of the day after the deadline on. Nothing is approved by that."""
        return self.deadline is not None and self.on > self.deadline


def read(clock: Clock, on: date) -> Reading:
    """The clock at the end of this day. Where the table ends too early, it says what it can."""
    used = deadline = None
    published, provisional = True, False
    try:
        deadline, provisional = clock.deadline, clock.provisional
    except NotPublished:
        published = False
    with suppress(NotPublished):
        used = clock.used(on)
    left, reached = clock.left(on), tuple(clock.reached(on))
    pause = next((pause for pause in clock.pauses if pause.covers(on)), None)
    return Reading(on, clock.day_0, clock.working_days, used, left, deadline, provisional, published, reached, pause)
