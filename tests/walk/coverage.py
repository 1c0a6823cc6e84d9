"""Which rows of tests/workflows.csv a walk took, as the histories of its objects tell."""

import csv
from pathlib import Path

from core.models import HistoryLine

Row = tuple[str, str, str, str]  # object, from, verb, to

TABLE = Path(__file__).parent.parent / "workflows.csv"
APART = {"draft", "notice"}  # objects of the rules: another graph, on which no company's step moves anything
# Rows that no walk takes, by the reason why.
NEVER: dict[str, set[Row]] = {
    "its company is verified already": {("exporter", "pending", "return", "draft")},
    "nothing replaces what somebody proposed to end": {("license", "replaced", "drop_revoke", "replaced")},
}
# Rows that the draw comes to in one walk of sixty, if at all, by the reason why.
HARDLY: dict[str, set[Row]] = {
    "a declaration ends in the few steps in which a case that names it is there": {
        ("application", "submitted", "redeclare", "submitted"),
        ("application", "supplement_required", "redeclare", "supplement_required"),
        ("application", "accepted", "redeclare", "accepted"),
    },
    "something is reserved on what is replaced when its end-user is found on a list, or a decider stops it": {
        ("license", "replaced", "resolve", "replaced"),
        ("license", "replaced", "lift", "replaced"),
    },
    "a license is used up soon, in its first days or while its end-user is in doubt": {
        ("license", "exhausted", "renew", "exhausted"),
        ("license", "exhausted", "resolve", "exhausted"),
    },
    "what somebody proposed to end is handed back, of which nothing is reserved": {
        ("license", "surrendered", "drop_revoke", "surrendered")
    },
    "all of a part that crossed is back before customs says what becomes of the rest": {
        ("shipment", "part_cleared", "close_out", "returned")
    },
    "customs asks about few, and is answered or clears them before it rejects one": {
        ("shipment", "questioned", "reject", "rejected")
    },
}
NOT_HERE, RARE = (set().union(*found.values()) for found in (NEVER, HARDLY))


def rows() -> set[Row]:
    """All of a company's: none of the link by which an end-user signs, which nobody built."""
    with TABLE.open(encoding="utf-8", newline="") as source:
        found = list(csv.DictReader(source))
    return {(r["object"], r["from"], r["verb"], r["to"]) for r in found if r["object"] not in APART and r["who"]}


def taken() -> set[Row]:
    """Those that stand in some history by now."""
    lines = HistoryLine.objects.values_list("subject_kind", "from_state", "verb", "to_state")
    return set(lines.order_by().distinct()) & rows()


def told(done: set[Row]) -> str:
    missing = sorted(rows() - done)
    left = "".join(f"\n  never: {object_} {before} -{verb}-> {to}" for object_, before, verb, to in missing)
    return f"{len(done)} of {len(rows())} rows of workflows.csv{left}"
