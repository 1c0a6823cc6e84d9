"""Who is in a team, invited or a member, with which roles."""

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.access import Actor
from core.actions.people import require_roles
from core.command import command
from core.errors import DomainError, Invalid, NotFound, Problem
from core.history import record
from core.languages import spoken
from core.legal_time import legal_now
from core.locks import lock
from core.models import HistoryLine, Membership, Organization, Role, User
from core.selectors import invitation, invitation_over, invitations_of, members_of

SPAN_HOURS = 24  # in which so many invitations go out at most


@command
def add_member(*, email: str, name: str, roles: list[str], by: Actor) -> None:
    """The person is invited by mail, and a member from accepting on. Until then the address is its owner's.

    Whether it has an account is told to its owner alone, by that mail: the answer, the history and the list of who is
    invited are the same. Raises Invalid for somebody whom the actor sees in the team already, DomainError
    too-many-invitations beyond the number of a day, sent again or withdrawn ones counted.
    """
    organization = lock(Organization.objects.all(), pk=by.organization_id)
    require_roles(roles, organization.kind)
    email = email.lower()
    if members_of(by).filter(user__email=email).exists():
        message = _("This person is in the team already, or was; change the roles there.")
        raise Invalid([Problem("/email", "already-member", message)])
    at = legal_now()
    _require_fewer_invitations(organization, at)
    facts = {"email": email, "name": name, "roles": roles, "language": spoken()}
    record(organization, "add_member", by=by, at=at, facts=facts)


def _require_fewer_invitations(organization: Organization, at: datetime) -> None:
    """Raises DomainError too-many-invitations: whoever registers a company must not mail the world in our name."""
    most, span = settings.INVITATIONS_A_DAY, timedelta(hours=SPAN_HOURS)
    if not most:
        return
    sent = HistoryLine.objects.filter(
        subject_kind="organization", subject_id=organization.pk, verb="add_member", at__gt=at - span
    )
    newest = list(sent.order_by("-at").values_list("at", flat=True)[:most])
    if len(newest) == most:
        wait = newest[-1] + span - at
        detail = _(
            "Your company sent {count} invitations in the last {span} hours, and more are not sent in one day. "
            "Nothing was sent now; the next one can go out in {hours} h."
        ).format(count=most, span=SPAN_HOURS, hours=-(-wait // timedelta(hours=1)))
        seconds = -(-wait // timedelta(seconds=1))
        raise DomainError(detail, code="too-many-invitations", headers={"Retry-After": str(seconds)})


@command
def accept_invitation(organization_id: int, email: str, *, name: str, password: str) -> User:
    """The owner of the address, who has the link, can sign in and is a member with the roles of the newest invitation.

    Every other invitation of the address is without effect from now on. Raises NotFound when that happened to this one.
    """
    organization = lock(Organization.objects.all(), pk=organization_id)
    invited = invitation(organization_id, email)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, name=name)
    except IntegrityError:  # another invitation of the address was accepted in this very moment
        raise invitation_over() from None
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    Membership.objects.create(user=user, organization=organization, roles=invited.roles)
    actor = Actor(user, organization, roles=frozenset(invited.roles))
    record(organization, "accept_invitation", by=actor, facts={"email": email, "roles": invited.roles})
    return user


@command
def withdraw_invitation(*, email: str, by: Actor) -> None:
    """Nobody joins the team by that address any more."""
    organization = lock(Organization.objects.all(), pk=by.organization_id)
    if email not in {invited.email for invited in invitations_of(by)}:
        raise NotFound()
    record(organization, "withdraw_invitation", by=by, facts={"email": email})


@command
def change_member(pk: int, *, roles: list[str], by: Actor) -> Membership:
    """The member holds exactly these roles from the next request on; no roles ends the membership.

    Raises DomainError last-signatory when nobody could submit or administer afterwards.
    """
    organization = lock(Organization.objects.all(), pk=by.organization_id)
    member = lock(members_of(by), pk=pk)
    if roles:
        require_roles(roles, organization.kind)
    others = members_of(by).filter(ended_at=None, roles__contains=[Role.SIGNATORY]).exclude(pk=pk)
    if Role.SIGNATORY not in roles and Role.SIGNATORY in member.roles and not others.exists():
        raise DomainError(_("This is the only signatory. Make somebody else a signatory first."), code="last-signatory")
    member.roles, member.ended_at = (roles, None) if roles else (member.roles, legal_now())
    member.save()
    record(organization, "change_member", by=by, facts={"email": member.user.email, "roles": roles})
    return member
