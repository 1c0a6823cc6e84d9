"""One-time links by which a new person sets a password. Made by allauth, so that there is one such link."""

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.deliveries import Message, mails
from core.models import HistoryLine, Membership, Organization, User
from core.telling import sentences


def one_time_link(user: User) -> str:
    """An absolute address that lets this person, once, choose a password. It also proves the e-mail."""
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
    return f"{settings.BASE_URL}{path}"


@mails("organization", "add_member", "confirm_roles")
def invitation(line: HistoryLine) -> Message | None:
    """A new person is written to with a one-time link, made at the moment of sending."""
    if line.verb == "confirm_roles" and not line.facts["first"]:
        return None
    user = User.objects.get(email=line.facts["email"])
    member = Membership.objects.filter(user=user).first()
    if member is None or member.organization_id != line.subject_id:
        return _elsewhere(user, line)
    if member.ended_at:  # the invitation was withdrawn before this was sent
        return None
    body = _(
        "Hello {name},\n\n{inviter} invites you to Lodestone, as a member of {organization}. Choose your password "
        "here:\n\n{link}\n\nThe link works once. If you did not expect this, ignore the mail.\n"
    ).format(
        name=user.name,
        inviter=line.actor,
        organization=Organization.objects.get(pk=line.subject_id),
        link=one_time_link(user),
    )
    return Message([user.email], _("Your Lodestone account"), body)


def _elsewhere(user: User, line: HistoryLine) -> Message:
    """Only the owner of the address learns that it has an account."""
    organization = Organization.objects.get(pk=line.subject_id)
    body = _(
        "Hello {name},\n\n{organization} wants you in its team on Lodestone. This address has an account with another "
        "organization already, and an account belongs to one, so nothing was changed; {organization} was not told.\n\n"
        "To join, give them another e-mail address of yours. If you did not expect this, ignore the mail.\n"
    ).format(name=user.name, organization=organization)
    return Message([user.email], _("{organization} wants you in its team").format(organization=organization), body)


sentences(
    "organization",
    {
        "withdraw_invitation": gettext_lazy("An invitation was withdrawn"),
        "add_member": gettext_lazy("A person was invited"),
        "confirm_roles": gettext_lazy("An officer's roles were confirmed"),
    },
)
sentences("delivery", {"send_again": gettext_lazy("Sent again at once"), "end": gettext_lazy("Given up")})
