"""What waits for a second officer, of every kind of row: one list."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import selectors
from core.access import Actor
from core.models import Proposal
from core.web.lists import Column, List, Listing, View
from core.web.steps import label_of, proposing


def what(row: Proposal) -> str:
    return label_of(row.subject_kind, row.verb)


def address(row: Proposal) -> str:
    """The page on which it is countersigned."""
    page = proposing(row.subject_kind)[row.verb].page
    return reverse(page.route, kwargs={page.key: row.subject_ref if page.key == "ref" else row.subject_id})


def _to_countersign(rows: QuerySet, actor: Actor) -> QuerySet:
    return rows.filter(pk__in=selectors.proposals_to_countersign(actor).order_by().values("pk"))


def _own(rows: QuerySet, actor: Actor) -> QuerySet:
    return rows.filter(Proposal.those_of(actor.user))


def _told(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    return {"proposals": [(row, what(row), address(row)) for row in listing.rows]}


PROPOSALS = List(
    route="desk.proposals",
    template="core/proposal_list.html",
    rows=selectors.proposals_open,
    columns=(
        Column("subject", _("About"), lambda row: row.subject_ref, ("subject_ref",)),
        Column("what", _("What is proposed"), what),
        Column("reason", _("Reason"), lambda row: row.reason),
        Column("by", _("Proposed by"), lambda row: row.proposed_by),
        Column("at", _("Proposed"), lambda row: row.proposed_at, ("pk",)),
    ),
    order="at",
    search=("subject_ref", "reason", "proposed_by__name"),
    hint=_("Number, reason, officer"),
    more=_told,
    views=(
        View("waiting", _("For you to countersign"), _to_countersign),
        View("own", _("Proposed by you"), _own),
        View("all", _("All that waits"), lambda rows, actor: rows),
    ),
    prefer=("waiting", "all"),
)
