"""Other rules for a book of 10,000 licenses: what they would do to it, and that their turn then does just that."""

import time
from typing import Any

from benchmarks.ground import SCALE, beside_commits, transactions

TARGETS = {"whatif_10k": {"seconds": 5, "turn_s": 60, "longest_s": 0.5}}


def measure(world: Any) -> dict[str, Any]:
    from core.legal_time import legal_now
    from core.models import HistoryLine
    from licensing import tasks
    from licensing.models import License
    from licensing.selectors.what_if import what_if
    from tests import make
    from tests.book import Book, checksums, draft, other_rules, predicted, written

    many = int(10_000 * SCALE)
    if License.objects.count() < many:  # else another benchmark's book
        Book(world, many)
        tasks.turn_licenses()
    text, at, before = draft(other_rules), legal_now(), checksums()
    began = time.monotonic()
    found = what_if(text, at, at=at)
    seconds = time.monotonic() - began
    assert what_if(text, at, at=at)["hash"] == found["hash"]
    assert checksums() == before
    last = HistoryLine.objects.latest("pk").pk
    make.edition(other_rules, "OTHER")
    turn_s, longest_s = transactions(tasks.turn_licenses)
    told, done = predicted(found), written(last)
    differences = sum(one not in done for one in told) + sum(one not in told for one in done)
    counts = {name: found[name]["entries"] for name in ("licenses", "cases", "shipments", "decided")}
    figures = {"seconds": seconds, "turn_s": turn_s, "longest_s": longest_s}
    return {**counts, "events": len(told), "differences": differences, **figures}


MEASURES = {"whatif_10k": beside_commits(measure)}
