"""Lists of people: the team, and the officers."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core import provinces, selectors
from core.access import Actor
from core.models import Membership
from core.models.roles import ROLES_OF, Kind
from core.web.lists import Choice, Column, List, Listing, View


def _roles(row: Membership) -> str:
    return "; ".join(row.role_labels())


def _here(rows: QuerySet, actor: Actor) -> QuerySet:
    return rows.filter(ended_at=None)


def _gone(rows: QuerySet, actor: Actor) -> QuerySet:
    return rows.exclude(ended_at=None)


NAME = Column("name", _("Name"), lambda row: row.user, ("user__name__folded",))
EMAIL = Column("email", _("Email address"), lambda row: row.user.email, ("user__email",))
ROLES = Column("roles", _("Roles"), _roles)
LEFT = Column("left", _("Left on"), lambda row: row.ended_at)


def _invited(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    return {"invited": selectors.invitations_of(request.actor)}


OFFICES = [(role.value, role.label) for role in (*ROLES_OF[Kind.MINISTRY], *ROLES_OF[Kind.CUSTOMS])]


def _to_confirm(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    grants = selectors.open_grants(request.actor)
    return {"grants": [(grant, grant.not_to_confirm(request.actor.user)) for grant in grants]}


MEMBERS = List(
    route="members",
    template="core/member_list.html",
    rows=selectors.members_of,
    columns=(NAME, EMAIL, ROLES, LEFT),
    order="name",
    search=("user__name", "user__email"),
    hint=_("Name, email address"),
    views=(View("here", _("In the team"), _here), View("gone", _("Former"), _gone)),
    prefer=("here",),
    more=_invited,
)
OFFICERS = List(
    route="officers",
    template="core/officer_list.html",
    rows=selectors.officers,
    columns=(
        NAME,
        EMAIL,
        Column(
            "office",
            _("Office"),
            lambda row: row.organization,
            ("organization__kind", "organization__name_en__folded", "user__name__folded"),
        ),
        Column("province", _("Province"), lambda row: provinces.name(row.province)),
        ROLES,
        LEFT,
    ),
    order="office",
    search=("user__name", "user__email", "organization__name_en", "organization__name_zh"),
    hint=_("Name, email address, office"),
    filters=(Choice("role", _("Role"), _("Any role"), OFFICES, path="roles__contains"),),
    views=(View("here", _("In office"), _here), View("gone", _("Former"), _gone)),
    prefer=("here",),
    more=_to_confirm,
)
