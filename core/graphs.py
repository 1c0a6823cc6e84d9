"""Workflow graphs: declared once with @transition, held by PostgreSQL too, and readable as a table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pgtrigger
from django.db import models

from core.errors import DomainError
from core.guards import Guard
from core.states import State

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Unless:
    """A predicate of whom a role lets through, unless something of the row stands in the way: that refuses by itself.

    obstacle: (row, actor) to the refusal with a sentence of its own, or to None.
    """

    may: Callable[[Any, Any], bool]
    obstacle: Callable[[Any, Any], DomainError | None]

    def __call__(self, row: Any, actor: Any) -> bool:
        return self.may(row, actor) and self.obstacle(row, actor) is None


@dataclass(frozen=True)
class Move:
    """One row of a workflow table."""

    source: str
    verb: str
    target: str


def verb_name(transition: Any) -> str:
    """The verb's name in the workflow tables; a method may differ (`return` is a Python word)."""
    return str(transition.custom.get("verb", transition.name))


def has_move(transition: Any) -> bool:
    """The graph has this transition from the state of its row, whatever else it asks."""
    return bool(transition._django_fsm.has_transition(transition.__self__.state))


def graph(model: type[models.Model]) -> list[Move]:
    """Every move that the model's transitions allow, sorted."""
    field: Any = model._meta.get_field("state")
    moves = {
        Move(str(t.source), verb_name(t), str(t.target if t.target is not None else t.source))
        for t in field.get_all_transitions(model)
    }
    return sorted(moves, key=lambda move: (move.source, move.verb, move.target))


def guarded(*, initial: State) -> Callable[[type[M]], type[M]]:
    """PostgreSQL refuses what the graph does not have: other UPDATEs of `state`, INSERTs in a later state.

    The model knows its states by the initial one.
    """

    def guard(model: type[M]) -> type[M]:
        moves = sorted({f"{move.source}:{move.target}" for move in graph(model) if move.source != move.target})
        changes = pgtrigger.Q(old__state__df=pgtrigger.F("new__state"))
        begins_otherwise = pgtrigger.Q(new__state__df=initial)
        pgtrigger.register(
            Guard("state_moves", arguments=moves, operation=pgtrigger.Update, condition=changes),
            Guard("state_begins", arguments=[initial], operation=pgtrigger.Insert, condition=begins_otherwise),
        )(model)
        model.states = type(initial)
        return model

    return guard


def countersigned(verb: str, state: State) -> Callable[[type[M]], type[M]]:
    """PostgreSQL refuses the change to this state, which the verb leads to, without what one person proposed and
    another countersigned (core.proposals); each of these carries it once."""

    def guard(model: type[M]) -> type[M]:
        changes = pgtrigger.Q(old__state__df=pgtrigger.F("new__state")) & pgtrigger.Q(new__state=state)
        named = [str(model._meta.model_name), str(model._meta.pk.column), verb]
        name = f"takes_two_to_{verb}"  # PostgreSQL asks after `state_moves`, by name
        trigger = Guard(name, runs="countersigned", arguments=named, operation=pgtrigger.Update, condition=changes)
        pgtrigger.register(trigger)(model)
        return model

    return guard
