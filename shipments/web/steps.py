"""What is done to shipments: one row a verb (core/web/steps.py)."""

from django.utils.translation import gettext_lazy as _

from core.web.steps import Step, register

register(
    "shipments",
    "shipment",
    [
        Step("reserve", _("Quota reserved")),
        Step("cancel", _("Cancelled; the reservation is free again")),
        Step("lapse", _("Reservation lapsed")),
        Step("declare", _("Declared at customs")),
        Step("clear", _("Cleared by customs")),
    ],
)
