"""Keys for programs."""

import secrets
import string
from datetime import timedelta

from django.utils.translation import gettext as _

from core.access import Actor, digest
from core.command import command
from core.errors import Invalid, Problem
from core.history import record
from core.legal_time import legal_now
from core.locks import lock
from core.models import ApiKey, Organization, User
from core.models.people import KEY_DAYS_MOST, KEY_PREFIX
from core.scopes import scopes_of
from core.selectors import key_owners, keys_of


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
        errors.append(Problem("/days", "out-of-range", _("A key lasts 1 to {most} days.").format(most=KEY_DAYS_MOST)))
    if errors:
        raise Invalid(errors)
    alphabet = string.ascii_letters + string.digits
    text = KEY_PREFIX + "".join(secrets.choice(alphabet) for _ in range(43))
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
