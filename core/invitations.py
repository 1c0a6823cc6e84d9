"""Links by which a new person sets a password: an officer's, made by allauth, and that of an invitation into a team.

Who is invited into a team has no account until he accepts: others may invite the same address, or its owner may join
with a company of his own.
"""

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.deliveries import Message, mails
from core.models import HistoryLine, Organization, User
from core.selectors import invitation_over, invited_into
from core.telling import sentences

SALT = "invitation"


def one_time_link(user: User) -> str:
    """An absolute address that lets this person, once, choose a password. It also proves the e-mail."""
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
    return f"{settings.BASE_URL}{path}"


def token(organization_id: int, email: str) -> str:
    """What only a mail to the invited address carries."""
    return signing.dumps([organization_id, email], salt=SALT)


def opened(text: str) -> tuple[int, str]:
    """Into which organization the link invites which address. Raises NotFound for one that is not ours, or too old."""
    try:
        organization_id, email = signing.loads(text, salt=SALT, max_age=settings.PASSWORD_RESET_TIMEOUT)
    except signing.BadSignature:
        raise invitation_over() from None
    return organization_id, email


@mails("organization", "add_member")
def invitation(line: HistoryLine) -> Message | None:
    """The invited address is written to, with a link made at the moment of sending."""
    email = line.facts["email"]
    if email not in {invited.email for invited in invited_into(line.subject_id)}:  # accepted or withdrawn meanwhile
        return None
    if user := User.objects.filter(email=email).first():
        return _elsewhere(user, line)
    path = reverse("invitation.link", kwargs={"token": token(line.subject_id, email)})
    return _welcome(line, email, line.facts["name"], f"{settings.BASE_URL}{path}")


@mails("organization", "confirm_roles")
def first_roles(line: HistoryLine) -> Message | None:
    """A new officer is written to with a one-time link, made at the moment of sending."""
    if not line.facts["first"]:
        return None
    user = User.objects.get(email=line.facts["email"])
    return _welcome(line, user.email, user.name, one_time_link(user))


def _welcome(line: HistoryLine, email: str, name: str, link: str) -> Message:
    body = _(
        "Hello {name},\n\n{inviter} invites you to the team of {organization} on Lodestone. Choose your password "
        "here:\n\n{link}\n\nThe link works once. If you did not expect this, ignore the mail.\n"
    ).format(
        name=name,
        inviter=line.actor,
        organization=Organization.objects.get(pk=line.subject_id),
        link=link,
    )
    return Message([email], _("Your Lodestone account"), body)


def _elsewhere(user: User, line: HistoryLine) -> Message:
    """Only the owner of the address learns that it has an account."""
    organization = Organization.objects.get(pk=line.subject_id)
    body = _(
        "Hello {name},\n\n{organization} wants you in its team on Lodestone. This address has an account with another "
        "organization already, and an account belongs to one, so nothing was changed; {organization} was not told.\n\n"
        "To join, give them another email address of yours. If you did not expect this, ignore the mail.\n"
    ).format(name=user.name, organization=organization)
    return Message([user.email], _("{organization} wants you in its team").format(organization=organization), body)


sentences(
    "organization",
    {
        "withdraw_invitation": gettext_lazy("An invitation was withdrawn"),
        "add_member": gettext_lazy("A person was invited"),
        "accept_invitation": gettext_lazy("An invited person joined"),
        "confirm_roles": gettext_lazy("An officer's roles were confirmed"),
    },
)
sentences("delivery", {"send_again": gettext_lazy("Sent again at once"), "end": gettext_lazy("Given up")})
