"""How shipments' history reads."""

from django.utils.translation import gettext_lazy

from core.telling import sentences

sentences(
    "shipment",
    {
        "reserve": gettext_lazy("Quota reserved"),
        "cancel": gettext_lazy("Cancelled; the reservation is free again"),
        "lapse": gettext_lazy("Reservation lapsed"),
        "declare": gettext_lazy("Declared at customs"),
        "clear": gettext_lazy("Cleared by customs"),
    },
)
