"""The strict JSON parser: UTF-8, at most 1 MiB and 20 deep, no duplicate keys, no characters that hide."""

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

MAX_DEPTH = 20
MAX_INTEGER_DIGITS = 20


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The body as Python values; decimals stay Decimal. Raises Unreadable, Invalid or 413/415 refusals."""
        charset = _charset(media_type or "")
        if charset not in ("", "utf-8", "utf8"):
            detail = _("The body must be UTF-8.")
            raise DomainError(detail, code="unsupported-charset")
        raw = stream.read()
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise DomainError(_("The body is larger than 1 MiB."), code="body-too-large")
        if not raw.strip():
            raise Unreadable(_("The body is empty."), code="empty-body")
        return read(raw)


def _charset(media_type: str) -> str:
    match = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", media_type, re.IGNORECASE)
    return match.group(1).lower() if match else ""


def read(raw: bytes) -> Any:
    """Strict JSON values of these bytes."""
    if raw.startswith(b"\xef\xbb\xbf"):
        raise Unreadable(_("Remove the byte order mark at the start of the body."), code="invalid-json")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = _("The body is not UTF-8: byte {position} can't be read.").format(position=error.start)
        raise Unreadable(detail, code="invalid-encoding") from error
    _refuse_depth(text)
    try:
        value = json.loads(
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
    refuse_hidden(value)
    return value


def refuse_hidden(value: Any) -> None:
    """Raises Invalid for texts with characters that hide."""
    if hidden := list(_hidden(value, "")):
        raise Invalid(hidden)


def _refuse_depth(text: str) -> None:
    """Counts brackets outside strings before anything recurses."""
    depth, inside, escaped = 0, False, False
    for character in text:
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside = False
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Unreadable(_("The body is nested more than 20 deep."), code="too-deep")
        elif character in "]}":
            depth -= 1


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            detail = _("The key “{key}” stands twice in one object.").format(key=key[:80])
            raise Unreadable(detail, code="duplicate-key")
        found[key] = value
    return found


def _integer(text: str) -> int:
    if len(text) > MAX_INTEGER_DIGITS:
        raise Unreadable(_("A number has more than 20 digits."), code="invalid-json")
    return int(text)


def _no_constant(text: str) -> Any:
    raise Unreadable(_("{text} is not JSON.").format(text=text), code="invalid-json")


def _hidden(value: Any, pointer: str) -> Any:
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
                yield from _hidden(inner, f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _hidden(inner, f"{pointer}/{index}")
