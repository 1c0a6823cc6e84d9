"""The 34 divisions of the first level, by the first two digits of their codes (GB/T 2260)."""

import csv
from functools import cache
from pathlib import Path

from core.languages import in_language

TABLE = Path(__file__).parent / "data" / "provinces.csv"


@cache
def table() -> dict[str, tuple[str, str]]:
    """{code: (English, Chinese)}, in the order of the codes."""
    with TABLE.open(encoding="utf-8", newline="") as source:
        return {row["code"]: (row["name_en"], row["name_zh"]) for row in csv.DictReader(source)}


def codes() -> list[str]:
    """What a column may hold: every code, and none."""
    return ["", *table()]


def name(code: str) -> str:
    """The province's name in the reader's language; empty for none."""
    return in_language(*table()[code]) if code else ""


def choices() -> list[tuple[str, str]]:
    """For a form: every province, and none."""
    return [("", ""), *((code, in_language(*names)) for code, names in table().items())]
