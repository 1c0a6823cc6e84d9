"""Which of two outcomes is stricter, part by part.

1. Where one of them can't be said before a fact is known, neither is stricter; nor where other facts are missing.
2. The disposition, in the order of DISPOSITIONS: a stricter one tightens, a milder one loosens. That an item is on a
   list, or on none, of which nothing is controlled, says what is known of it and is neither.
3. The rest is compared where both control, in the same way: both exempt, both prohibited, or both a license to ask for.
   (What is newly controlled has channels and papers that nobody needed before: the disposition has said it.)
   - a channel lost tightens, a channel gained loosens;
   - a paper more tightens, a paper less loosens;
   - the clock: without the law's days (`untimed`) is stricter than with them;
   - a parameter that allows less tightens. A limit that nobody gives allows most, but months are then the usual ones,
     and a tolerance that nobody gives is none. One that comes or goes where no channel stays is told by the channels.
     Conditions: more tighten.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from licensing.policy.engine import RANK, Outcome
from licensing.policy.vocabulary import CLOCKS, TOLERANCES, UNLICENSED, UNSAID

TIGHTENS, LOOSENS, NEITHER = "tightens", "loosens", ""


@dataclass(frozen=True)
class Difference:
    """One part of an outcome that is another now. Of channels, papers and conditions: what was lost or gained."""

    part: str
    old: Any
    new: Any
    direction: str


def differences(old: Outcome, new: Outcome) -> tuple[Difference, ...]:
    return tuple(_differences(old, new))


def _differences(old: Outcome, new: Outcome) -> Iterator[Difference]:
    if old.missing != new.missing:
        yield Difference("missing", old.missing, new.missing, NEITHER)
    if old.controlled is None or new.controlled is None:
        if old.controlled != new.controlled:
            yield Difference("disposition", old.disposition, new.disposition, NEITHER)
        return
    if old.disposition != new.disposition and not (old.controlled or new.controlled):
        yield Difference("disposition", old.disposition, new.disposition, NEITHER)
    elif old.disposition != new.disposition:
        yield _stepped("disposition", old.disposition, new.disposition, RANK[new.disposition] - RANK[old.disposition])
    if not (old.controlled and new.controlled) or _way(old) != _way(new):
        return
    yield from _members("channel", old.channels, new.channels, more=LOOSENS)
    yield from _members("paper", old.requires, new.requires, more=TIGHTENS)
    if old.clock != new.clock:
        yield _stepped("clock", old.clock, new.clock, CLOCKS.index(old.clock) - CLOCKS.index(new.clock))
    stays = old.channels == new.channels or not set(old.channels).isdisjoint(new.channels)
    for name in sorted(old.params.keys() | new.params.keys()):
        if stays or name in old.params and name in new.params:
            yield from _parameter(name, old.params.get(name), new.params.get(name))


def _way(outcome: Outcome) -> str:
    return outcome.disposition if outcome.disposition in UNLICENSED else "license"


def _stepped(part: str, old: Any, new: Any, stricter: Any) -> Difference:
    return Difference(part, old, new, TIGHTENS if stricter > 0 else LOOSENS)


def _members(part: str, old: Any, new: Any, *, more: str) -> Iterator[Difference]:
    fewer = TIGHTENS if more == LOOSENS else LOOSENS
    for name in sorted(set(old) - set(new)):
        yield Difference(part, name, None, fewer)
    for name in sorted(set(new) - set(old)):
        yield Difference(part, None, name, more)


def _parameter(name: str, old: Any, new: Any) -> Iterator[Difference]:
    if name == "conditions":
        yield from _members("condition", old or (), new or (), more=TIGHTENS)
    elif _allows(name, old) != _allows(name, new):
        yield _stepped(name, old, new, _allows(name, old) - _allows(name, new))


def _allows(name: str, value: Any) -> Decimal:
    """How much a value of a parameter allows."""
    value = UNSAID.get(name, "Infinity") if value is None else value
    return Decimal(TOLERANCES.index(value) if name == "qty_tolerance_mode" else value)


def key(outcome: Outcome) -> tuple[Any, ...]:
    """An outcome apart from the rules that led to it, to be compared by."""
    rest = (outcome.controlled, outcome.disposition, outcome.channels, outcome.requires, outcome.clock, outcome.missing)
    return (*rest, repr(sorted(outcome.params.items())))
