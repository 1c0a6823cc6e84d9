"""A declaration that was verified is found to be false, forged or out of date: one officer proposes that it counts no
more, a second countersigns."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from core import proposals
from core.access import Actor
from core.command import command
from core.errors import Invalid, Problem
from core.history import move, record, require
from core.legal_time import day_end, legal_now
from core.locks import lock, lock_all
from core.models import Proposal
from exporters.models import Exporter
from licensing.actions import licensed_users
from licensing.actions.reliance import put_in_force
from licensing.models import Application, Declaration, InvalidGround, License, LicenseEndUser, Suspension
from licensing.selectors import declarations_for
from licensing.states import UNISSUED


@command
def propose_invalidate(ref: str, *, seen: int, ground: str, reason: str, by: Actor) -> Declaration:
    """That the declaration counts no more waits for a second officer; nothing else has changed.

    ground: one of InvalidGround. reason: as the exporter will read it. Raises DomainError proposal-open where one
    waits, Invalid for another ground.
    """
    row = lock(declarations_for(by), ref=ref)
    require(row.propose_invalidate, by=by, seen=seen)
    at = legal_now()
    if ground not in InvalidGround.values:
        raise Invalid([Problem("/ground", "invalid", _("Choose one of the grounds."))])
    facts = {"ground": ground}
    proposals.propose(row, "invalidate", by=by, at=at, reason=reason, facts=facts)
    move(row.propose_invalidate, by=by, at=at, reason=reason, facts=facts)
    return row


@command
def drop_invalidate(ref: str, *, seen: int, reason: str, by: Actor) -> Declaration:
    """The declaration stays as it is: whoever proposed otherwise took that back, or another officer declined it."""
    row = lock(declarations_for(by), ref=ref)
    require(row.drop_invalidate, by=by, seen=seen)
    proposals.drop(row, "invalidate", by=by, at=legal_now(), reason=reason)
    return row


@command
def invalidate(ref: str, *, seen: int, by: Actor) -> Declaration:
    """The declaration counts no more. Whoever of a license relies on it is closed there, and no reservation for him
    commits after this does; each undecided case that names it says so, and is approved on another one alone.

    Raises FourEyes for whoever proposed it, and no-proposal.
    """
    theirs = Declaration.objects.filter(ref=ref).order_by().values("exporter")
    lock(Exporter.objects.filter(pk__in=theirs))  # no case is filed on it, or comes to name it, meanwhile
    cases = lock_all(Application.objects.filter(state__in=UNISSUED, end_users__declaration__ref=ref))
    row = lock(declarations_for(by), ref=ref)
    require(row.invalidate, by=by, seen=seen)
    held = licensed_users.leaving(lock_all(License.objects.filter(License.MAY_LEAVE, end_users__declaration=row)))
    at = legal_now()
    found = proposals.carry(row, "invalidate", by=by, at=at)
    move(row.invalidate, by=by, at=at, reason=found.reason, facts={"ground": found.facts["ground"]})
    for license in held:
        for user in license.end_users.filter(declaration=row).select_related("party"):
            cause = Suspension.Cause.DECLARATION
            licensed_users.close(license, user, cause, reason=found.reason, by=by, at=at, declaration=row.ref)
    for case in cases:
        record(case, "undeclared", by=by, at=at, before=case.state, facts={"declaration": row.ref})
    return row


def lock_closed(new: Declaration) -> list[License]:
    """The licenses are this transaction's on which an invalid declaration closed its end-user, where this one is of the
    same use, signed since, where he may be sent goods, and covers all goods that he may have of the license."""
    return licensed_users.leaving(lock_all(License.objects.filter(License.MAY_LEAVE, end_users__in=_served(new))))


def _closed(new: Declaration) -> QuerySet[LicenseEndUser]:
    assert new.signed_on is not None, "what is verified was signed"
    return LicenseEndUser.objects.filter(
        party=new.end_user_id,
        declaration__end_use=new.end_use_id,
        causes__in=Suspension.objects.filter(
            cause=Suspension.Cause.DECLARATION, ended_at=None, opened_at__lt=day_end(new.signed_on)
        ),
    )


def _served(new: Declaration) -> QuerySet[LicenseEndUser]:
    """Of those whom an invalid declaration closed the ones who have it all again, where they had it: one that is signed
    elsewhere is what nobody decided on."""
    there = (new.as_signed or {}).get("party", new.end_user.entered)["country"]
    return _closed(new).filter(goods__contained_by=sorted(new.covered), destination=there)


def found_invalid_by(new: Declaration, by: Actor) -> bool:
    """This person is one of the two who found invalid what closed the end-user of this one."""
    rows = Proposal.objects.filter(
        subject_kind="declaration", subject_id__in=_closed(new).values("declaration"), verb="invalidate", carried=True
    )
    return rows.filter(Q(proposed_by=by.user) | Q(decided_by=by.user)).exists()


def restore(new: Declaration, others: list[Declaration], held: list[License], *, by: Actor, at: datetime) -> None:
    """The step under a verification: whom an invalid declaration closed on these licenses relies on this one now, and
    is open again; of the others it supersedes what it replaces. new: verified. All are locked."""
    for license in held:
        for user in _served(new).filter(license=license).select_related("party"):
            license.end_users.filter(pk=user.pk).update(declaration=new)
            licensed_users.open_again(license, user, Suspension.Cause.DECLARATION, reason="", by=by, at=at)
            if new.verified:
                put_in_force(new, others, by=by, at=at)
