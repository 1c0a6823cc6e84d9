"""What becomes, or became, of the rows of a file: in sentences, and by kinds of problem."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from core import codes
from core.idempotency import REFUSED
from core.quantities import show
from shipments.api.rows import COLUMNS

MOST_SHOWN = 100  # rows of a kind; the file that is handed back has all
COLUMN_AT = {pointer: column for column, pointer in COLUMNS.items()} | {
    "/lines/0": "license_line",
    "/lines/0/value": "value",
}
GOOD, WAITING = "good", "waiting"  # kinds beside the codes of refusals


@dataclass(frozen=True)
class Outcome:
    """What becomes, or became, of a line of a file. Without a status nothing has, yet."""

    line: int | None
    status: int | None
    body: str
    cells: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def said(self) -> dict[str, Any]:
        return json.loads(self.body) if self.body else {}

    @property
    def kind(self) -> str:
        if self.status is None:
            return WAITING
        return self.said["code"] if self.refused else GOOD

    @property
    def refused(self) -> bool:
        return self.status is not None and self.status >= REFUSED

    @property
    def shipment(self) -> str:
        return self.said.get("reference", "")

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Column and sentence."""
        if not self.refused:
            return []
        found = [(_column(one["pointer"]), one["message"]) for one in self.said.get("errors", [])]
        return found or [("", self.said["detail"])]

    @property
    def sentence(self) -> str:
        return " ".join(f"{column}: {text}" if column else text for column, text in self.problems)


def _column(pointer: str) -> str:
    """The column of a sheet that says what a single call has there."""
    return COLUMN_AT.get(pointer) or pointer.strip("/").rpartition("/")[2]


def stated(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """By column, what a row said that came by REST."""
    if not row:
        return {}
    lines = row["lines"]
    of_lines = {
        "license_line": ", ".join(str(line["line"]) for line in lines),
        "quantity": ", ".join(show(line["quantity"], line["unit"]) for line in lines),
        "unit": lines[0]["unit"] if lines else "",
    }
    return {name: row[name] for name in ("license", "client_reference")} | of_lines


@dataclass(frozen=True)
class Kind:
    """slug: a refusal's code, or one of those above."""

    slug: str
    count: int

    @property
    def cause(self) -> str:
        return "" if self.slug in (GOOD, WAITING) else str(codes.find(self.slug).cause)

    @property
    def fix(self) -> str:
        return "" if self.slug in (GOOD, WAITING) else str(codes.find(self.slug).fix)


class Table:
    """Rows of one kind at a time: a problem's, as long as there is one, and else those that are good."""

    def __init__(
        self, request: HttpRequest, outcomes: Sequence[Outcome], cells: Mapping[int, Mapping[str, str]]
    ) -> None:
        counts = Counter(one.kind for one in outcomes)
        slugs = sorted(counts, key=lambda slug: (slug in (GOOD, WAITING), slug == WAITING))
        self.kinds = [Kind(slug, counts[slug]) for slug in slugs]
        asked = request.GET.get("kind", "")
        self.kind = next((one for one in self.kinds if one.slug == asked), self.kinds[0] if self.kinds else None)
        of_kind = [one for one in outcomes if self.kind and one.kind == self.kind.slug]
        self.rows = [replace(one, cells=cells.get(one.line, one.cells)) for one in of_kind[:MOST_SHOWN]]
        self.more = len(of_kind) - len(self.rows)
        self.told = any(one.problems or one.shipment for one in self.rows)
