"""A REST call that changes something: its key, its fingerprint, its answer, remembered byte for byte."""

import re
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from core import problems
from core.api.fields import StrictSerializer, reader
from core.api.pagination import read_query
from core.command import Command
from core.errors import Invalid, Problem, Unreadable
from core.idempotency import Answer, Claim, fingerprint
from core.models.idempotency import HEADER, KEY_PATTERN, KEY_WORDS, REPLAYED

JSON = problems.JSON
_KEY = re.compile(KEY_PATTERN, re.ASCII)


def read(request: Request, serializer: type[StrictSerializer]) -> Any:
    """What the serializer makes of the request's body. Raises Unreadable for an empty one, and whatever it finds."""
    read_query(request)
    if not request._request.body.strip():
        raise Unreadable(_("The body is empty."), code="empty-body")
    return reader(serializer).run_validation(request.data)


def refuse_body(request: Request, message: str) -> None:
    if request._request.body.strip() not in (b"", b"{}"):
        raise Invalid([Problem("", "unknown-field", message)])


def read_key(request: Request) -> str:
    """The request's Idempotency-Key. Raises Unreadable when it is missing or not visible ASCII."""
    return key_of(request.headers.get(HEADER, ""))


def key_of(key: Any) -> str:
    """What was sent as a key. Raises as `read_key` does."""
    if not key:
        detail = _("Send an Idempotency-Key header: any text of your own that names this request once.")
        raise Unreadable(detail, code="idempotency-key-required")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        detail = _("An Idempotency-Key has {characters}.").format(characters=KEY_WORDS)
        raise Unreadable(detail, code="idempotency-key-invalid")
    return key


def run(
    request: Request,
    verb: Command[..., Any],
    *args: Any,
    render: Callable[[Any], Any],
    status: int = 200,
    **kwargs: Any,
) -> HttpResponse:
    """Calls the command under the request's Idempotency-Key and answers what it, or its first run, answered."""
    return claimed(request, read_key(request), verb, *args, render=render, status=status, **kwargs)


def claimed(
    request: Request,
    key: str,
    verb: Command[..., Any],
    *args: Any,
    render: Callable[[Any], Any],
    status: int | Callable[[Any], int] = 200,
    data: Any = None,
    **kwargs: Any,
) -> HttpResponse:
    """The same under a key that the caller names."""
    http = request._request
    actor = http.actor

    def answer(outcome: Any) -> Answer:
        code = status(outcome) if callable(status) else status
        return Answer(code, JSON, problems.dumps(render(outcome)))

    claim = Claim(
        organization_id=actor.organization_id,
        key=key,
        fingerprint=fingerprint(request.method or "", request.path, request.data if data is None else data),
        render=answer,
        refuse=lambda refusal: problems.answer(refusal, http.request_id),
    )
    return respond(verb.claimed(claim, *args, by=actor, **kwargs))


def respond(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
    if answer.replayed:
        response.headers[REPLAYED] = "true"
    return response
