"""The verbs of shipments: reserve, cancel, lapse, what customs reports, and what their holder does."""

from shipments.actions.counter import report
from shipments.actions.customs import receive
from shipments.actions.messages import ClearedLine, Message, Receipt
from shipments.actions.reports import deliver, depart
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
    "deliver",
    "depart",
    "lapse",
    "receive",
    "report",
    "reserve",
]
