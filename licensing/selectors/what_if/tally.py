"""The counting: no row and no rule is known here, only what was said before and after of which goods, for whom."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Part(NamedTuple):
    """A line for an end-user: what was said of it before, and what would be. quantity: of the whole line."""

    line: int
    item: str
    countries: tuple[str, ...]
    end_use: str
    unit: str
    quantity: int
    old: str
    new: str


class _Cell:
    def __init__(self) -> None:
        self.entries = self.parts = 0
        self.quantity: Counter[str] = Counter()


class Tally:
    """How many came from which outcome to which: all of them, and by item, destination and sector.

    entries: cases, licenses or shipments with such a part. The quantity of a line counts once in each cell into which
    one of its parts falls, so that end-users who share a line double nothing.
    """

    def __init__(self) -> None:
        self.entries = self.parts = 0
        self._cells: dict[tuple[str, str, str, str], _Cell] = defaultdict(_Cell)

    def add(self, parts: Iterable[Part]) -> None:
        """One entry, with these parts."""
        self.entries += 1
        seen: set[Any] = set()
        for part in parts:
            self.parts += 1
            places = [("", ""), ("item", part.item), ("end_use", part.end_use)]
            places += [("destination", country) for country in part.countries]
            for by, value in places:
                key = (by, value, part.old, part.new)
                cell = self._cells[key]
                cell.parts += 1
                cell.entries += key not in seen
                if (key, part.line) not in seen:
                    cell.quantity[part.unit] += part.quantity
                seen |= {key, (key, part.line)}

    def told(self) -> dict[str, Any]:
        """In a stable order; quantities in base units."""
        return {
            "entries": self.entries,
            "parts": self.parts,
            "outcomes": [
                {
                    "by": by,
                    "value": value,
                    "old": old,
                    "new": new,
                    "entries": cell.entries,
                    "parts": cell.parts,
                    "quantity": dict(sorted(cell.quantity.items())),
                }
                for (by, value, old, new), cell in sorted(self._cells.items())
            ],
        }


GROUPS = ("refs", "channels", "spared", "later")  # of a part of the answer, as Refs tells each
LINES = ("holds", "old", "new")  # and those of which Held or Exposure tells lines


class Refs:
    """References by what would happen to them, each once, in order."""

    def __init__(self) -> None:
        self._of: dict[str, set[str]] = {}

    def add(self, what: str, ref: str) -> None:
        self._of.setdefault(what, set()).add(ref)

    def told(self) -> dict[str, list[str]]:
        return {what: sorted(refs) for what, refs in sorted(self._of.items())}


class Held:
    """Lines that a hold begins, or ends, to stop."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str], dict[tuple[str, int], tuple[str, str, int]]] = {}

    def add(self, ref: str, line: int, unit: str, quantity: int, old: frozenset[str], new: frozenset[str]) -> None:
        for event, names in (("begins", new - old), ("ends", old - new)):
            for name in names:
                self._cells.setdefault((name, event), {})[ref, line] = (ref, unit, quantity)

    def told(self) -> list[dict[str, Any]]:
        return [
            {"hold": name, "event": event, "lines": len(lines), **_summed(lines)}
            for (name, event), lines in sorted(self._cells.items())
        ]


class Exposure:
    """Lines that are controlled from a day on and are not today, by item and day."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str], dict[tuple[str, int], tuple[str, str, int]]] = {}

    def add(self, first: str, ref: str, line: int, item: str, unit: str, quantity: int) -> None:
        self._cells.setdefault((first, item), {})[ref, line] = (ref, unit, quantity)

    def told(self) -> list[dict[str, Any]]:
        return [
            {"from": first, "item": item, "lines": len(lines), **_summed(lines)}
            for (first, item), lines in sorted(self._cells.items())
        ]


def _summed(lines: Mapping[tuple[str, int], tuple[str, str, int]]) -> dict[str, Any]:
    quantity: Counter[str] = Counter()
    for _, unit, amount in lines.values():
        quantity[unit] += amount
    return {"quantity": dict(sorted(quantity.items())), "refs": sorted({ref for ref, _, _ in lines.values()})}
