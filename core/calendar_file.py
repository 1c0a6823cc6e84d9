"""The working-day table from a file: read strictly, and loaded whole or not at all."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import date
from pathlib import Path
from typing import NamedTuple

from django.db import connection, transaction

from core import characters
from core.legal_time import DAY_PATTERN
from core.models import DayKind, LegalDay
from core.models.days import WORKED
from core.sizes import ECHOED

SHIPPED = Path(__file__).parent / "data" / "working_days.csv"
COLUMNS = ["date", "dow", "is_working_day", "kind", "holiday_name", "provisional", "source"]
WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
SATURDAY = 5
AT_WEEKEND = {"workday": False, "weekend": True, "makeup_workday": True}  # a holiday may be any day
DAY = re.compile(DAY_PATTERN, re.ASCII)
LARGEST = 2**20  # bytes: some forty years
TOO_LARGE = f"the file is larger than {LARGEST >> 20} MiB"


class Row(NamedTuple):
    """A day as the file has it, and as the table stores it."""

    day: date
    working: bool
    kind: str
    name: str
    provisional: bool
    source: str


class Fault(NamedTuple):
    """What is wrong in which row of the file; field: the column, empty where it is the row or the file."""

    row: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"row {self.row}{self.field and f', {self.field}'}: {self.reason}"


class BadFile(ValueError):
    """The file is not loaded, none of it."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))


Watcher = Callable[[], AbstractContextManager[None]]
_watchers: list[Watcher] = []


def watching(watcher: Watcher) -> Watcher:
    """What hangs on the table is looked at around each change of it, in its transaction."""
    _watchers.append(watcher)
    return watcher


def load(path: Path) -> list[date]:
    """The table is as the file says on the days that it has. The days that changed. Raises BadFile."""
    return _write(read(path))


def fill() -> list[date]:
    """Days that the table lacks, or has as provisional only, come from our own copy. The days that changed.

    What a newer file said stays: our copy may be the older one.
    """
    return _write(read(SHIPPED), fill=True)


def _write(rows: list[Row], *, fill: bool = False) -> list[date]:
    with transaction.atomic():
        with connection.cursor() as cursor:  # two files at once would leave a table that is neither
            cursor.execute(f"LOCK TABLE {LegalDay._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
        standing = {row.day: row for row in map(Row._make, LegalDay.objects.values_list(*Row._fields))}
        _require_no_gap(rows, standing)
        new = [row for row in rows if standing.get(row.day) != row]
        if fill:
            new = [row for row in new if row.day not in standing or row.provisional < standing[row.day].provisional]
        with ExitStack() as around:
            for watcher in _watchers if new else ():
                around.enter_context(watcher())
            LegalDay.objects.bulk_create(
                [LegalDay(**row._asdict()) for row in new],
                update_conflicts=True,
                unique_fields=["day"],
                update_fields=Row._fields[1:],
            )
    return [row.day for row in new]


def _require_no_gap(rows: list[Row], standing: dict[date, Row]) -> None:
    if standing and rows[0].day.toordinal() > max(standing).toordinal() + 1:
        raise BadFile(Fault(3, "date", f"the table ends on {max(standing)}, and days between would be missing"))
    if standing and rows[-1].day.toordinal() < min(standing).toordinal() - 1:
        raise BadFile(Fault(len(rows) + 2, "date", f"the table begins on {min(standing)}: days between are missing"))


def read(path: Path) -> list[Row]:
    """The days of the file, one after another without a gap. Raises BadFile with everything that is wrong."""
    with path.open("rb") as source:
        content = source.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise BadFile(Fault(1, "", TOO_LARGE))
    try:
        lines = io.StringIO(content.decode("utf-8-sig"), newline="")
    except UnicodeDecodeError as error:
        raise BadFile(Fault(content[: error.start].count(b"\n") + 1, "", "this is not UTF-8")) from None
    if not lines.readline().startswith("#"):
        raise BadFile(Fault(1, "", "the first line begins with # and says where the days come from"))
    return _rows(csv.reader(lines, strict=True))


def _rows(lines: Iterator[list[str]]) -> list[Row]:
    rows: list[Row] = []
    faults: list[Fault] = []
    seen: dict[date, int] = {}  # in which row each day stands
    number = 1
    try:
        if next(lines, None) != COLUMNS:
            raise BadFile(Fault(2, "", f"the columns are {', '.join(COLUMNS)}"))
        for number, cells in enumerate(lines, 3):
            if len(cells) != len(COLUMNS):
                faults.append(Fault(number, "", f"{len(cells)} cells, where {len(COLUMNS)} belong"))
                continue
            cell = dict(zip(COLUMNS, cells, strict=True))
            wrong = [Fault(number, *found) for found in _wrong(cell, seen, number)]
            faults += wrong
            rows += [] if wrong else [_row(cell)]
    except csv.Error as error:
        faults.append(Fault(number + 1, "", str(error)))
    if faults or not rows:
        raise BadFile(*(faults or [Fault(3, "", "the file ends before its first day")]))
    return rows


def _wrong(cell: dict[str, str], seen: dict[date, int], number: int) -> Iterator[tuple[str, str]]:
    kind, day = cell["kind"], _day(cell["date"])
    if day is None:
        yield "date", f"{_shown(cell['date'])} is no day written like 2026-03-02"
    else:
        yield from (("date", reason) for reason in _out_of_line(day, seen, number))
        name, at_weekend = WEEK[day.weekday()], day.weekday() >= SATURDAY
        if cell["dow"] != name:
            yield "dow", f"{day} is a {name}, not {_shown(cell['dow'])}"
        if kind in AT_WEEKEND and at_weekend != AT_WEEKEND[kind]:
            yield "kind", f"{day} is a {name}, and can't be a {kind}"
    if kind not in DayKind.values:
        yield "kind", f"{_shown(kind)} is none of {', '.join(DayKind.values)}"
    elif cell["is_working_day"] != ("1" if kind in WORKED else "0"):
        yield "is_working_day", f"{_shown(cell['is_working_day'])} contradicts the kind {kind}"
    if cell["provisional"] not in ("0", "1"):
        yield "provisional", f"{_shown(cell['provisional'])} is neither 0 nor 1"
    for field, column in (("holiday_name", "name"), ("source", "source")):
        most = getattr(LegalDay._meta.get_field(column), "max_length", 0)
        if len(cell[field]) > most or characters.wrong(cell[field]):
            yield field, f"{_shown(cell[field])} is longer than {most} characters, or has one that does not show"
    if not cell["source"].strip():
        yield "source", "it says where the day comes from"


def _out_of_line(day: date, seen: dict[date, int], number: int) -> Iterator[str]:
    """Why the day does not follow the one before it."""
    before = next(reversed(seen), None)
    if day in seen:
        yield f"{day} stands in row {seen[day]} too"
    elif before and day < before:
        yield f"{day} stands below {before}: days come in order"
    else:
        if before and day.toordinal() > before.toordinal() + 1:
            yield f"days are missing: {day} follows {before}"
        seen[day] = number


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        return None


def _shown(text: str) -> str:
    return repr(text[:ECHOED])


def _row(cell: dict[str, str]) -> Row:
    return Row(
        date.fromisoformat(cell["date"]),
        cell["is_working_day"] == "1",
        cell["kind"],
        cell["holiday_name"],
        cell["provisional"] == "1",
        cell["source"],
    )
