"""Predicates about cases, as English tests."""

from typing import Any

from exporters.rules import Predicate, officer


def whoever_has_it_not(verb: str) -> Predicate:
    """Any officer to whom the access table opens the verb, but whoever has the case already."""

    def whoever_has_it_not_may(row: Any, actor: Any) -> bool:
        return bool(officer(verb)(row, actor) and row.reviewer_id != actor.user.pk)

    return whoever_has_it_not_may


def whoever_has_it(verb: str) -> Predicate:
    """The officer who took the case, reviewer or decider, and the access table opens the verb."""

    def whoever_has_it_may(row: Any, actor: Any) -> bool:
        return bool(officer(verb)(row, actor) and row.reviewer_id == actor.user.pk)

    return whoever_has_it_may
