"""How sign-in behaves: allauth's adapter, with our words where they differ."""

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.languages import spoken
from core.legal_time import LegalNow, legal_now
from core.models import User
from core.once import known


def display_name(user: User) -> str:
    return str(user)


class Backend(AuthenticationBackend):
    """Whoever is signed in is read with his place, and with the legal instant: pages ask for all three."""

    def get_user(self, user_id: Any) -> User | None:
        rows = User.objects.select_related("membership__organization").annotate(now=LegalNow())
        user = rows.filter(pk=user_id).first()
        if user is None or not self.user_can_authenticate(user):
            return None
        known(legal_now, user.now)
        return user


class Adapter(DefaultAccountAdapter):
    def save_user(self, request: HttpRequest, user: User, form: object, commit: bool = True) -> User:
        user.email = form.cleaned_data["email"].lower()
        user.name = form.cleaned_data.get("your_name", "")
        user.language = spoken()
        user.set_password(form.cleaned_data["password1"])
        if commit:
            user.save()
        return user

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts a try at signing in. Raises DomainError locked-out, which says for how long, beyond the rate."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            wait_s = self._locked_for_s(request, **credentials)
            detail = _(
                "Too many failed sign-ins for this account or from this address. Try again in {minutes} min; a new "
                "password by mail opens the account at once."
            ).format(minutes=-(-wait_s // 60))
            raise DomainError(detail, code="locked-out", headers={"Retry-After": str(wait_s)}) from None

    def _locked_for_s(self, request: HttpRequest, **credentials: Any) -> int:
        """Until the oldest of the tries that fill a rate no longer counts."""
        account = self._get_login_attempts_cache_key(request, **credentials)
        waits = [1]
        for rate in ratelimit.get_rates(app="allauth.account", action="login_failed"):
            key = ratelimit.get_cache_key(request, app="allauth.account", action="login_failed", rate=rate, key=account)
            tries = cache.get(key, [])
            if len(tries) >= rate.amount:
                waits.append(int(tries[-1] + rate.duration - time.time()) + 1)
        return max(waits)

    def get_from_email(self) -> str:
        return str(settings.DEFAULT_FROM_EMAIL)
