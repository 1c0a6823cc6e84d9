"""Predicates about cases, as English tests. What they refuse of the row itself, they say.

Two people stand behind each license: nobody decides who ever took the case, and nobody who decided reviews, recommends
or reopens in that round. PostgreSQL keeps the same apart by `step_nobody_takes_both` (licensing/models/applications.py)
and guard_two_people (licensing/sql/guards.sql).
"""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from core.errors import DomainError, Forbidden, FourEyes
from core.graphs import Unless
from core.models import HistoryLine, User
from exporters.rules import Predicate, officer


def whoever_has_it_not(verb: str) -> Predicate:
    """Any officer to whom the access table opens the verb, but whoever has the case, or decided in this round."""
    return Unless(officer(verb), _not_for_him)


def whoever_has_it(verb: str) -> Predicate:
    """The officer who took the case, reviewer or decider, and the access table opens the verb."""
    return Unless(officer(verb), _not_his)


def _not_for_him(row: Any, actor: Any) -> DomainError | None:
    if row.reviewer_id == actor.user.pk:
        return Forbidden(_("You have this case already."))
    if row.decided_by(actor.user):
        return FourEyes(_("You decided in this round, so another officer must review it."))
    return None


def not_to_recommend(row: Any, actor: Any) -> FourEyes | None:
    """Why this officer does not recommend; None where nothing is against that."""
    if row.decided_by(actor.user):
        return FourEyes(_("You decided in this round, so another officer must recommend."))
    return None


def not_to_decide(row: Any, actor: Any) -> FourEyes | None:
    """Likewise: nobody who ever took it, and so nobody who recommended, as only who has it does that."""
    if row.taken_by(actor.user):
        return FourEyes(_("You took this case, so another officer must decide it."))
    return None


def takings(user: User) -> QuerySet[HistoryLine]:
    """That this officer took a case, or took it over, whoever has it now; `subject_id` is the case's key."""
    return HistoryLine.objects.filter(subject_kind="application", verb="assign", actor_id=user.pk)


def left_to_others(actor: Any) -> Q:
    """Of many cases, those of which `not_to_decide` says why this officer does not decide them."""
    return Q(pk__in=takings(actor.user).values("subject_id"))


def not_to_reopen(row: Any, actor: Any) -> FourEyes | None:
    if row.decided_by(actor.user):
        return FourEyes(_("You approved this, so another deciding officer must reopen it."))
    return None


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
