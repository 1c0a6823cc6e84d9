"""Predicates about exporters' rows, as English tests. They take (row, actor) and read nothing else."""

from collections.abc import Callable
from typing import Any

Predicate = Callable[[Any, Any], bool]


def holder(verb: str) -> Predicate:
    """The actor belongs to the row's exporter, and the access table opens the verb."""

    def holder_may(row: Any, actor: Any) -> bool:
        return bool(row.exporter_id == actor.organization_id and actor.may(verb))

    return holder_may


def officer(verb: str) -> Predicate:
    """The access table opens the verb to one of the officer's roles."""

    def officer_may(row: Any, actor: Any) -> bool:
        return bool(actor.kind == "ministry" and actor.may(verb))

    return officer_may


def the_clock(row: Any, actor: Any) -> bool:
    """Only sweeps do this."""
    return "clock" in actor.roles


def officer_or_clock(verb: str) -> Predicate:
    """An officer whose role opens the verb, or a sweep."""

    def officer_or_clock_may(row: Any, actor: Any) -> bool:
        return the_clock(row, actor) or officer(verb)(row, actor)

    return officer_or_clock_may


def a_consequence(row: Any, actor: Any) -> bool:
    """Nobody asks for this: it follows from another verb, whose own predicate has decided already."""
    return True
