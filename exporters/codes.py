"""The refusals of companies and parties."""

from django.utils.translation import gettext_lazy as _

from core.access import who_lazy
from core.codes import Code, register
from core.decided import filled

CODES = (
    Code(
        "exporter-not-active",
        409,
        _("The exporter's account is not active."),
        _("Have it verified, or wait until the ministry reinstates it: the company’s page says which of these."),
    ),
    Code(
        "invalid-credit-code",
        422,
        _("The unified social credit code has a typing error."),
        filled(_("Copy all {n} characters from the business license."), n="exporters.models.CREDIT_CODE_LENGTH"),
    ),
    Code(
        "invalid-customs-code",
        422,
        _("The customs registration code is not one."),
        filled(_("Send its {characters}, or nothing."), characters="exporters.models.CUSTOMS_CODE_WORDS"),
    ),
    Code(
        "invalid-phone",
        422,
        _("The telephone number is not one."),
        _("Send its digits, area code included, with blanks, hyphens and a leading + as you like."),
    ),
    Code(
        "nothing-new",
        422,
        _("What was sent says the same as what stands."),
        _("Change at least one fact, or leave it as it is."),
    ),
    Code(
        "change-open",
        409,
        filled(
            _("The company asked for a change already, and it waits for {who}."), who=who_lazy("exporter.accept_change")
        ),
        _("Wait for the answer, or withdraw it and ask for everything at once."),
    ),
    Code(
        "no-change",
        409,
        _("Nothing waits that the company asked to have changed."),
        _("Read the account again: it was answered, withdrawn or dropped."),
    ),
    Code(
        "already-registered",
        422,
        _("A verified company holds this credit code."),
        _("Ask its administrators, who are its signatories, to add you."),
    ),
)
register(CODES)
