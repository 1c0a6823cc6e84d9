"""The quota board: what is left of each national quota, how one is opened and changed, and by whom."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from core.history import lines_of
from core.languages import label_order
from core.legal_time import legal_today
from core.selectors import country_names
from core.telling import told
from core.web.refused import complete, form_page, refusals_in, sent
from core.web.steps import Failed, of_one_moment, offered
from licensing import selectors
from licensing.actions import pools as verbs
from licensing.models import EndUse
from licensing.models.pools import PoolScope
from licensing.policy.vocabulary import CATEGORY
from licensing.web.forms.pools import OpenPoolForm
from licensing.words import terms

TERMS = ("cap", "public", "from_day", "reason")


def in_words(*rows: PoolScope) -> Callable[[PoolScope], dict[str, Any]]:
    """Of each of these what counts, where to and for what; nothing where it is every one. Two queries at most."""
    countries, coded = country_names(), {code for row in rows for code in row.end_uses}
    uses = {use.code: str(use) for use in EndUse.objects.filter(code__in=coded)}

    def words(row: PoolScope) -> dict[str, Any]:
        kinds = [terms.word(terms.VALUES[CATEGORY], row.category)] if row.category else []
        kinds += [terms.word(terms.LISTS, row.list_name)] if row.list_name else []
        return {
            "element": row.element,
            "kinds": kinds,
            "destinations": sorted((countries.get(code, code) for code in row.destinations), key=label_order),
            "end_uses": [uses.get(code, code) for code in row.end_uses],
        }

    return words


@of_one_moment
def board(request: HttpRequest) -> HttpResponse:
    """Pools by what they count, those whose period is over last; what waits for its second person first."""
    today = legal_today()
    found = selectors.standings(selectors.pools_for(request.actor), today)
    waiting = list(selectors.pool_changes_waiting(request.actor))
    words = in_words(*(one.pool for one in found), *waiting)
    rows = {True: [], False: []}  # by whether its period is over
    for one in found:
        rows[one.pool.period_until < today].append(one)
    context = {
        "tables": [
            (
                over,
                [([(one, words(one.pool)) for one in some]) for _goods, some in selectors.by_goods(rows[over])],
            )
            for over in (False, True)
            if rows[over]
        ],
        "waiting": [(one, words(one)) for one in waiting],
        "may_open": request.actor.may("poolchange.new"),
        "today": today,
    }
    return render(request, "licensing/pools.html", context)


@of_one_moment
def pool(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    """One pool: how it stands, what was decided about it, and the steps that change it."""
    row = get_object_or_404(selectors.pools_for(request.actor), ref=ref)
    (standing,) = selectors.standings(selectors.pools_for(request.actor).filter(pk=row.pk), legal_today())
    context = {
        "one": standing,
        "scope": in_words(row)(row),
        "proposals": selectors.pool_changes_for(request.actor)
        .filter(ref=row.ref)
        .select_related("proposed_by", "decided_by")
        .order_by("-pk"),
        **offered(request, row, "desk.pool", failed),
        "history": told(lines_of(row), request.actor),
    }
    return render(request, "licensing/pool_page.html", context, status=failed.status if failed else 200)


@of_one_moment
def change(request: HttpRequest, pk: int, failed: Failed | None = None) -> HttpResponse:
    """A proposed change beside what stands, for the second person."""
    row = get_object_or_404(
        selectors.pool_changes_for(request.actor).select_related("pool", "proposed_by", "decided_by"), pk=pk
    )
    stands = selectors.standings(selectors.pools_for(request.actor).filter(pk=row.pool_id), legal_today())
    context = {
        "change": row,
        "scope": in_words(row)(row),
        "stands": stands[0] if stands else None,
        **offered(request, row, "desk.poolchange", failed),
        "history": told(lines_of(row), request.actor),
    }
    return render(request, "licensing/pool_change.html", context, status=failed.status if failed else 200)


def begin(request: HttpRequest) -> HttpResponse:
    """The form that proposes a new pool."""
    form = OpenPoolForm(sent(request), initial={"from_day": legal_today()})
    if complete(request, form):
        with refusals_in(form):
            said = dict(form.cleaned_data)
            facts = {name: said.pop(name) for name in TERMS}
            row = verbs.propose_opening(verbs.Scope(**said), **facts, by=request.actor)
            messages.success(request, _("Proposed. It counts once another officer has approved it."))
            return redirect("desk.poolchange", pk=row.pk)
    return form_page(request, "licensing/pool_form.html", form)


@of_one_moment
def public(request: HttpRequest) -> HttpResponse:
    """The quotas whose state is public, as everybody reads them: without figures."""
    today = legal_today()
    running = selectors.standings(selectors.public_pools(today), today)
    rows = [one for one in running if one.public]
    words = in_words(*(one.pool for one in rows))
    context = {"rows": [(one, words(one.pool)) for one in rows]}
    return render(request, "licensing/quotas.html", context)
