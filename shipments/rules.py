"""Predicates about shipments, as English tests."""

from typing import Any

from core.access import Actor


def customs_may(row: Any, actor: Actor) -> bool:
    """Customs reports what crossed the border, with its key."""
    return actor.kind == "customs" and actor.may("shipment.customs")
