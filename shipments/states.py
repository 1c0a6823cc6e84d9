"""State names (docs/workflows.md); only those that exist."""

from django.db import models
from django.utils.translation import pgettext_lazy


class ShipmentState(models.TextChoices):
    RESERVED = "reserved", pgettext_lazy("shipment", "Reserved")
    DECLARED = "declared", pgettext_lazy("shipment", "Declared")
    PART_CLEARED = "part_cleared", pgettext_lazy("shipment", "Partly cleared")
    CLEARED = "cleared", pgettext_lazy("shipment", "Cleared")
    CANCELLED = "cancelled", pgettext_lazy("shipment", "Cancelled")
    EXPIRED = "expired", pgettext_lazy("shipment", "Reservation lapsed")


# States in which the shipment's reservation is gone, though customs may still report it.
RELEASED = (ShipmentState.CANCELLED, ShipmentState.EXPIRED)
