"""Officers' roles: one administrator proposes, another confirms."""

from django.utils.translation import gettext as _

from core.access import Actor
from core.actions.people import new_person, require_roles
from core.command import command
from core.errors import DomainError, Invalid, Problem
from core.history import record
from core.legal_time import legal_now
from core.locks import lock
from core.models import Membership, Organization, Role, RoleGrant
from core.models.roles import ADMINS_LEAST
from core.selectors import officers, offices, open_grants


@command
def propose_officer(
    *, email: str, name: str, organization_id: int, roles: list[str], province: str = "", by: Actor
) -> RoleGrant:
    """An account without roles exists, and a proposal that a second administrator may confirm."""
    organization = lock(offices(by), pk=organization_id)
    require_roles(roles, organization.kind)
    _require_intake(province, roles)
    member = Membership.objects.create(user=new_person(email, name), organization=organization, roles=[])
    return _propose(organization, member, roles, province, by)


@command
def propose_roles(pk: int, *, roles: list[str], province: str = "", by: Actor) -> RoleGrant:
    """A proposal to give the officer exactly these roles, in this province, waits for a second administrator."""
    organization = lock(Organization.objects.filter(memberships__in=officers(by).filter(pk=pk)))
    member = lock(officers(by), pk=pk)
    if roles:
        require_roles(roles, organization.kind)
    _require_intake(province, roles)
    return _propose(organization, member, roles, province, by)


def _require_intake(province: str, roles: list[str]) -> None:
    if province and Role.INTAKE not in roles:
        message = _("Only intake officers have a province. Leave it empty, or make this an intake officer.")
        raise Invalid([Problem("/province", "province-without-intake", message)])


def _propose(organization: Organization, member: Membership, roles: list[str], province: str, by: Actor) -> RoleGrant:
    at = legal_now()
    RoleGrant.objects.filter(membership=member, confirmed_at=None, dropped_at=None).update(dropped_at=at)
    grant = RoleGrant.objects.create(
        membership=member, roles=roles, province=province, proposed_by=by.user, proposed_at=at
    )
    facts = {"email": member.user.email, "roles": roles, "province": province}
    record(organization, "propose_roles", by=by, at=at, facts=facts)
    return grant


@command
def confirm_grant(pk: int, *, by: Actor) -> Membership:
    """The officer holds the proposed roles from the next request on; a new one has been sent a link.

    Raises FourEyes for the administrator who proposed it, or for the officer himself.
    """
    lock(Organization.objects.filter(memberships__grants=pk))
    grant = lock(open_grants(by), pk=pk)
    member = grant.membership
    if why := grant.not_to_confirm(by.user):
        raise why
    admins = Membership.objects.filter(roles__contains=[Role.ADMIN], ended_at=None).exclude(pk=member.pk).count()
    if Role.ADMIN in member.roles and Role.ADMIN not in grant.roles and admins < ADMINS_LEAST:
        message = _("{n} administrators must remain: nobody could confirm a role otherwise.")
        raise DomainError(message.format(n=ADMINS_LEAST), code="last-admins")
    grant.confirmed_by, grant.confirmed_at = by.user, legal_now()
    grant.save()
    first = not member.roles
    member.roles, member.province = grant.roles, grant.province
    member.save()
    facts = {"email": member.user.email, "roles": grant.roles, "province": grant.province, "first": first}
    record(member.organization, "confirm_roles", by=by, facts=facts)
    return member
