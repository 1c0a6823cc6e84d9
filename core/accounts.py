"""How sign-in behaves: allauth's adapter, with our words where they differ."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from core.models import User


def display_name(user: User) -> str:
    return str(user)


class Adapter(DefaultAccountAdapter):
    def save_user(self, request: HttpRequest, user: User, form: object, commit: bool = True) -> User:
        user.email = form.cleaned_data["email"].lower()
        user.name = form.cleaned_data.get("your_name", "")
        user.language = get_language() or ""
        user.set_password(form.cleaned_data["password1"])
        if commit:
            user.save()
        return user

    def get_from_email(self) -> str:
        return str(settings.DEFAULT_FROM_EMAIL)
