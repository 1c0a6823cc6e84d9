"""What is done to companies and parties: one row a verb (core/web/steps.py)."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import provinces
from core.access import who_lazy
from core.decided import filled
from core.models import HistoryLine
from core.web.forms import ReasonForm
from core.web.steps import Page, Step, register
from exporters import actions
from exporters.actions import changes
from exporters.models import AccountChange
from exporters.selectors import exporters_for, intake_of, other_deciders, people
from exporters.web.forms import ChangeForm, RestateForm, ReturnForm, fact_labels

DESK = Page("desk.exporter", exporters_for, key="pk", away="desk.exporters")
COMPANY = Page("company", exporters_for, key="")


def company(line: HistoryLine) -> tuple[list[str], str]:
    """What two officers sign, as long as they have not, the other deciders who serve it; what it asks for, the intake
    officers who do; of all else its people."""
    desk = reverse("desk.exporter", kwargs={"pk": line.subject_id})
    if line.verb in ("propose_bar", "drop_bar"):
        return other_deciders(line.subject_id, line.actor_id), desk
    if line.verb == "ask_change":
        return intake_of(line.subject_id), desk
    return people(line.subject_id), reverse("company")


def differences(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str, str]]:
    """What each fact is called, what it was, and what it is to be."""

    def word(name: str, said: str) -> str:
        return (provinces.name(said) if name == "province" else said) or gettext("nothing")

    return [
        (label, word(name, before.get(name, "")), word(name, after[name]))
        for name, label in fact_labels().items()
        if name in after
    ]


def shown(row: AccountChange | None) -> dict[str, Any] | None:
    """What a company asked to have changed, as pages show it: from what to what, and what is named so."""
    if row is None:
        return None
    found = differences(row.before, row.after)
    labels = [label for label, _before, _after in found]
    return {"row": row, "differences": found, "facts": [*labels, *([gettext("Business license")] * row.is_license)]}


def with_differences(words: Any) -> Callable[[HistoryLine], str]:
    """These words, and from what to what. Braces that somebody typed stay what they are."""

    def said(line: HistoryLine) -> str:
        one = gettext("{fact}: {before} → {after}")
        found = [
            one.format(fact=label, before=before, after=after)
            for label, before, after in differences(line.facts["before"], line.facts["after"])
        ]
        return f"{words} {gettext('; ').join(found)}".replace("{", "{{").replace("}", "}}")

    return said


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
        Step(
            "accept_change",
            with_differences(_("Changed as the company asked:")),
            DESK,
            changes.accept_change,
            _("Accepted. The account says so now, and the company was told. What was issued keeps the old words."),
            mail=_("What you asked for is changed in your company’s account"),
        ),
        Step(
            "decline_change",
            _("Change declined"),
            DESK,
            changes.decline_change,
            _("Declined. The account stays as it is, and the company was told, with your reason."),
            ReasonForm,
            within="accept_change",
            mail=_("What you asked to have changed was declined"),
        ),
        Step(
            "withdraw_change",
            _("Change withdrawn"),
            COMPANY,
            changes.withdraw_change,
            _("Withdrawn. Your company’s account stays as it is."),
        ),
        Step("drop_change", _("The change that was asked for is dropped")),
        Step(
            "restate",
            with_differences(_("Changed by the company:")),
            COMPANY,
            changes.restate,
            _("Changed. It holds from now on."),
            RestateForm,
        ),
        Step(
            "ask_change",
            with_differences(_("Change asked for:")),
            COMPANY,
            changes.ask_change,
            filled(
                _("Asked for. {who} compares it with the paper; you get a mail."),
                who=capfirst(who_lazy("exporter.accept_change")),
            ),
            ChangeForm,
            mail=_("{ref}: a company asks to have its account changed"),
        ),
    ],
    holder=company,
)

register("exporters", "party", [Step("add", _("Added to the address book")), Step("change", _("Changed"))])
