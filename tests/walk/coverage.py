"""Which rows of tests/workflows.csv a walk took, as the histories of its objects tell."""

import csv
from pathlib import Path

from core.models import HistoryLine

Row = tuple[str, str, str, str]  # object, from, verb, to

TABLE = Path(__file__).parent.parent / "workflows.csv"
APART = {"draft", "notice"}  # objects of the rules: another graph, on which no company's step moves anything
NOT_HERE = {
    ("exporter", "pending", "return", "draft"),  # its company is verified already
    ("license", "replaced", "drop_revoke", "replaced"),  # nothing replaces what somebody proposed to end
}


def rows() -> set[Row]:
    """All that a walk may take: none of the link by which an end-user signs, which nobody built."""
    with TABLE.open(encoding="utf-8", newline="") as source:
        found = list(csv.DictReader(source))
    return {
        (r["object"], r["from"], r["verb"], r["to"]) for r in found if r["object"] not in APART and r["who"]
    } - NOT_HERE


def taken() -> set[Row]:
    """Those that stand in some history by now."""
    lines = HistoryLine.objects.values_list("subject_kind", "from_state", "verb", "to_state")
    return set(lines.order_by().distinct()) & rows()


def told(done: set[Row]) -> str:
    missing = sorted(rows() - done)
    left = "".join(f"\n  never: {object_} {before} -{verb}-> {to}" for object_, before, verb, to in missing)
    return f"{len(done)} of {len(rows())} rows of workflows.csv{left}"
