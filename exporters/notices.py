"""Who is told of what happens to exporters."""

from django.conf import settings
from django.utils.translation import gettext as _

from core.deliveries import Message, mails
from core.models import HistoryLine, Membership


def signatories(organization_id: int) -> list[str]:
    """The e-mails of an organization's signatories."""
    return list(
        Membership.objects.filter(organization_id=organization_id, ended_at=None, roles__contains=["signatory"])
        .order_by("pk")
        .values_list("user__email", flat=True)
    )


def people(organization_id: int) -> list[str]:
    """The e-mails of everybody of an organization who prepares or signs."""
    return list(
        Membership.objects.filter(organization_id=organization_id, ended_at=None, roles__overlap=["signatory", "clerk"])
        .order_by("pk")
        .values_list("user__email", flat=True)
    )


@mails("exporter", "verify", "return")
def standing(line: HistoryLine) -> Message:
    if line.verb == "verify":
        subject = _("Your company is verified")
        body = _("You can file applications now: {url}").format(url=f"{settings.BASE_URL}/applications/")
    else:
        subject = _("Your company's account was returned")
        body = _("Read why, and mend it here: {url}").format(url=f"{settings.BASE_URL}/company/")
    return Message(people(line.subject_id), subject, body)
