"""What instrumented code asks: is this place the changed one? And notes that it was asked.

Standard library only: the code under test imports it before anything else is there. A place is met when it runs; it is
felt when its change would give something else there. A test that does not feel a change cannot notice it.
"""

import operator
import os
from collections.abc import Callable
from typing import Any

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda left, right: left in right,
    "not in": lambda left, right: left not in right,
}


class State:
    """changed: the place that behaves otherwise in this process; programs that a test starts learn it from theirs."""

    changed = int(os.environ.get("SWEEP_CHANGED", "0"))
    met: set[int] = set()
    felt: set[int] = set()


def on(place: int) -> bool:
    State.met.add(place)
    State.felt.add(place)
    return place == State.changed


def off(place: int) -> bool:
    return not on(place)


def condition(always: int, never: int, value: object) -> bool:
    said = bool(value)
    State.met.update((always, never))
    State.felt.add(never if said else always)
    return (said or State.changed == always) and State.changed != never


def operand(place: int, instead: bool, value: Any) -> Any:
    """An operand of `and` (instead: True) or `or` (False), which changes nothing any more when it is dropped."""
    State.met.add(place)
    if bool(value) != instead:
        State.felt.add(place)
    return instead if place == State.changed else value


def compared(place: int, sign: str, other: str, left: Any, right: Any) -> Any:
    State.met.add(place)
    said = OPERATORS[sign](left, right)
    if place == State.changed:
        return OPERATORS[other](left, right)
    if place not in State.felt:
        try:
            felt = bool(said) != bool(OPERATORS[other](left, right))
        except Exception:  # whatever the other comparison raises, it is not what this one says
            felt = True
        if felt:
            State.felt.add(place)
    return said


def negated(place: int, value: Any) -> Any:
    return value if on(place) else not value


def flipped(place: int, value: bool) -> bool:
    return value != on(place)


def number(place: int, value: int) -> int:
    return value + on(place)


def element(place: int, value: Any) -> tuple[Any, ...]:
    return () if on(place) else (value,)


def pair(place: int, value: dict[Any, Any]) -> dict[Any, Any]:
    return {} if on(place) else value


def method(place: int, receiver: Any, name: str) -> Any:
    """A queryset's method, or one that gives the rows as they were."""
    real = getattr(receiver, name)
    if not on(place):
        return real
    return lambda *_, **__: receiver.all() if hasattr(receiver, "all") else receiver
