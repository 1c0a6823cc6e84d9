"""What is done to companies and parties: one row a verb (core/web/steps.py)."""

from django.utils.translation import gettext_lazy as _

from core.web.forms import ReasonForm
from core.web.steps import Page, Step, register
from exporters import actions
from exporters.selectors import exporters_for

DESK = Page("desk.exporter", exporters_for, key="pk")

register(
    "exporters",
    "exporter",
    [
        Step("join", _("Account opened")),
        Step("describe", _("Company facts saved")),
        Step("submit", _("Sent for verification")),
        Step("verify", _("Verified by the ministry"), DESK, actions.verify, _("Verified: the company may file.")),
        Step(
            "return",
            _("Returned by the ministry"),
            DESK,
            actions.send_back,
            _("Returned with your reason."),
            ReasonForm,
            within="verify",
        ),
    ],
)

register("exporters", "party", [Step("add", _("Added to the address book")), Step("change", _("Changed"))])
