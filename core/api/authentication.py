"""Keys and sessions on the REST door. The access middleware has already decided; DRF only learns who it is."""

import re

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core import access, proof
from core.errors import NotSignedIn
from core.models import ApiKey
from core.models.people import KEY_PREFIX

SCHEME = re.compile(rf"Bearer +((?:{KEY_PREFIX}|lk_test_)[A-Za-z0-9]{{32,64}})", re.ASCII)


def bearer(request: HttpRequest, *, proves: bool = False) -> access.Actor | None:
    """The actor of the request's key, or None when it brings none. proves: one who is yet to be proved will do.

    Raises NotSignedIn for an unknown, revoked or expired key (all alike), for a test key, and for what is no key: that
    says how one is sent.
    """
    header = request.headers.get("Authorization", "")
    if not header:
        return None
    match = SCHEME.fullmatch(header)
    if match is None:
        detail = _("Send the whole key, as Authorization: Bearer {key}… and nothing else in that header.")
        raise NotSignedIn(detail.format(key=KEY_PREFIX), code="invalid-key")
    text = match.group(1)
    if proves and (actor := proof.remembered(text)):
        return actor
    stamp = proof.stamp_of(text) if proves else ""  # before the key is read; None where it opens nothing
    key = access.live_key(text) if text.startswith(KEY_PREFIX) and stamp is not None else None
    if key is None:
        raise NotSignedIn(_("This key is not known, has ended, or was revoked."), code="invalid-key")
    if not proof.lately(key):  # the one write a GET may cause
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now())
    elif stamp:
        proof.remember(key, stamp)
    return access.actor_for_key(key)


class RequestActor(BaseAuthentication):
    """The actor that the middleware found; a session must bring its CSRF token, a key needs none."""

    def authenticate(self, request: Request) -> tuple[object, access.Actor] | None:
        actor: access.Actor = request._request.actor
        if actor.anonymous:
            return None
        if actor.key is None:
            SessionAuthentication().enforce_csrf(request)
        return actor.user, actor


class Admitted(BasePermission):
    """Refuses whatever the access middleware has not let through (it names the row it found)."""

    def has_permission(self, request: Request, view: object) -> bool:
        match = request._request.resolver_match
        row = match and access.find(match.view_name, request.method or "GET")
        return bool(row and row.admits(request._request.actor))
