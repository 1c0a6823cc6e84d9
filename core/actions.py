"""The verbs of the ground: people, roles, keys, files."""

import hashlib
import secrets
import string
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.access import Actor, digest
from core.command import command
from core.errors import DomainError, FourEyes, Invalid, NotFound, Problem
from core.files import PAPERS, Kind, examine
from core.history import record
from core.legal_time import legal_now
from core.locks import lock
from core.models import ApiKey, Delivery, Document, Membership, Organization, Role, RoleGrant, User
from core.models.roles import ROLES_OF
from core.scopes import scopes_of
from core.selectors import (
    invitations_of,
    key_owners,
    keys_of,
    members_of,
    officers,
    offices,
    open_grants,
    pending_members,
    waiting_mail,
)

KEY_DAYS_MOST = 365


def _require_roles(roles: list[str], kind: str) -> None:
    if not roles or not set(roles) <= set(ROLES_OF[kind]):
        choices = ", ".join(ROLES_OF[kind])
        raise Invalid([Problem("/roles", "unknown-role", _("Choose among: {choices}.").format(choices=choices))])


def new_person(email: str, name: str) -> User:
    """A person who can sign in once the one-time link was used. Raises Invalid when the e-mail is taken."""
    if User.objects.filter(email__iexact=email).exists():
        raise Invalid([Problem("/email", "already-used", _("Somebody with this e-mail already has an account."))])
    return User.objects.create_user(email, None, name=name)


@command
def choose_language(*, language: str, by: Actor) -> None:
    """The actor is written to in this language from the next mail on."""
    User.objects.filter(pk=by.user.pk).update(language=language)


@command
def add_member(*, email: str, name: str, roles: list[str], by: Actor) -> None:
    """The person is invited by mail and a member from choosing a password on, unless the address has an account.

    Whether it has one is told to its owner alone, by that mail: the answer, the history and the list of who is invited
    are the same. Raises Invalid for somebody whom the actor sees in the team already.
    """
    organization = lock(Organization.objects.all(), pk=by.organization_id)
    _require_roles(roles, organization.kind)
    email = email.lower()
    if members_of(by).filter(user__email=email).exists():
        message = _("This person is in the team already, or was; change the roles there.")
        raise Invalid([Problem("/email", "already-member", message)])
    if not User.objects.filter(email=email).exists():
        with suppress(IntegrityError), transaction.atomic():  # another team invited the address in this very moment
            user = User.objects.create_user(email, None, name=name)
            Membership.objects.create(user=user, organization=organization, roles=roles)
    else:
        pending_members(by).filter(user__email=email).update(roles=roles, ended_at=None)
    record(organization, "add_member", by=by, facts={"email": email, "name": name, "roles": roles})


@command
def withdraw_invitation(*, email: str, by: Actor) -> None:
    """Nobody joins the team by that address any more."""
    organization = lock(Organization.objects.all(), pk=by.organization_id)
    if email not in {invited.email for invited in invitations_of(by)}:
        raise NotFound()
    at = legal_now()
    pending_members(by).filter(user__email=email, ended_at=None).update(ended_at=at)
    record(organization, "withdraw_invitation", by=by, at=at, facts={"email": email})


@command
def change_member(pk: int, *, roles: list[str], by: Actor) -> Membership:
    """The member holds exactly these roles from the next request on; no roles ends the membership.

    Raises DomainError last-signatory when nobody could submit or administer afterwards.
    """
    organization = lock(Organization.objects.all(), pk=by.organization_id)
    member = lock(members_of(by), pk=pk)
    if roles:
        _require_roles(roles, organization.kind)
    others = members_of(by).filter(ended_at=None, roles__contains=[Role.SIGNATORY]).exclude(pk=pk)
    if Role.SIGNATORY not in roles and Role.SIGNATORY in member.roles and not others.exists():
        raise DomainError(_("This is the only signatory. Make somebody else a signatory first."), code="last-signatory")
    member.roles, member.ended_at = (roles, None) if roles else (member.roles, legal_now())
    member.save()
    record(organization, "change_member", by=by, facts={"email": member.user.email, "roles": roles})
    return member


