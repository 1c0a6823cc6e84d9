"""What is done to companies and parties: one row a verb (core/web/steps.py)."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.models import HistoryLine
from core.web.steps import Page, Step, register
from exporters import actions
from exporters.selectors import exporters_for, other_deciders, people
from exporters.web.forms import ReturnForm

DESK = Page("desk.exporter", exporters_for, key="pk", away="desk.exporters")


def company(line: HistoryLine) -> tuple[list[str], str]:
    """What two officers sign, as long as they have not, the other deciders who serve it; of all else its people."""
    if line.verb in ("propose_bar", "drop_bar"):
        return other_deciders(line.subject_id, line.actor_id), reverse("desk.exporter", kwargs={"pk": line.subject_id})
    return people(line.subject_id), reverse("company")


register(
    "exporters",
    "exporter",
    [
        Step("join", _("Account opened")),
        Step("describe", _("Company facts saved")),
        Step("correct", _("Names or credit code mended: {before} → {after}")),
        Step("state_province", _("Province stated")),
        Step("submit", _("Sent for verification")),
        Step(
            "verify",
            _("Verified by the ministry"),
            DESK,
            actions.verify,
            _("Verified: the company may file."),
            mail=_("Your company is verified"),
        ),
        Step(
            "return",
            _("Returned by the ministry"),
            DESK,
            actions.send_back,
            _("Returned with your reason. The company is in this list again when it sends its account anew."),
            ReturnForm,
            within="verify",
            mail=_("Your company's account was returned"),
        ),
    ],
    holder=company,
)

register("exporters", "party", [Step("add", _("Added to the address book")), Step("change", _("Changed"))])
