"""A draft of the rules is shown to everybody until a day, and companies say what they think of it."""

from datetime import date, timedelta

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError, Invalid, Problem
from core.history import move, require, require_may
from core.legal_time import legal_day, legal_now
from core.locks import lock
from licensing.actions.needs import older_statement
from licensing.models import Comment, Draft, Simulation
from licensing.selectors import drafts_for, proposals

MOST_DAYS = 366


@command
def publish(ref: str, *, seen: int, until: date, by: Actor) -> Draft:
    """Everybody reads the draft, and companies comment on it until that day, inclusive; nobody changes it meanwhile.

    Again with another day: that one counts. Raises Invalid for a day that is over or too far ahead, DomainError
    not-simulated when nobody simulated this very text, statement-older.
    """
    row = lock(drafts_for(by), ref=ref)
    require(row.publish, by=by, seen=seen)
    at = legal_now()
    today = legal_day(at)
    last = today + timedelta(days=MOST_DAYS)
    if not today < until <= last:
        coming = _("Choose a day from {first} to {last}.").format(first=today + timedelta(days=1), last=last)
        raise Invalid([Problem("/until", "date-out-of-range", coming)])
    if refusal := older_statement(row):
        raise refusal
    if not row.simulations.filter(stage=Simulation.Stage.DONE, digest=row.digest).exists():
        first = _("Simulate this very text on the book first.")
        raise DomainError(first, code="not-simulated")
    move(row.publish, by=by, at=at, facts={"until": str(until)}, until=until, published_at=at)
    return row


@command
def withdraw(ref: str, *, seen: int, by: Actor) -> Draft:
    """The draft is no longer shown, and can be changed; what was said of it is kept."""
    row = lock(drafts_for(by), ref=ref)
    require(row.withdraw, by=by, seen=seen)
    move(row.withdraw, by=by, at=legal_now())
    return row


@command
def comment(ref: str, *, text: str, by: Actor) -> Comment:
    """The policy desk reads what this person's company says of the text that is shown.

    Raises DomainError comment-closed when it is shown no more, or its last day is over.
    """
    row = lock(proposals(), ref=ref)
    require_may(by.kind == "exporter" and by.may("draft.comment"))
    at = legal_now()
    if row.shown_until is None:
        gone = _("The ministry shows this draft no more and takes no comments on it.")
        raise DomainError(gone, code="comment-closed")
    if not row.takes_comments_on(legal_day(at)):
        over = _("Comments were taken until {day}.").format(day=row.shown_until)
        raise DomainError(over, code="comment-closed", until=str(row.shown_until))
    facts = {"exporter_id": by.organization_id, "actor": by.user, "at": at, "digest": row.digest}
    return Comment.objects.create(draft=row, text=text, **facts)
