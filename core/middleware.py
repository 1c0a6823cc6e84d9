"""The edges of every request: its id, what the transport may carry, who asks, and how refusals are told."""

import re
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import structlog
from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from core import access, problems, proof, rates
from core.api.authentication import bearer
from core.errors import DomainError, Forbidden, NotFound, NotSignedIn, Unreadable
from core.models.people import KEY_PREFIX
from core.once import reading
from core.web import errors, kept

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestId:
    """Every request has an id, in the answer and in each log line."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)
        response = self.get_response(request)
        response.headers["X-Request-Id"] = request.request_id
        return response


class Reading:
    """A page that is only read asks once for what it needs more than once."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with reading() if request.method in ("GET", "HEAD") else nullcontext():
            return self.get_response(request)


class Personal:
    """Whatever is answered to somebody who says who he is stays out of every cache, the browser's own included."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class Policy:
    """What a page may load, where it does not say so itself: django-csp's text of the setting, put together once."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response, self.policy = get_response, build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(HEADER, self.policy)
        return response


class Transport:
    """What the wire may carry, before anything reads it."""

    METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "OPTIONS"})
    PLAIN_PATH = re.compile(r"[\x20-\x7e]*", re.ASCII)

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in self.METHODS:
            allow = ", ".join(sorted(self._methods(request.path_info)))
            return errors.answer(
                request,
                DomainError(_("This method is not used here."), code="method-not-allowed", headers={"Allow": allow}),
            )
        if "\x00" in request.path_info:
            return errors.answer(request, Unreadable(_("The address has a NUL character."), code="forbidden-character"))
        if "\\000" in request.META.get("HTTP_COOKIE", "") or "\x00" in request.META.get("HTTP_COOKIE", ""):
            request.META["HTTP_COOKIE"] = ""  # no cookie of ours has one
        if problems.wanted(request):
            if not settings.LOCAL and not request.is_secure():
                return errors.answer(request, DomainError(_("Call over https."), code="https-required"))
            if not self.PLAIN_PATH.fullmatch(request.path_info):
                return errors.answer(request, NotFound())
            if "HTTP_TRANSFER_ENCODING" in request.META:
                detail = _("Send the body with a Content-Length, not in chunks.")
                return errors.answer(request, DomainError(detail, code="length-required"))
        return self.get_response(request)

    def _methods(self, path: str) -> frozenset[str]:
        """What the address answers; where nothing is, what any may."""
        try:
            return access.methods(resolve(path).view_name) or self.METHODS
        except Resolver404:
            return self.METHODS


class Access:
    """Default deny. A route without a row does not exist; then the actor, then 404 before 403."""

    newest: "Access"

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response, Access.newest = get_response, self

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor, request.afresh, request.counted = access.NOBODY, False, False
        response = self.get_response(request)
        asked = request.actor.proof
        if asked is None or asked.given:
            return response
        proof.forget(asked)
        if response.status_code >= 500:  # it is nobody's news, and has taken its time
            return response
        request.actor, request.afresh = access.NOBODY, True
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> HttpResponse | None:
        try:
            request.actor = self._actor(request)
            if not request.counted:
                self._count(request)
                request.counted = True
            self._admit(request, kwargs)
        except NotSignedIn as refusal:
            address = "" if problems.wanted(request) or request.user.is_authenticated else kept.keep(request)
            return errors.to_sign_in(address) if address else errors.answer(request, refusal)
        except Forbidden as refusal:
            return self._elsewhere(request, kwargs) or errors.answer(request, refusal)
        except DomainError as refusal:
            return errors.answer(request, refusal)
        return None

    @staticmethod
    def _actor(request: HttpRequest) -> access.Actor:
        match = request.resolver_match
        proves = match is not None and (match.view_name, request.method) in proof.proving and not request.afresh
        try:
            actor = bearer(request, proves=proves) if problems.wanted(request) else None
        except NotSignedIn:
            rates.count(request, access.NOBODY)  # keys are not to be tried out faster than anything else
            raise
        return actor or access.actor_for_user(request.user)

    @staticmethod
    def _count(request: HttpRequest) -> None:
        match, method = request.resolver_match, request.method or "GET"
        if match:
            rates.count_tries(request, match.view_name)
        row = access.find(match.view_name, method) if match and problems.wanted(request) else None
        if row:
            rates.count(request, request.actor, read=rates.counts_as_read(row, method))

    @staticmethod
    def _elsewhere(request: HttpRequest, kwargs: dict[str, Any]) -> HttpResponse | None:
        """From a row's own page, which opens to others, to the page of the same row that opens to whoever sees it."""
        match = request.resolver_match
        found = [
            name
            for (name, method), row in access.table().items()
            if (method, row.noun) == (request.method, match and match.view_name)
            and row.admits(request.actor)
            and not name.startswith("api.")
            and not name.endswith(".csv")
        ]
        return redirect(found[0], **kwargs) if found and request.method == "GET" else None

    @staticmethod
    def _admit(request: HttpRequest, kwargs: dict[str, Any]) -> None:
        match = request.resolver_match
        assert match is not None
        actor: access.Actor = request.actor
        row = access.find(match.view_name, request.method or "GET")
        if row is None:
            methods = access.methods(match.view_name)
            if not methods:
                raise NotFound()
            allow = ", ".join(sorted(methods))
            detail = _("This address answers {methods} only.").format(methods=allow)
            raise DomainError(detail, code="method-not-allowed", headers={"Allow": allow})
        if row.admits(actor):
            return
        if actor.anonymous:
            raise NotSignedIn(_("Send a key, as Authorization: Bearer {key}…, or sign in.").format(key=KEY_PREFIX))
        named = {name: kwargs[name] for name in ("ref", "pk") if name in kwargs}
        if row.noun and not access.visible[row.noun](actor, **named):
            raise NotFound()
        if actor.organization and actor.organization.closed_at:
            raise Forbidden(_("The account is closed: all of it can be read, and nothing is changed any more."))
        if actor.key and row.scopes:
            detail = _("This key does not have the scope {scope}.").format(scope=" / ".join(sorted(row.scopes)))
            raise Forbidden(detail, code="insufficient-scope")
        raise Forbidden(_("Your role does not open this."))


class Keyed:
    """A call that brings a key goes on at Access: what stands between the two is of sessions and of pages."""

    def __init__(self, get_response: GetResponse) -> None:
        self.with_session, self.with_key = get_response, Access.newest  # Django makes the innermost first

    def __call__(self, request: HttpRequest) -> HttpResponse:
        keyed = problems.wanted(request) and request.META.get("HTTP_AUTHORIZATION")
        return (self.with_key if keyed else self.with_session)(request)


class Refusals:
    """A DomainError raised by a page becomes that page's answer; so do Django's own 404 and unreadable forms."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DomainError):
            return errors.answer(request, exception)
        if isinstance(exception, Http404) and problems.wanted(request):
            return errors.answer(request, NotFound())
        if isinstance(exception, UnicodeDecodeError):
            return errors.answer(request, Unreadable(_("The request is not UTF-8."), code="invalid-encoding"))
        return None