@command
def create_key(*, name: str, scopes: list[str], days: int, office: int | None = None, by: Actor) -> tuple[ApiKey, str]:
    """A live key of the actor's organization, or of the customs office, exists; its text is in the answer only."""
    return issue_key(name=name, scopes=scopes, days=days, office=office, by=by)


def issue_key(*, name: str, scopes: list[str], days: int, office: int | None = None, by: Actor) -> tuple[ApiKey, str]:
    """The step under create_key, inside somebody's transaction."""
    organization = lock(key_owners(by), pk=office or by.organization_id)
    errors = []
    if not scopes or not set(scopes) <= set(scopes_of(organization.kind)):
        errors.append(Problem("/scopes", "unknown-scope", _("Choose at least one scope from the list.")))
    if not 1 <= days <= KEY_DAYS_MOST:
        errors.append(Problem("/days", "out-of-range", _("A key lasts 1 to 365 days.")))
    if errors:
        raise Invalid(errors)
    alphabet = string.ascii_letters + string.digits
    text = "lk_live_" + "".join(secrets.choice(alphabet) for _ in range(43))
    at = legal_now()
    service = User.objects.create(
        email=f"key-{secrets.token_hex(8)}@service.lodestone.invalid",
        name=name,
        nature=User.Nature.SERVICE,
        password="!",
    )
    key = ApiKey.objects.create(
        organization=organization,
        user=service,
        name=name,
        prefix=text[:12],
        digest=digest(text),
        scopes=sorted(scopes),
        created_by=by.user,
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    record(organization, "create_key", by=by, facts={"key": key.prefix, "scopes": key.scopes, "days": days})
    return key, text


@command
def revoke_key(pk: int, *, by: Actor) -> ApiKey:
    """The key opens nothing from the next request on. A second time changes nothing."""
    organization = lock(Organization.objects.filter(keys__in=keys_of(by).filter(pk=pk)))
    key = lock(keys_of(by), pk=pk)
    if key.revoked_at is None:
        key.revoked_at = legal_now()
        key.save(update_fields=["revoked_at"])
        record(organization, "revoke_key", by=by, facts={"key": key.prefix})
    return key


def _bare(name: str) -> str:
    """A name without what readers overlook: width, case, blanks, points and commas."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


@command
def open_office(*, name_en: str, name_zh: str, by: Actor) -> Organization:
    """A customs office exists; its first officer is proposed next, and its keys follow.

    Raises Invalid when a name is that of another organization: whoever reads it must not take one for the other.
    """
    named = {"name_en": _bare(name_en), "name_zh": _bare(name_zh)}
    taken = {_bare(name) for names in Organization.objects.values_list("name_en", "name_zh") for name in names if name}
    message = _("An exporter or an office has this name already. Give the office a name of its own.")
    problems = [Problem(f"/{field}", "name-taken", message) for field, bare in named.items() if bare in taken]
    if not named["name_en"]:
        problems.append(Problem("/name_en", "blank", _("A name has at least one letter or digit.")))
    if problems:
        raise Invalid(problems)
    office = Organization.objects.create(kind="customs", name_en=name_en, name_zh=name_zh)
    record(office, "open_office", by=by)
    return office


@command
def propose_officer(
    *, email: str, name: str, organization_id: int, roles: list[str], province: str = "", by: Actor
) -> RoleGrant:
    """An account without roles exists, and a proposal that a second administrator may confirm."""
    organization = lock(offices(by), pk=organization_id)
    _require_roles(roles, organization.kind)
    _require_intake(province, roles)
    member = Membership.objects.create(user=new_person(email, name), organization=organization, roles=[])
    return _propose(organization, member, roles, province, by)


@command
def propose_roles(pk: int, *, roles: list[str], province: str = "", by: Actor) -> RoleGrant:
    """A proposal to give the officer exactly these roles, in this province, waits for a second administrator."""
    organization = lock(Organization.objects.filter(memberships__in=officers(by).filter(pk=pk)))
    member = lock(officers(by), pk=pk)
    if roles:
        _require_roles(roles, organization.kind)
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
    if by.user.pk in (grant.proposed_by_id, member.user_id):
        raise FourEyes(_("Another administrator must confirm this."))
    admins = Membership.objects.filter(roles__contains=[Role.ADMIN], ended_at=None).exclude(pk=member.pk).count()
    if Role.ADMIN in member.roles and Role.ADMIN not in grant.roles and admins < 2:
        message = _("Two administrators must remain: nobody could confirm a role otherwise.")
        raise DomainError(message, code="last-admins")
    grant.confirmed_by, grant.confirmed_at = by.user, legal_now()
    grant.save()
    first = not member.roles
    member.roles, member.province = grant.roles, grant.province
    member.save()
    facts = {"email": member.user.email, "roles": grant.roles, "province": grant.province, "first": first}
    record(member.organization, "confirm_roles", by=by, facts=facts)
    return member


@command
def first_officers(*, name_en: str, name_zh: str, officers: list[tuple[str, str, list[str]]]) -> list[Membership]:
    """The ministry's office and its first officers exist, without passwords. officers: (e-mail, name, roles).

    Raises DomainError already-bootstrapped when there is an administrator, Invalid when two would not be made.
    """
    if Membership.objects.filter(roles__contains=[Role.ADMIN], ended_at=None).exists():
        raise DomainError(
            _("There are administrators already; they make the other officers."), code="already-bootstrapped"
        )
    if sum(Role.ADMIN in roles for _email, _name, roles in officers) < 2:
        raise Invalid([Problem("/officers", "two-admins", _("Name at least two administrators (role admin)."))])
    office = Organization.objects.create(kind="ministry", name_en=name_en, name_zh=name_zh)
    made = []
    for email, name, roles in officers:
        _require_roles(roles, office.kind)
        made.append(Membership.objects.create(user=new_person(email, name), organization=office, roles=roles))
    actor = Actor(made[0].user, office)
    record(office, "bootstrap", by=actor, facts={"officers": [[m.user.email, m.roles] for m in made]})
    return made


def _still_waiting(pk: int, by: Actor) -> Delivery:
    """The mail is this transaction's, and waits still: it may have gone out while the lock was waited for."""
    delivery = lock(waiting_mail(by), pk=pk)
    if delivery.delivered_at or delivery.ended_at:
        raise NotFound()
    return delivery


@command
def send_again(pk: int, *, by: Actor) -> Delivery:
    """The mail is due now."""
    delivery = _still_waiting(pk, by)
    delivery.due_at = legal_now()
    delivery.save(update_fields=["due_at"])
    record(delivery, "send_again", by=by)
    return delivery


@command
def end_delivery(pk: int, *, reason: str, by: Actor) -> Delivery:
    """Nobody tries to send the mail any more. Raises Invalid without a reason."""
    delivery = _still_waiting(pk, by)
    if not reason.strip():
        raise Invalid([Problem("/reason", "required", _("Say why."))])
    delivery.ended_at = legal_now()
    delivery.save(update_fields=["ended_at"])
    record(delivery, "end", by=by, reason=reason)
    return delivery


def keep_file(
    name: str, content: bytes, *, field: str, by: Actor, kinds: Sequence[Kind] = PAPERS, at: datetime | None = None
) -> Document:
    """The file is stored with its hash, inside the caller's transaction. Raises Invalid naming `field` when it is
    empty, too large, badly named, a scanner's test, or none of these kinds (core/files.py)."""
    clean = name.strip()
    kind = examine(clean, content, kinds=kinds, field=field)
    if isinstance(kind, Problem):
        raise Invalid([kind])
    return Document.objects.create(
        organization=by.organization,
        name=clean,
        media_type=kind.media_type,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        content=content,
        uploaded_by=by.user,
        uploaded_at=at or legal_now(),
    )
