"""Facts cut to the few that some editions tell apart: equal answers are found once, however many cases ask for them."""

from collections.abc import Iterable, Mapping
from typing import Any

from licensing.policy.classes import ITEM
from licensing.policy.engine import Compiled
from licensing.policy.facts import Facts, as_read
from licensing.policy.vocabulary import CODE, LIST, LOOKS_AT, UNLISTED_CODE


class Alike:
    """Of facts as they are said, those that stand for them: the first seen that no rule or hold tells from them."""

    def __init__(self, editions: Iterable[Compiled]) -> None:
        self._editions = tuple(editions)
        self._known: dict[tuple[str, Any], Any] = {}
        self._first: dict[tuple[str, Any], Any] = {}

    def of(self, said: Facts) -> Mapping[str, Any]:
        return {name: self._standing_for(name, value) for name, value in said.items()}

    def _standing_for(self, name: str, value: Any) -> Any:
        key = (name, tuple(value) if isinstance(value, list) else value)
        if key not in self._known:
            told_by = tuple(_told(compiled, name, value) for compiled in self._editions)
            self._known[key] = self._first.setdefault((name, told_by), value)
        return self._known[key]


def _told(compiled: Compiled, name: str, value: Any) -> tuple[Any, ...]:
    """By which rules and holds a value is told from others: those that it fails, key by key, or that it leaves open."""
    read = as_read({CODE: UNLISTED_CODE, name: value}, compiled.edition)
    facts = ITEM if name == CODE else (name,)
    values = [(axis, read.get(axis.fact)) for axis in compiled.axes if axis.fact in facts]
    fails = (None if said is None else axis.fails(said) for axis, said in values)
    holds = ((hold, key) for hold in compiled.edition.holds for key in hold.match if LOOKS_AT.get(key, key) in facts)
    held = (compiled.fits(hold, key, read) for hold, key in holds)
    return *fails, *held, name == CODE and read[LIST] == UNLISTED_CODE
