"""A what-if as a file for a spreadsheet: a line for each figure and each reference, no cell of which is executed."""

from collections.abc import Iterator, Mapping
from typing import Any

from core import quantities
from core.web.lists.export import cell

HEAD = ("part", "what", "by", "value", "before", "after", "entries", "parts", "quantity", "unit", "reference")
COUNTED = ("cases", "licenses", "shipments", "decided")


def lines(found: Mapping[str, Any]) -> Iterator[list[str]]:
    """Its head first. A figure of several units is a line for each."""
    yield list(HEAD)
    for row in _rows(found):
        yield [cell(row.get(name)) for name in HEAD]


def _rows(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for part in COUNTED:
        for one in found[part]["outcomes"]:
            figures = {"by": one["by"], "value": one["value"], "before": one["old"], "after": one["new"]}
            counts = {"entries": one["entries"], "parts": one["parts"]}
            yield from _of_units({"part": part, "what": "outcome", **figures, **counts}, one["quantity"])
        for one in found[part].get("differences", ()):
            figures = {"value": one["part"], "before": one["old"], "after": one["new"], "entries": one["entries"]}
            yield {"part": part, "what": one["direction"] or "differs", **figures}
        for name in ("channels", "refs", "later"):
            for what, refs in found[part].get(name, {}).items():
                yield from ({"part": part, "what": what, "reference": ref} for ref in refs)
    before, after = found["load"]["cases"]
    yield {"part": "load", "what": "cases", "before": before, "after": after}
    yield {"part": "load", "what": "working days", "value": found["load"]["average"], "after": found["load"]["days"]}
    for what, refs in found["load"]["refs"].items():
        yield from ({"part": "load", "what": what, "reference": ref} for ref in refs)
    for when in ("old", "new"):
        for one in found["exposure"][when]:
            figures = {"by": one["item"], "value": one["from"], "parts": one["lines"]}
            yield from _of_units({"part": "exposure", "what": when, **figures}, one["quantity"])


def _of_units(row: dict[str, Any], quantity: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for unit, amount in quantity.items():
        yield {**row, "quantity": quantities.show(amount, unit), "unit": unit}
