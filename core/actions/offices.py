"""Customs offices, and the ministry's own at the very beginning."""

import unicodedata

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.access import Actor
from core.actions.people import new_person, require_roles
from core.command import command
from core.errors import DomainError, Invalid, Problem
from core.history import record
from core.models import Membership, Organization, Role
from core.models.roles import ADMINS_LEAST


def _bare(name: str) -> str:
    """A name without what readers overlook: width, case, blanks, points and commas."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


def taken_names(names: dict[str, str], others: QuerySet[Organization], message: str) -> list[Problem]:
    """A problem at each field whose name is one of these organizations': whoever reads it takes one for the other."""
    taken = {_bare(name) for pair in others.values_list("name_en", "name_zh") for name in pair} - {""}
    return [Problem(f"/{field}", "name-taken", message) for field, name in names.items() if _bare(name) in taken]


@command
def open_office(*, name_en: str, name_zh: str, by: Actor) -> Organization:
    """A customs office exists; its first officer is proposed next, and its keys follow.

    Raises Invalid when a name is that of another organization.
    """
    message = _("An exporter or an office has this name already. Give the office a name of its own.")
    problems = taken_names({"name_en": name_en, "name_zh": name_zh}, Organization.objects.all(), message)
    if not _bare(name_en):
        problems.append(Problem("/name_en", "blank", _("A name has at least one letter or digit.")))
    if problems:
        raise Invalid(problems)
    office = Organization.objects.create(kind="customs", name_en=name_en, name_zh=name_zh)
    record(office, "open_office", by=by)
    return office


@command
def first_officers(*, name_en: str, name_zh: str, officers: list[tuple[str, str, list[str]]]) -> list[Membership]:
    """The ministry's office and its first officers exist, without passwords. officers: (e-mail, name, roles).

    Raises DomainError already-bootstrapped when there is an administrator, Invalid when two would not be made.
    """
    if Membership.objects.filter(roles__contains=[Role.ADMIN], ended_at=None).exists():
        raise DomainError(
            _("There are administrators already; they make the other officers."), code="already-bootstrapped"
        )
    if sum(Role.ADMIN in roles for _email, _name, roles in officers) < ADMINS_LEAST:
        message = _("Name at least {n} administrators (role admin).").format(n=ADMINS_LEAST)
        raise Invalid([Problem("/officers", "too-few-admins", message)])
    office = Organization.objects.create(kind="ministry", name_en=name_en, name_zh=name_zh)
    made = []
    for email, name, roles in officers:
        require_roles(roles, office.kind)
        made.append(Membership.objects.create(user=new_person(email, name), organization=office, roles=roles))
    actor = Actor(made[0].user, office)
    record(office, "bootstrap", by=actor, facts={"officers": [[m.user.email, m.roles] for m in made]})
    return made
