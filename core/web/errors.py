"""Error pages, and problem documents for whatever goes wrong below /api/ before a view is reached."""

import sys

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.urls import reverse
from django.utils.translation import gettext as _

from core import problems
from core.errors import DomainError, NotFound, NotSignedIn, Unreadable
from core.sizes import BODY_MEGABYTES
from core.web.labels import Said, said, said_by_name

TEMPLATES = {400: "400.html", 403: "403.html", 404: "404.html", 413: "413.html", 429: "429.html", 503: "503.html"}


def page(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """The page that says why, and what would change it."""
    if isinstance(refusal, NotSignedIn) and request.user.is_authenticated:
        refusal = DomainError(_("Your account belongs to no organization any more."), code="no-membership")
    if isinstance(refusal, NotSignedIn):
        return to_sign_in(request.get_full_path())
    template = TEMPLATES.get(refusal.status, "422.html")
    response = render(request, template, {"refusal": refusal, "kept": kept(request)}, status=refusal.status)
    return with_headers(response, refusal)


def with_headers(response: HttpResponse, refusal: DomainError) -> HttpResponse:
    """The response, saying in its headers, too, what the refusal does: when to come back, for one."""
    for name, value in refusal.headers.items():
        response.headers[name] = value
    return response


def to_sign_in(address: str) -> HttpResponse:
    """Sign in, and from there to the address."""
    return redirect_to_login(address)


def answer(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """The refusal as this caller reads it: a problem document below /api/, else a page."""
    if problems.wanted(request):
        return problems.response(request, refusal)
    return page(request, refusal)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return answer(
            request,
            DomainError(
                _("The request is larger than {most} MiB.").format(most=BODY_MEGABYTES),
                code="body-too-large",
            ),
        )
    if isinstance(exception, TooManyFieldsSent):
        return answer(request, Unreadable(_("The form has too many fields."), code="too-many-fields"))
    return answer(request, Unreadable(_("The request could not be read.")))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    hint = ""
    if problems.wanted(request):
        hint = _("No such address. Addresses end in a slash; what can be called is listed at {docs}.")
        if request.path_info.endswith("/"):
            hint = _("No such address. What can be called is listed at {docs}.")
        hint = hint.format(docs=reverse("api.docs"))
    return answer(request, NotFound(hint))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, DomainError(_("This is not open to you."), code="forbidden"))


def too_often(request: HttpRequest) -> HttpResponse:
    """A form of the account pages, sent more often than its rate: each of them counts by the minute."""
    detail = _("This was sent too often. Wait a minute, then try again.")
    return answer(request, DomainError(detail, code="locked-out", headers={"Retry-After": "60"}))


def unavailable(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """503 with Retry-After, made without the database. It says that nobody knows whether a change was made."""
    if problems.wanted(request):
        return problems.response(request, refusal)
    body = loader.get_template("503.html").render(
        {
            "refusal": refusal,
            "request_id": getattr(request, "request_id", ""),
            "kept": kept(request),
        }
    )
    return HttpResponse(body, status=refusal.status, headers=refusal.headers)


def server_error(request: HttpRequest) -> HttpResponse:
    """Says that it is our fault, or that the database is away or of another version, and under which id to find it.

    Touches neither database nor session.
    """
    if refusal := problems.of_the_database(sys.exc_info()[1]):
        return unavailable(request, refusal)
    if problems.wanted(request):
        return problems.response(request, DomainError(_("Something broke on our side."), code="internal"))
    body = loader.get_template("500.html").render({"request_id": getattr(request, "request_id", "")})
    return HttpResponse(body, status=500)


# Field names that are never repeated back.
SECRETS = ("csrfmiddlewaretoken", "password", "oldpassword", "password1", "password2", "login", "typed_by")


def kept(request: HttpRequest, *, from_the_wire: bool = False) -> Said:
    """What was typed into a refused form, by its labels, to copy from. `refused_form`, where the page knew it."""
    if form := getattr(request, "refused_form", None):
        return said(form)
    if not (from_the_wire or hasattr(request, "_post")):
        return []
    typed = request.POST.copy()
    for name in SECRETS:
        typed.pop(name, None)
    return said_by_name(typed)
