"""The refusals of companies and parties."""

from django.utils.translation import gettext_lazy as _

from core.codes import Code, register

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
        _("Copy all 18 characters from the business license."),
    ),
    Code(
        "already-registered",
        422,
        _("A verified company holds this credit code."),
        _("Ask its administrators, who are its signatories, to add you."),
    ),
)
register(CODES)
