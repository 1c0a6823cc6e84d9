"""Predicates about shipments, as English tests."""

from typing import Any


def customs_may(row: Any, actor: Any) -> bool:
    """Customs reports what crossed the border, with its key."""
    return bool(actor.kind == "customs" and actor.may("shipment.customs"))
