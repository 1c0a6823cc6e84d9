"""The rows of a bulk as the single call reads its body. Whoever takes many rows, a page as well, reads them here."""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from core import problems
from core.api import commands
from core.api.fields import DayField, ReferenceField, TextField
from core.api.problems import problems_of
from core.errors import DomainError, Invalid, Problem, Unreadable
from core.idempotency import fingerprint
from shipments.actions.bulk import Row
from shipments.api.rows import KEY, Sent, SheetRows
from shipments.api.serializers import ShipmentInput


class PageSheet(SheetRows):
    """A sheet that comes by a page: whoever has no keys of his own needs none."""

    may_be_missing = SheetRows.may_be_missing | {KEY}


def read_sheet(content: bytes, instance: str) -> tuple[list[Sent], list[Row]]:
    """The rows of a sheet that comes by a page, as it has them and as they are booked. A row without a key has one of
    this very file and its client reference: sent again, it is booked once, and mended in another file it is not the
    same. Raises for what can't be told row by row."""
    sent = PageSheet().parse(io.BytesIO(content))
    refuse_repeated(sent)
    of_file = hashlib.sha256(content).hexdigest()
    keyed = [replace(one, body={KEY: _key(of_file, one.body.get("client_reference"))} | one.body) for one in sent]
    return sent, list(read_rows(keyed, instance))


def _key(of_file: str, reference: str | None) -> str:
    return "file-" + hashlib.sha256(f"{of_file} {reference}".encode()).hexdigest()


def refuse_repeated(sent: Sequence[Sent]) -> None:
    """Raises Invalid for every row that has the key, or the reference, of one before it, naming both."""
    found = []
    for name in (KEY, "client_reference"):
        first: dict[str, int] = {}
        for number, one in enumerate(sent, 1):
            said, place = one.body.get(name) if isinstance(one.body, Mapping) else None, one.line or number
            if isinstance(said, str) and (before := first.setdefault(said, place)) != place:
                text = _("Row {number} has the {name} of row {before}.")
                if one.line:
                    text = _("Line {number} has the {name} of line {before}.")
                text = text.format(number=place, name=name, before=before)
                found.append(Problem(f"/{number - 1}/{name}", "row-repeated", text))
    if found:
        raise Invalid(found[:100])


def read_rows(sent: Sequence[Sent], instance: str) -> Iterator[Row]:
    reader, path = _reader(), reverse("api.shipments")
    for one in sent:
        try:
            yield _row(one, reader, path)
        except DomainError as refusal:
            # what it said goes into the fingerprint of the whole
            print_ = hashlib.sha256(repr(one.body).encode()).hexdigest()
            yield Row(fingerprint=print_, refused=problems.answer(refusal, instance), line=one.line)


def _reader() -> ShipmentInput:
    """The single call's, which reads the same text in the same field once: rows say much the same."""
    reader = ShipmentInput()
    _remember(reader.fields.values())
    _remember(reader.fields["lines"].child.fields.values())
    return reader


def _remember(fields: Iterable[serializers.Field[Any, Any, Any, Any]]) -> None:
    for one in fields:
        if isinstance(one, (TextField, ReferenceField, DayField)):
            vars(one)["run_validation"] = _once(one.run_validation)


def _once(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    known: dict[str, Any] = {}

    def reading(data: Any = serializers.empty) -> Any:
        if not isinstance(data, str):
            return read(data)
        if data not in known:
            known[data] = read(data)
        return known[data]

    return reading


def _row(sent: Sent, reader: ShipmentInput, path: str) -> Row:
    """As the single call reads it: characters, shape, key."""
    if sent.wrong:
        raise Invalid(sent.wrong)
    body = {**sent.body} if isinstance(sent.body, Mapping) else sent.body
    key = body.pop(KEY, "") if isinstance(body, dict) else ""
    try:
        data = reader.run_validation(body)
    except ValidationError as error:
        raise Invalid(list(problems_of(error.detail))) from None
    if not key:
        text = _("Give the row an idempotency_key: any text of your own that names its shipment once.")
        wrong = Problem(f"/{KEY}", "idempotency-key-required", text)
        raise Unreadable(code=wrong.code, errors=[wrong])
    return Row(commands.key_of(key), fingerprint("POST", path, body), data, line=sent.line)
