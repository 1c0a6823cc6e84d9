"""State names (docs/workflows.md); only those that exist."""

from django.utils.translation import pgettext_lazy

from core.states import State


class ShipmentState(State):
    RESERVED = "reserved", "ship", pgettext_lazy("shipment", "Reserved")
    DECLARED = "declared", "ship", pgettext_lazy("shipment", "Declared")
    PART_CLEARED = "part_cleared", "ship", pgettext_lazy("shipment", "Partly cleared")
    CLEARED = "cleared", "ok", pgettext_lazy("shipment", "Cleared")
    DEPARTED = "departed", "ship", pgettext_lazy("shipment", "Departed")
    DELIVERED = "delivered", "ok", pgettext_lazy("shipment", "Delivered")
    QUESTIONED = "questioned", "wait", pgettext_lazy("shipment", "Questioned by customs")
    RETURNED = "returned", "", pgettext_lazy("shipment", "Returned")
    CANCELLED = "cancelled", "", pgettext_lazy("shipment", "Cancelled")
    EXPIRED = "expired", "", pgettext_lazy("shipment", "Reservation lapsed")
    REJECTED = "rejected", "no", pgettext_lazy("shipment", "Rejected by customs")


# States in which the shipment's reservation is gone, though customs may still report it.
RELEASED = (ShipmentState.CANCELLED, ShipmentState.EXPIRED)
# States in which something of it may still cross the border, as far as we know.
OPEN_SHIPMENT = (
    ShipmentState.RESERVED,
    ShipmentState.DECLARED,
    ShipmentState.QUESTIONED,
    ShipmentState.PART_CLEARED,
)
# What crosses is cleared by these, and only booked by all others.
CLEARED_IN = (*OPEN_SHIPMENT, *RELEASED)
# Of those that are open the ones in which nothing of it has, and to which it never comes back once something did.
NOTHING_CROSSED = (ShipmentState.RESERVED, ShipmentState.DECLARED, ShipmentState.QUESTIONED)
# States that nothing but its holder's reports changes: customs is done with it.
CROSSED = (ShipmentState.CLEARED, ShipmentState.DEPARTED, ShipmentState.DELIVERED)
# Of these those whose delivery was not reported.
UNREPORTED = (ShipmentState.CLEARED, ShipmentState.DEPARTED)
