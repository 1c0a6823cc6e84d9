"""The published test of who may file for annual licenses: what it counts, and from which number on that is met."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What a threshold counts, and by which of its numbers: months are those looked back on.
ACCOUNT, CLEARANCES, INCIDENTS, CAUSES, AUDIT = "account", "clearances", "incidents", "causes", "audit"
COUNTED: Mapping[str, tuple[str, ...]] = {
    ACCOUNT: ("number",),  # at least so many days since the company was verified
    CLEARANCES: ("number", "months"),  # at least so many
    INCIDENTS: ("number", "months"),  # at most so many that were open on some day
    CAUSES: ("number", "months"),  # of enforcement: likewise
    AUDIT: ("months",),  # of the compliance program: no older
}
COUNTED_MOST, LOOKED_BACK_MOST = 10_000, 120  # the highest number, and months, that a threshold may say
AT_MOST = {INCIDENTS, CAUSES}
STRICTER_WITH_MORE = {"number": {ACCOUNT, CLEARANCES}, "months": AT_MOST}


@dataclass(frozen=True)
class Threshold:
    """One of the test; what an edition does not name is not asked."""

    id: str
    number: int
    months: int
    authority: str
    verified: bool


@dataclass(frozen=True)
class ThresholdChange:
    """A threshold that comes (old None), goes (new None), or is another: other companies meet the test."""

    id: str
    old: Threshold | None
    new: Threshold | None

    @property
    def tightens(self) -> bool:
        return self.old is None or self.new is not None and _asks_more(self.new, self.old)

    @property
    def loosens(self) -> bool:
        return self.new is None or self.old is not None and _asks_more(self.old, self.new)


def _asks_more(one: Threshold, other: Threshold) -> bool:
    """In some way; both may ask more than the other."""
    return any(
        getattr(one, name) > getattr(other, name)
        if one.id in STRICTER_WITH_MORE[name]
        else getattr(one, name) < getattr(other, name)
        for name in STRICTER_WITH_MORE
    )


def threshold_of(row: Mapping[str, Any]) -> Threshold:
    numbers = {name: int(row.get(name, 0)) for name in STRICTER_WITH_MORE}
    return Threshold(id=row["id"], authority=row["authority"], verified=row["verified"], **numbers)


def changed(old: Mapping[str, Threshold], new: Mapping[str, Threshold]) -> tuple[ThresholdChange, ...]:
    """Each whose numbers differ; of what stands on what, nothing is said."""
    found = (ThresholdChange(name, old.get(name), new.get(name)) for name in COUNTED)
    return tuple(one for one in found if one.old != one.new and (one.tightens or one.loosens))
