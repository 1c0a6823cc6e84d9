"""What one officer proposes and a second countersigns, the same for every verb that takes two people.

Such a verb is three of its row's graph, and each of them a line of the row's history: `propose_X` and `drop_X`, after
which the state stays, and `X`, which is the countersignature. PostgreSQL holds it by `countersigned` of core.graphs.
What somebody has seen of the row says which proposal he saw.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from core.access import Actor
from core.errors import DomainError, FourEyes
from core.history import move
from core.models import Document, Proposal

PREFIX, DROPS = "propose_", "drop_"  # of the verbs that propose another, and drop that again


def waiting(row: models.Model) -> dict[str, Proposal]:
    """What waits for its second person on this row, by verb: as it was when this was first asked of it, so that a verb
    that decides it still has what its conditions look at."""
    if "proposals_waiting" not in row.__dict__:
        rows = Proposal.objects.filter(subject_kind=row._meta.model_name, subject_id=row.pk, decided_at=None)
        found = rows.select_related("proposed_by", "document").defer("document__content")
        row.__dict__["proposals_waiting"] = {one.verb: one for one in found}
    proposals: dict[str, Proposal] = row.__dict__["proposals_waiting"]
    return proposals


def waits(verb: str) -> Callable[[models.Model], bool]:
    """A condition: somebody proposed the verb, and nobody decided that."""

    def it_waits(row: models.Model) -> bool:
        return verb in waiting(row)

    return it_waits


def none_waits(verb: str) -> Callable[[models.Model], bool]:
    def none_is_there(row: models.Model) -> bool:
        return verb not in waiting(row)

    return none_is_there


def propose(
    row: models.Model,
    verb: str,
    *,
    by: Actor,
    at: datetime,
    reason: str,
    facts: dict[str, Any] | None = None,
    document: Document | None = None,
) -> Proposal:
    """The verb waits for its second person. row: locked. Raises DomainError proposal-open where one waits already."""
    if verb in waiting(row):
        text = _("Somebody proposed this already, and it waits for a second officer.")
        raise DomainError(text, code="proposal-open")
    return Proposal.objects.create(
        subject_kind=row._meta.model_name,
        subject_id=row.pk,
        subject_ref=getattr(row, "ref", "") or str(row)[:40],
        verb=verb,
        reason=reason,
        facts=facts or {},
        document=document,
        proposed_by=by.user,
        proposed_at=at,
    )


def carry(row: models.Model, verb: str, *, by: Actor, at: datetime) -> Proposal:
    """A second person countersigned, so that the row may move in this transaction. row: locked.

    Raises DomainError no-proposal where none waits, FourEyes for whoever proposed it.
    """
    found = _waiting(row, verb)
    if found.is_of(by.user):
        raise FourEyes(_("You proposed this, so another officer must countersign it."))
    return _decide(found, True, "", by, at)


def drop(row: models.Model, verb: str, *, by: Actor, at: datetime, reason: str) -> None:
    """It waits no more, and the row's history says whether whoever proposed it took it back, or another declined it.
    row: locked. Raises no-proposal."""
    found = _decide(_waiting(row, verb), False, reason, by, at)
    facts = {"taken_back": found.is_of(by.user)}
    move(getattr(row, f"{DROPS}{verb}"), by=by, at=at, reason=reason, facts=facts)


def _waiting(row: models.Model, verb: str) -> Proposal:
    if verb not in waiting(row):
        raise DomainError(_("Nobody proposed this, or it was decided already."), code="no-proposal")
    return waiting(row)[verb]


def _decide(found: Proposal, carried: bool, reason: str, by: Actor, at: datetime) -> Proposal:
    found.decided_by, found.decided_at, found.carried, found.decision_reason = by.user, at, carried, reason
    found.save(update_fields=["decided_by", "decided_at", "carried", "decision_reason"])
    return found
