"""What takes longer than a transaction may: worked out while none is open, and remembered once a process."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import _lru_cache_wrapper, lru_cache, partial, wraps
from typing import Any, TypeVar

R = TypeVar("R")
KEPT = 32  # answers of each function
_inside = ContextVar("whether a transaction is open that waits for no long work", default=False)


class NotKnown(Exception):
    """It was asked for inside a transaction before it was worked out; `work` does that."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__()
        self.work = work


def outside(function: Callable[..., R]) -> "_lru_cache_wrapper[R]":
    """A pure function that is never worked out inside of `again`: there it raises NotKnown unless it is known."""

    @lru_cache(maxsize=KEPT)
    @wraps(function)
    def known(*args: Any, **named: Any) -> R:
        if _inside.get():
            raise NotKnown(partial(known, *args, **named))
        return function(*args, **named)

    return known


def again(effect: Callable[[], R]) -> R:
    """The effect, which opens a transaction of its own. Where it needs what is not known yet, its transaction ends,
    that is worked out, and it begins anew: so what it rests on is what it finds there then."""
    while True:
        token = _inside.set(True)
        try:
            return effect()
        except NotKnown as needed:
            work = needed.work
        finally:
            _inside.reset(token)
        work()
