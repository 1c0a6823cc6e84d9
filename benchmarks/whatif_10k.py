"""A draft that bans one item to one country: what it would do to a book of 10,000 licenses."""

import time
from typing import Any

from benchmarks.ground import SCALE

TARGETS = {"seconds": 5}


def measure(world: Any) -> dict[str, Any]:
    from core.legal_time import legal_now
    from licensing import tasks
    from licensing.models import License
    from licensing.selectors.what_if import what_if
    from tests.book import Book, draft, forbid

    if not License.objects.exists():  # else the book of turn_10k
        Book(world, int(10_000 * SCALE))
        tasks.turn_licenses()
    at, began = legal_now(), time.monotonic()
    text = draft(forbid(code=["1C902"], country=["DE"]))
    found = what_if(text, at, at=at)
    seconds = time.monotonic() - began
    again = what_if(text, at, at=at)
    assert again["hash"] == found["hash"]
    counts = {name: found[name]["entries"] for name in ("licenses", "cases", "shipments", "decided")}
    return {**counts, "events": len(found["licenses"]["events"]), "seconds": seconds}
