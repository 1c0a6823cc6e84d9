"""What a draft promises less than the edition that it follows: standing invariants, compared by their words."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from licensing.policy.editions import Invariant
from licensing.policy.engine import RANK, Compiled


def weakened(old: Compiled, new: Compiled) -> dict[str, tuple[str, ...]]:
    """The invariants of an edition that the next one does not have any more, or has of fewer cases or more mildly; of
    each what is less, by the names of its fields: `struck` where it is gone."""
    now = {one.id: one for one in new.edition.invariants}
    found = {one.id: tuple(_less(now.get(one.id), new, one, old)) for one in old.edition.invariants}
    return {name: parts for name, parts in found.items() if parts}


def _less(new: Invariant | None, by: Compiled, old: Invariant, was_by: Compiled) -> Iterator[str]:
    if new is None:
        yield "struck"
        return
    if not _as_wide(new, by, old, was_by):
        yield "when"
    if not new.without_channels >= old.without_channels:
        yield "without_channels"
    if RANK.get(new.at_least, -1) < RANK.get(old.at_least, -1):
        yield "at_least"
    if not new.never >= old.never:
        yield "never"
    if new.has_channel < old.has_channel:
        yield "has_channel"


def _as_wide(new: Invariant, by: Compiled, old: Invariant, was_by: Compiled) -> bool:
    """It speaks of all cases of which it spoke. Told by its words: one match may not be cut into several."""

    def holds(wider: Mapping[str, Any], match: Mapping[str, Any]) -> bool:
        named = zip(was_by.named(match), by.named(wider), strict=True)
        return all(key in match and _takes(wider[key], match[key]) for key in wider) and all(
            fewer <= more or not more for fewer, more in named
        )

    return not new.when or bool(old.when) and all(any(holds(one, match) for one in new.when) for match in old.when)


def _takes(wider: Any, looked_for: Any) -> bool:
    """Whatever fits what was looked for fits this."""
    if isinstance(wider, Mapping):
        return Decimal(wider["gte"]) <= Decimal(looked_for["gte"])
    return bool(set(wider) >= set(looked_for) if isinstance(wider, list) else wider is looked_for)
