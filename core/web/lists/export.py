"""The list as a file for a spreadsheet: UTF-8 with its mark, RFC 4180, and no cell that a spreadsheet would execute."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.legal_time import LEGAL_ZONE, legal_today
from core.sizes import LIST_ROWS
from core.web.lists.declared import List
from core.web.lists.listing import Listing

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_FORMULA = re.compile(r"[\t\r\n\0]|\s*[=+\-@＝＋－＠]")


def cell(value: Any) -> str:
    """A value as text that stays text, or the number that it is: what begins like a formula gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(LEGAL_ZONE).isoformat(timespec="seconds")
    elif isinstance(value, date):
        value = value.isoformat()
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def export(request: HttpRequest, listed: List) -> HttpResponse:
    """The rows that the filters leave, in the page's order, all or none: a file never looks whole and is not."""
    listing = Listing(listed, request, paged=False)
    rows = whole(
        listed.filed(listing.keyset.ordered())[: LIST_ROWS + 1],
        _("A file holds at most {most} rows. Narrow the list, by days for example, and make several files."),
    )
    name = f"{listed.route.replace('.', '-')}-{legal_today().isoformat()}.csv"
    return csv_file(name, [column.label for column in columns_of(listed)], lines_of(listed, rows))


def whole(rows: Iterable[Any], detail: str) -> list[Any]:
    """These, as long as a file holds them: of more one is asked for, and refused with this text."""
    found = list(rows)
    if len(found) > LIST_ROWS:
        raise DomainError(detail.format(most=f"{LIST_ROWS:,}"), code="too-many-rows")
    return found


def csv_file(name: str, columns: Iterable[Any], rows: Iterable[Iterable[Any]]) -> HttpResponse:
    """These rows under the names of their columns."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # "," and CRLF, quoted where needed
    writer.writerows([cell(one) for one in row] for row in chain([columns], rows))
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def columns_of(listed: List) -> list[Any]:
    return [column for column in listed.columns if column.value]


def lines_of(listed: List, rows: list[Any]) -> Iterator[list[Any]]:
    """A line for each row, or for each of its parts; the row's facts stand in every one."""
    for row in rows:
        for part in list(listed.parts(row)) or [None] if listed.parts else [None]:
            yield [
                column.value(row) if not column.part else column.value(part) if part is not None else None
                for column in columns_of(listed)
            ]
