"""The verbs of shipments: reserve, cancel, lapse, and what customs reports."""

from shipments.actions.customs import receive
from shipments.actions.messages import ClearedLine, Message, Receipt
from shipments.actions.reservations import LineRequest, Reserved, ShipmentRequest, cancel, check, lapse, reserve

__all__ = [
    "ClearedLine",
    "LineRequest",
    "Message",
    "Receipt",
    "Reserved",
    "ShipmentRequest",
    "cancel",
    "check",
    "lapse",
    "receive",
    "reserve",
]
