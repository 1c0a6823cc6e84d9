"""Who has an account, and in which language it is written to."""

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import Invalid, Problem
from core.models import User
from core.models.roles import ROLES_OF


def new_person(email: str, name: str) -> User:
    """A person who can sign in once the one-time link was used. Raises Invalid when the email address is taken."""
    if User.objects.filter(email__iexact=email).exists():
        message = _("Somebody with this email address already has an account.")
        raise Invalid([Problem("/email", "already-used", message)])
    return User.objects.create_user(email, None, name=name)


def require_roles(roles: list[str], kind: str) -> None:
    if not roles or not set(roles) <= set(ROLES_OF[kind]):
        choices = ", ".join(ROLES_OF[kind])
        raise Invalid([Problem("/roles", "unknown-role", _("Choose among: {choices}.").format(choices=choices))])


@command
def choose_language(*, language: str, by: Actor) -> None:
    """The actor is written to in this language from the next mail on."""
    User.objects.filter(pk=by.user.pk).update(language=language)
