"""What one page asks again and again is asked once, while it is read; the next page asks anew."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
_answers: ContextVar[dict[Any, Any] | None] = ContextVar("what this page has asked", default=None)


@contextmanager
def reading() -> Iterator[None]:
    """Nothing is written inside, or what was written is asked for nowhere in it."""
    token = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(token)


def once(function: Callable[P, R]) -> Callable[P, R]:
    """Asked once inside of `reading`, and whenever it is called elsewhere."""

    @wraps(function)
    def ask(*args: P.args, **named: P.kwargs) -> R:
        answers = _answers.get()
        if answers is None:
            return function(*args, **named)
        key = (function.__module__, function.__qualname__, args, *named.items())
        if key not in answers:
            answers[key] = function(*args, **named)
        answer: R = answers[key]
        return answer

    return ask


def known(function: Callable[[], R], answer: R) -> None:
    """Another statement brought what this one would ask."""
    answers = _answers.get()
    if answers is not None:
        answers[function.__module__, function.__qualname__, ()] = answer
