"""The strict JSON parser: UTF-8, not too long and not too deep, no duplicate keys, no characters that hide."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser

from core.characters import FORBIDDEN, MESSAGE
from core.errors import DomainError, Invalid, Problem, Unreadable
from core.sizes import ECHOED

MAX_DEPTH = 20
MAX_INTEGER_DIGITS = 20
_ALL_BUT_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[^"\[\]{}]+', re.DOTALL)


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The body as Python values; decimals stay Decimal. Raises Unreadable, Invalid or 413/415 refusals."""
        return read(body(stream, media_type or "", settings.DATA_UPLOAD_MAX_MEMORY_SIZE))


def body(stream: IO[bytes], media_type: str, most: int) -> bytes:
    """The bytes of a body that says something, in UTF-8 as far as its type says. Raises Unreadable, or 413 and 415."""
    if _charset(media_type) not in ("", "utf-8", "utf8"):
        raise DomainError(_("The body must be UTF-8."), code="unsupported-charset")
    raw = stream.read(most + 1)
    if len(raw) > most:
        text = _("The body is larger than {most} MiB.").format(most=most >> 20)
        raise DomainError(text, code="body-too-large")
    if not raw.strip():
        raise Unreadable(_("The body is empty."), code="empty-body")
    return raw


def _charset(media_type: str) -> str:
    match = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", media_type, re.IGNORECASE)
    return match.group(1).lower() if match else ""


def read(raw: bytes) -> Any:
    """Strict JSON values of these bytes."""
    value = values(decoded(raw))
    refuse_hidden(value)
    return value


def decoded(raw: bytes) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        raise Unreadable(_("Remove the byte order mark at the start of the body."), code="invalid-json")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = _("The body is not UTF-8: byte {position} can't be read.").format(position=error.start)
        raise Unreadable(detail, code="invalid-encoding") from error


def values(text: str) -> Any:
    """Strict JSON values of this text, whose characters are still to be asked (hidden_in)."""
    _refuse_depth(text)
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_float=Decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        detail = _("The body is not JSON: {problem} (line {line}, column {column}).").format(
            problem=error.msg, line=error.lineno, column=error.colno
        )
        raise Unreadable(detail, code="invalid-json") from error


def refuse_hidden(value: Any) -> None:
    """Raises Invalid for texts with characters that hide."""
    if hidden := list(hidden_in(value)):
        raise Invalid(hidden)


def _refuse_depth(text: str) -> None:
    """Counts brackets outside strings before anything recurses."""
    depth = 0
    for bracket in _ALL_BUT_BRACKETS.sub("", text):
        if bracket in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Unreadable(_("The body is nested more than {most} deep.").format(most=MAX_DEPTH), code="too-deep")
        else:
            depth -= bracket in "]}"  # or the quote of a string without an end


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            detail = _("The key “{key}” stands twice in one object.").format(key=key[:ECHOED])
            raise Unreadable(detail, code="duplicate-key")
        found[key] = value
    return found


def _integer(text: str) -> int:
    if len(text) > MAX_INTEGER_DIGITS:
        raise Unreadable(
            _("A number has more than {most} digits.").format(most=MAX_INTEGER_DIGITS), code="invalid-json"
        )
    return int(text)


def _no_constant(text: str) -> Any:
    raise Unreadable(_("{text} is not JSON.").format(text=text), code="invalid-json")


def hidden_in(value: Any, pointer: str = "") -> Any:
    """A problem for every text, key or value, that holds a forbidden character."""
    if isinstance(value, str):
        if FORBIDDEN.search(value):
            yield Problem(pointer, "forbidden-character", str(MESSAGE))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if FORBIDDEN.search(key):
                message = _("A field name has a character that is not allowed.")
                yield Problem(pointer, "forbidden-character", message)
            else:
                yield from hidden_in(inner, f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from hidden_in(inner, f"{pointer}/{index}")
