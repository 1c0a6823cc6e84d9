"""The project's own working-day table, read plainly: what the product says is compared with it."""

import csv
from datetime import date
from functools import cache
from pathlib import Path

from core.working_days import Calendar, Day

TABLE = Path(__file__).resolve().parent.parent / "core" / "data" / "working_days.csv"
D = date.fromisoformat


@cache
def table():
    """{day: (working, provisional)}, in order."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    return {
        date.fromisoformat(row["date"]): (row["is_working_day"] == "1", row["provisional"] == "1")
        for row in csv.DictReader(lines)
    }


def calendar():
    return Calendar(Day(on, *said) for on, said in table().items())
