"""When a line runs out, should as much cross each day as of late. Whole base units; no database."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

WINDOW = 90  # days, today the last of them, whose clearances are the rate
CLEARANCES_LEAST = 3  # shipments cleared in them; of fewer nothing is foretold


@dataclass(frozen=True)
class Forecast:
    """runs_out: the day on which nothing is left, where that comes before the license's last day; days_early: how many
    days before it. Else left: what would be left on that last day. enough: there is a rate to foretell by.
    days: those that the rate is of."""

    LEAST: ClassVar[int] = CLEARANCES_LEAST
    WINDOW: ClassVar[int] = WINDOW

    enough: bool
    days: int = WINDOW
    runs_out: date | None = None
    days_early: int = 0
    left: int = 0


def foretell(*, cleared: int, clearances: int, left: int, today: date, first: date, last: date) -> Forecast:
    """cleared: base units in the last WINDOW days, by so many shipments; left: neither cleared nor lapsed.

    A license whose first day was less than WINDOW days ago has had no more than these days to ship in.
    """
    days = min(WINDOW, max((today - first).days + 1, 1))
    if clearances < CLEARANCES_LEAST or cleared <= 0:
        return Forecast(enough=False, days=days)
    lasts = left * days // cleared  # days; of little that crosses, more than any calendar has
    if lasts < (last - today).days:
        runs_out = today + timedelta(days=lasts)
        return Forecast(enough=True, days=days, runs_out=runs_out, days_early=(last - runs_out).days)
    return Forecast(enough=True, days=days, left=max(left - cleared * (last - today).days // days, 0))
