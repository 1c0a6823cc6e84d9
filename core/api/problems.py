"""RFC 9457 problem documents: the only shape of a refusal below /api/."""

import json
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import exceptions

from core.errors import DomainError, Forbidden, Invalid, NotFound, NotSignedIn, Problem, Unreadable
from core.idempotency import Answer

MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: "Unreadable request",
    401: "Sign-in needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Not possible now",
    411: "Length required",
    412: "Changed since you read it",
    413: "Too large",
    415: "Unsupported media type",
    422: "Needs mending",
    428: "Precondition required",
    429: "Too many requests",
    500: "Our fault",
    503: "Not available",
}


def document(refusal: DomainError) -> dict[str, Any]:
    """The problem's members, but for `instance`, which each answer has of its own."""
    return {
        "type": f"{reverse('api.docs')}#{refusal.code}",
        "title": TITLES.get(refusal.status, "Refused"),
        "status": refusal.status,
        "code": refusal.code,
        "detail": str(refusal.detail),
        **({"errors": [problem.as_dict() for problem in refusal.errors]} if refusal.errors else {}),
        **refusal.extra,
    }


def dumps(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def answer(request: HttpRequest, refusal: DomainError) -> Answer:
    """The refusal as bytes to remember under an idempotency key."""
    body = document(refusal) | {"instance": getattr(request, "request_id", "")}
    return Answer(refusal.status, MEDIA_TYPE, dumps(body))


def response(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    made = answer(request, refusal)
    result = HttpResponse(made.body, status=made.status, content_type=made.content_type)
    result.headers.update(refusal.headers)
    return result


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's and our own exceptions as problem documents; anything else is a 500 that Django logs."""
    request = context["request"]._request
    refusal = _refusal(error)
    return response(request, refusal) if refusal else None


def _refusal(error: Exception) -> DomainError | None:
    match error:
        case DomainError():
            return error
        case RequestDataTooBig():
            return DomainError(_("The body is larger than 1 MiB."), code="body-too-large", status=413)
        case exceptions.ValidationError():
            return Invalid(list(problems_of(error.detail)))
        case exceptions.ParseError():
            return Unreadable(str(error.detail), code="invalid-json")
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return NotSignedIn(str(error.detail), headers={"WWW-Authenticate": 'Bearer realm="lodestone"'})
        case exceptions.PermissionDenied() | PermissionDenied():
            code = "csrf-failed" if "CSRF" in str(error) else "forbidden"
            return Forbidden(str(error) or _("Your role does not open this."), code=code)
        case exceptions.NotFound() | Http404():
            return NotFound()
        case exceptions.MethodNotAllowed():
            return DomainError(str(error.detail), code="method-not-allowed", status=405)
        case exceptions.NotAcceptable():
            return DomainError(_("Only application/json is sent."), code="not-acceptable", status=406)
        case exceptions.UnsupportedMediaType():
            return DomainError(_("Send application/json."), code="unsupported-media-type", status=415)
        case exceptions.Throttled():
            return DomainError(
                _("Too many requests."), code="throttled", status=429, headers={"Retry-After": str(error.wait or 1)}
            )
        case OperationalError():
            return DomainError(
                _("The database is not available. Nothing was changed."),
                code="unavailable",
                status=503,
                headers={"Retry-After": "5"},
            )
    return None


def problems_of(detail: Any, pointer: str = "") -> Any:
    """Every leaf of DRF's nested error detail as a Problem with its JSON pointer."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from problems_of(inner, pointer if name == "non_field_errors" else f"{pointer}/{name}")
    elif isinstance(detail, list) and any(isinstance(inner, dict | list) for inner in detail):
        for index, inner in enumerate(detail):
            if inner:
                yield from problems_of(inner, f"{pointer}/{index}")
    elif isinstance(detail, list):
        for inner in detail:
            yield from problems_of(inner, pointer)
    else:
        yield Problem(pointer, CODES.get(detail.code, detail.code), str(detail))


# DRF's codes in the contract's words
CODES = {
    "blank": "blank",
    "null": "required",
    "not_a_list": "expected-array",
    "empty": "min-items",
    "invalid": "invalid",
}
