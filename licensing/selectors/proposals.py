"""Drafts of the rules that are, or were, shown for comment, and who reads what was said. Nothing is written here."""

from datetime import date

from django.db.models import QuerySet

from core.access import Actor, visibility
from exporters.selectors import of_company, of_ministry
from licensing.models import Comment, Draft


def proposals() -> QuerySet[Draft]:
    """Every draft that was ever shown: everybody may ask for it, and its page says what of it is shown now."""
    return Draft.objects.select_related("base").exclude(published_at=None)


@visibility("proposal")
def proposal_visible(actor: Actor, ref: str) -> bool:
    return proposals().filter(ref=ref).exists()


def open_proposals(today: date) -> QuerySet[Draft]:
    """Those on which comments are taken today, the first to end first."""
    return Draft.objects.filter(Draft.taking_comments_on(today)).order_by("comment_until", "pk")


def comments_for(actor: Actor, draft: Draft) -> QuerySet[Comment]:
    """A company's own; the policy desk and auditors read all. In the order in which they came."""
    rows = Comment.objects.filter(draft=draft).select_related("exporter__organization", "actor")
    if actor.kind == "exporter":
        return of_company(rows, actor)
    return of_ministry(rows, actor, "desk.draft.comments")
