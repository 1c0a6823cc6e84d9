"""The one clock. `legal_now()` is a function of the database; nothing that decides looks at another clock.

Legal days are Asia/Shanghai calendar days.
"""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import DateTimeField, Func

from core.once import once

LEGAL_ZONE = ZoneInfo("Asia/Shanghai")
DAY_PATTERN = "[0-9]{4}-[0-9]{2}-[0-9]{2}"  # as text has it, at every door
YEARS = range(1990, 2101)  # in which an instant lies that somebody says
INSTANT = timedelta(microseconds=1)  # the database knows no shorter time


class LegalNow(Func):
    """The database's legal instant inside a query."""

    function = "legal_now"
    output_field = DateTimeField()
    arity = 0


@once
def legal_now() -> datetime:
    """The database's legal instant, aware, in UTC. Read it after the lock, in a statement of its own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT legal_now()")
        at: datetime = cursor.fetchone()[0]
        return at


def legal_day(at: datetime) -> date:
    """The legal calendar day of an instant."""
    return at.astimezone(LEGAL_ZONE).date()


def legal_today() -> date:
    return legal_day(legal_now())


def on_the_wire(at: datetime) -> str:
    """An instant as REST answers carry it: RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day_start(on: date) -> datetime:
    """The first instant of a legal day, in UTC."""
    return datetime.combine(on, time(), LEGAL_ZONE).astimezone(UTC)


def day_end(on: date) -> datetime:
    """The first instant after a legal day, in UTC: days are half-open, `[day_start, day_end)`."""
    return day_start(on + timedelta(days=1))


def months_after(on: date, months: int) -> date:
    """The last day of a period of months that begins the day after `on` (the day itself is not counted).

    The same day of the end month, or that month's end. Source: Civil Code 201-202 (from knowledge).
    """
    year, month0 = divmod(on.year * 12 + on.month - 1 + months, 12)
    last = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(on.day, last))
