"""Certificates: how many a worker reads, sets and keeps a minute, each in a transaction of its own. Two workers make
twice that."""

import time
from typing import Any

from benchmarks.ground import SCALE, beside_commits

TARGETS = {"certificates": {"a_minute": 500}}
FLOORS = {"certificates": {"a_minute": 500}}


def measure(world: Any) -> dict[str, Any]:
    from core import papers
    from core.models import Delivery

    papers.make_due()  # fonts are read and rules compiled once
    for _ in range(max(5, int(120 * SCALE))):
        world.license(kilograms=100)
    due = Delivery.objects.filter(consumer="paper", delivered_at=None)
    due.exclude(line__subject_kind="license").update(due_at="2099-01-01T00:00:00Z")
    began = time.monotonic()
    made = papers.make_due()
    seconds = time.monotonic() - began
    return {"certificates": made, "a_minute": made * 60 / seconds, "seconds": seconds}


MEASURES = {"certificates": beside_commits(measure)}
