"""DRF's exceptions, and our own, as problem documents."""

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions

from core.errors import DomainError, Forbidden, Invalid, NotFound, NotSignedIn, Problem, Unreadable
from core.problems import of_the_database, response
from core.sizes import BODY_MEGABYTES


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
            return DomainError(
                _("The body is larger than {most} MiB.").format(most=BODY_MEGABYTES),
                code="body-too-large",
            )
        case exceptions.ValidationError():
            return Invalid(list(problems_of(error.detail)))
        case exceptions.ParseError():
            return Unreadable(str(error.detail), code="invalid-json")
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return NotSignedIn(str(error.detail))
        case exceptions.PermissionDenied() | PermissionDenied():
            code = "csrf-failed" if "CSRF" in str(error) else "forbidden"
            return Forbidden(str(error) or _("Your role does not open this."), code=code)
        case exceptions.NotFound() | Http404():
            return NotFound()
        case exceptions.MethodNotAllowed():
            return DomainError(str(error.detail), code="method-not-allowed")
        case exceptions.NotAcceptable():
            return DomainError(_("Only application/json is sent."), code="not-acceptable")
        case exceptions.UnsupportedMediaType():
            return DomainError(_("Send application/json."), code="unsupported-media-type")
    return of_the_database(error)


def problems_of(detail: Any, pointer: str = "") -> Any:
    """Every leaf of DRF's nested error detail as a Problem with its JSON pointer."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from problems_of(inner, pointer if name == "non_field_errors" else f"{pointer}/{name}")
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
