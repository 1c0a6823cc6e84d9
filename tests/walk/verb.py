"""What a verb of the walk is: who may do it, from which states, what else refuses it, and what is true afterwards;
beside it the call of the product that does it.

A condition says nothing, or the codes of which one refuses the verb; with "" among them the rules' engine decides, of
which the plain model knows nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

OWN = "signatory clerk"
Condition = Callable[[Any, Any, int], set[str]]


class Nothing:
    """What a call answers that was let through and had nothing to do."""


@dataclass(frozen=True)
class Verb:
    """before: what refuses it before the state is looked at. seen: it carries what stood on the page. mine: it is of
    the actor's own company, whichever that is. edge: its page keeps out those of the company who may not, no action
    does.

    call: (walk, row, what was seen, by whom). then: (walk, row, person, what the call answered).
    """

    noun: str
    name: str
    roles: str
    sources: str
    call: Callable[..., Any]
    then: Callable[..., Any] | None = None
    to: str = ""
    before: tuple[Condition, ...] = ()
    conditions: tuple[Condition, ...] = ()
    seen: bool = True
    mine: bool = False
    edge: bool = False


def unless(code: str, right: Callable[..., Any]) -> Condition:
    return lambda walk, row, who: set() if right(walk.plain, row, who) else {code}


def refused(code: str, wrong: Callable[..., Any]) -> Condition:
    return lambda walk, row, who: {code} if wrong(walk.plain, row, who) else set()


def two_people(of: Callable[..., Any]) -> tuple[Condition, ...]:
    """Somebody proposed it, and another does it."""
    return (
        unless("no-proposal", lambda plain, row, who: of(plain, row)),
        refused("four-eyes", lambda plain, row, who: of(plain, row) == who),
    )


def proposed(walk: Any, row: Any, who: int, _: Any) -> None:
    row.proposed_by = who


def over(walk: Any, row: Any, who: int, _: Any) -> None:
    row.proposed_by = 0


def set_to(name: str, value: Any) -> Callable[..., None]:
    return lambda walk, row, who, _: setattr(row, name, value)


ONCE = refused("proposal-open", lambda plain, row, who: row.proposed_by)
WAITS = unless("no-proposal", lambda plain, row, who: row.proposed_by)
