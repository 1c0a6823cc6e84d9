"""Drafts of the rules that are shown for comment; a company also reads what one would do to what it has."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from core.legal_time import legal_day, legal_now
from core.selectors import country_names
from core.web.steps import Failed, of_one_moment, offered
from licensing import selectors
from licensing.models import Draft, PolicyEdition
from licensing.selectors.what_if import what_of_mine
from licensing.web.what_if import OUTCOMES
from licensing.words import comparisons, differences, terms
from licensing.words import holds as words


def proposals(request: HttpRequest) -> HttpResponse:
    """What is open now, by the last day on which comments are taken."""
    found = selectors.open_proposals(legal_day(legal_now()))
    return render(request, "licensing/proposals.html", {"proposals": found})


@of_one_moment
def proposal(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    """A draft as everybody reads it until it is withdrawn, approved or changed, and a company's own words on it."""
    row, at = get_object_or_404(selectors.proposals(), ref=ref), legal_now()
    shown = row.shown_until is not None
    context: dict[str, Any] = {
        "draft": row,
        "shown": shown,
        "over": shown and not row.takes_comments_on(legal_day(at)),
        "said": selectors.comments_for(request.actor, row) if request.actor.kind == "exporter" else [],
        **offered(request, row, "proposal", failed),
    }
    if shown:
        starts_at = selectors.start_of(row, at)
        follows = selectors.editions_at(at).before(starts_at)
        before = selectors.rules_of(follows.digest)
        rules = selectors.compiled(row.text)
        names = country_names()
        context |= {
            "starts_at": starts_at,
            "overtaken_by": _overtaken(row, follows),
            "written": differences.changes(before.edition, rules.edition, names),
            "mine": _mine(request, row, starts_at, at),
        }
    return render(request, "licensing/proposal.html", context, status=failed.status if failed else 200)


def _overtaken(row: Draft, follows: selectors.Named) -> PolicyEdition | None:
    """The edition that it would follow, where that has another text than the one it was begun with: one that undoes
    what came between has the same."""
    return None if row.base.digest == follows.digest else PolicyEdition.objects.defer("text").get(code=follows.code)


def _mine(request: HttpRequest, row: Draft, starts_at: Any, at: Any) -> dict[str, Any] | None:
    """What the draft would do to what this company has, in words; of nobody else."""
    if request.actor.kind != "exporter" or not request.actor.may("licenses", "GET"):
        return None
    rules = selectors.compiled(row.text)
    reasons = {hold.id: words.reason(hold) for hold in rules.edition.holds}
    found = what_of_mine(rules, starts_at, at=at, exporter=request.actor.organization_id)

    def told(rows: Any) -> list[dict[str, Any]]:
        return [
            {
                "one": one,
                "old": _word(one.old),
                "new": _word(one.new),
                "differing": sorted(comparisons.difference(each) for each in one.differing),
                "held": [(name, reasons[name]) for name in sorted(one.holds[1] - one.holds[0])],
                "released": sorted(one.holds[0] - one.holds[1]),
            }
            for one in rows
        ]

    return {"licenses": told(found.licenses), "cases": told(found.cases), "looked_at": found.looked_at}


def _word(outcome: str) -> str:
    return terms.word(OUTCOMES, outcome)


def comments(request: HttpRequest, ref: str) -> HttpResponse:
    """What companies said of a draft, for the policy desk."""
    row = get_object_or_404(selectors.drafts_for(request.actor), ref=ref)
    context = {"draft": row, "comments": selectors.comments_for(request.actor, row)}
    return render(request, "licensing/draft_comments.html", context)
