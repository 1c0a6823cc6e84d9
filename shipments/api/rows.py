"""The rows of a bulk as they were sent: a JSON array, a JSON object a line, or a sheet."""

import csv
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser

from core.api import parsers
from core.characters import FORBIDDEN
from core.errors import DomainError, Invalid, Problem, Unreadable
from core.files import ROWS
from core.sizes import BULK_MEGABYTES, BULK_ROWS, ECHOED
from shipments.api.serializers import ShipmentRowInput

KEY = "idempotency_key"


@dataclass(frozen=True)
class Sent:
    """A row: what a single call would have sent, with its key; where it stood; what is wrong with its characters."""

    body: Any
    line: int | None = None
    wrong: list[Problem] = field(default_factory=list)


class RowsParser(BaseParser, ABC):
    """Strictly, as a single call is read. Raises for what can't be told row by row; then nothing is booked."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> list[Sent]:
        rows = []
        for row in self.rows(parsers.body(stream, media_type or "", BULK_MEGABYTES << 20)):
            rows.append(row)
            if len(rows) > BULK_ROWS:
                break
        if not 1 <= len(rows) <= BULK_ROWS:
            raise Invalid(
                [
                    Problem(
                        "",
                        "max-items" if rows else "min-items",
                        _("From 1 to {most} rows.").format(most=f"{BULK_ROWS:,}"),
                    )
                ]
            )
        return rows

    @abstractmethod
    def rows(self, raw: bytes) -> Iterator[Sent]:
        """Each in its order, as the format of the subclass has it."""


class JSONRows(RowsParser):
    media_type = "application/json"

    def rows(self, raw: bytes) -> Iterator[Sent]:
        text = parsers.decoded(raw)
        try:
            found, plain = parsers.values(text), _is_plain(text)
        except Unreadable as error:
            raise _as_its_own_type(text, error) from error
        if not isinstance(found, list):
            raise Invalid(
                [
                    Problem(
                        "",
                        "expected-array",
                        _("Send a list, or an object a line as {type}.").format(type=NDJSONRows.media_type),
                    )
                ]
            )
        for body in found:
            yield Sent(body, wrong=[] if plain else list(parsers.hidden_in(body)))


def _as_its_own_type(text: str, error: Unreadable) -> Unreadable:
    """What is no JSON looks like rows of another type: then the refusal says as which it is to be sent."""
    first = text.lstrip().partition("\n")[0]
    if first.startswith("{") and getattr(error.__cause__, "msg", "") == "Extra data":
        hint = _("It looks like a JSON object a line: send that as {type}.").format(type=NDJSONRows.media_type)
    elif COLUMNS.keys() & {name.strip('" ') for name in re.split("[,;\t]", first)}:
        hint = _("It looks like CSV: send that as {type}.").format(type=SheetRows.media_type)
    else:
        return error
    return Unreadable(f"{error.detail} {hint}", code=error.code)


class NDJSONRows(RowsParser):
    media_type = "application/x-ndjson"

    def rows(self, raw: bytes) -> Iterator[Sent]:
        whole = parsers.decoded(raw)
        plain = _is_plain(whole)
        for number, text in enumerate(whole.split("\n"), 1):
            if text.strip():
                body = _of_line(number, text)
                yield Sent(body, number, [] if plain else list(parsers.hidden_in(body)))


def _is_plain(text: str) -> bool:
    """At a glance: no part of it can have a forbidden character, written out or escaped."""
    return "\\" not in text and not FORBIDDEN.search(text)


def _of_line(number: int, text: str) -> Any:
    try:
        return parsers.values(text)
    except Unreadable as error:
        detail = _("Line {number}: {problem}").format(number=number, problem=error.detail)
        raise Unreadable(detail, code=error.code) from error


# column of a sheet -> where a single call says the same
COLUMNS = {
    "idempotency_key": "/idempotency_key",
    "license": "/license",
    "client_reference": "/client_reference",
    "end_user": "/end_user",
    "consignee": "/consignee",
    "destination": "/destination",
    "port": "/port",
    "planned_on": "/planned_on",
    "license_line": "/lines/0/license_line",
    "quantity": "/lines/0/quantity",
    "unit": "/lines/0/unit",
    "hs_code": "/lines/0/hs_code",
    "value": "/lines/0/value/amount",
    "currency": "/lines/0/value/currency",
    "composition": "/lines/0/composition",
    "oxide": "/lines/0/oxide",
    "final": "/final",
}


def _required(pointer: str) -> bool:
    """A single call must say it, and what it stands in."""
    field: Any = ShipmentRowInput()
    steps = []
    for name in pointer.split("/")[1:]:
        field = field.child if name == "0" else field.fields[name]
        steps.append(field.required)
    return all(steps)


MAY_BE_MISSING = {name for name, pointer in COLUMNS.items() if not _required(pointer)}
OURS = {"problems", "outcome"}  # of a sheet that we handed out: read over, so that it may be mended and sent again


class SheetRows(RowsParser):
    """CSV: its first line names the columns, in any order; each line after it is a shipment of one license line."""

    media_type = ROWS.media_type
    may_be_missing = MAY_BE_MISSING

    def rows(self, raw: bytes) -> Iterator[Sent]:
        lines = lines_of(raw)
        _number, names = next(lines, (1, []))
        _require_columns([name for name in names if name not in OURS], self.may_be_missing)
        for number, cells in lines:
            if len(cells) != len(names):
                text = _("Line {number} has {found} cells, and the first line {wanted}.")
                raise _invalid(text.format(number=number, found=len(cells), wanted=len(names)))
            said = zip(names, cells, strict=True)
            yield _of_cells({name: cell for name, cell in said if name not in OURS}, number)


def lines_of(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """Of a sheet each line that is not empty, with its number. Raises Unreadable and Invalid."""
    lines = csv.reader(io.StringIO(_text(raw), newline=""), strict=True)
    before = 0
    try:
        for cells in lines:
            number, before = before + 1, lines.line_num
            if cells:
                yield number, cells
    except csv.Error as error:
        text = _("Line {number} can't be read: {problem}.").format(number=lines.line_num, problem=error)
        raise _invalid(text) from error


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            detail = _("The sheet is UTF-16. Save it as CSV UTF-8.")
        else:
            line = raw.count(b"\n", 0, error.start) + 1
            detail = _("The sheet is not UTF-8: see line {line}. Save it as CSV UTF-8.").format(line=line)
        raise Unreadable(detail, code="invalid-encoding") from error


def _invalid(text: str) -> DomainError:
    return Invalid([Problem("", "invalid-sheet", text)])


def _require_columns(names: list[str], may_be_missing: Set[str]) -> None:
    missing = [name for name in COLUMNS if name not in names and name not in may_be_missing]
    for sign in ";\t":
        if missing and len(names) == 1 and sign in names[0]:
            raise _invalid(_("Line 1 is parted by semicolons or tabs. Save the sheet parted by commas."))
    found = [
        *(_("Line 1 lacks the column {name}.").format(name=name) for name in missing),
        *(
            _("Line 1 has a column {name}, which is not known.").format(name=n[:ECHOED])
            for n in names
            if n not in COLUMNS
        ),
        *(_("Line 1 has the column {name} twice.").format(name=n) for n in COLUMNS if names.count(n) > 1),
    ]
    if found:
        raise Invalid([Problem("", "invalid-sheet", text) for text in found])


def _contents(cell: str) -> dict[str, str] | None:
    """{symbol: fraction} of "Dy 0.032; Tb 0.004", unread; None where it is written otherwise."""
    parts = [part.split() for part in cell.split(";") if part.strip()]
    said = {part[0]: part[1] for part in parts if len(part) == 2}
    return said if len(said) == len(parts) else None


def _of_cells(cells: dict[str, str], number: int) -> Sent:
    """An empty cell says nothing."""
    said: dict[str, Any] = {name: text for name, text in cells.items() if text}
    wrong = [problem for name, text in said.items() for problem in parsers.hidden_in(text, COLUMNS[name])]
    text = _("The cell begins as a formula does. Put its value there.")
    wrong += [Problem(COLUMNS[name], "formula", text) for name, cell in said.items() if cell[0] in "=@"]
    if "composition" in said and (contents := _contents(said["composition"])) is None:
        text = _("Write elements with their mass fractions, such as Dy 0.032; Tb 0.004.")
        wrong.append(Problem(COLUMNS["composition"], "invalid-format", text))
        del said["composition"]
    elif "composition" in said:
        said["composition"] = contents
    of_line = ("license_line", "quantity", "unit", "hs_code", "composition", "oxide")
    line = {name: said.pop(name) for name in of_line if name in said}
    if (written := line.get("license_line", "")).isascii() and written.isdigit() and len(written) <= 5:
        line["license_line"] = int(written)
    money = {to: said.pop(name) for name, to in (("value", "amount"), ("currency", "currency")) if name in said}
    if money:
        line["value"] = money
    if "final" in said:
        said["final"] = {"true": True, "false": False}.get(said["final"].lower(), said["final"])
    return Sent(said | {"lines": [line]}, number, wrong)
