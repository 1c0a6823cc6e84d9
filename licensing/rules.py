"""Predicates about cases, as English tests. What they refuse of the row itself, they say."""

from typing import Any

from django.utils.translation import gettext as _

from core.errors import DomainError, Forbidden
from core.graphs import Unless
from core.legal_time import legal_today
from exporters.rules import Predicate, officer


def whoever_has_it_not(verb: str) -> Predicate:
    """Any officer to whom the access table opens the verb, but whoever has the case, or decided in this round."""
    return Unless(officer(verb), lambda row, actor: row.not_to_take_over(actor))


def whoever_has_it(verb: str) -> Predicate:
    """The officer who took the case, reviewer or decider, and the access table opens the verb."""
    return Unless(_both(officer(verb), officer("application.assign")), _not_his)


def whoever_reconsiders(verb: str) -> Predicate:
    """Any officer who may reconsider refusals, and the access table opens the verb; the verbs ask whether he acted on
    the case."""
    return _both(officer(verb), officer("application.uphold"))


def _both(one: Predicate, other: Predicate) -> Predicate:
    return lambda row, actor: one(row, actor) and other(row, actor)


def _not_his(row: Any, actor: Any) -> DomainError | None:
    if row.reviewer_id is None:
        return Forbidden(_("Nobody has this case yet. Take it first."))
    if row.reviewer_id != actor.user.pk:
        return Forbidden(_("{name} has this case now, so this step is not yours.").format(name=row.reviewer))
    return None


def stands_still(row: Any) -> bool:
    """The case's clock does: somebody is being consulted. What that rules out is not offered; the verbs say why."""
    return bool(row.paused)


def is_running(row: Any) -> bool:
    return not row.paused


def asked_for_nothing_yet(row: Any) -> bool:
    """No supplement was asked for; there is no second."""
    return not row.asked_for_more


def changes_not_yet(row: Any) -> bool:
    """Nobody asks to change the license, in a draft or in a case that is open."""
    return row.changing is None


def has_begun(row: Any) -> bool:
    """The request to reconsider its refusal was accepted, or counts as accepted."""
    return bool(row.decision and row.decision.reconsideration.begun_on(legal_today()))


def has_a_hit(row: Any) -> bool:
    """A result of screening closes an end-user of the license, and something may leave on it."""
    causes = getattr(row, "open_suspensions", None)  # where a page has read them
    perhaps = causes is None or any(one.cause == "screening" for one in causes)
    return perhaps and bool(row.hit_users().exists())


def is_stopped_as_a_whole(row: Any) -> bool:
    """A cause of the license itself, and not of one of its end-users, is open."""
    return bool(row.stopped_itself)


def is_renewed_by_now(row: Any) -> bool:
    """An annual license in its last days, of which no renewal was begun."""
    return row.not_to_renew(legal_today()) is None and row.renewal is None


def lacks_a_declaration(row: Any) -> bool:
    """Nothing is approved any more on one that the case names, so that it can't be as it is."""
    return any(user.declaration.void for user in row.end_users.all())
