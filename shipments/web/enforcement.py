"""Suspending many licenses, and letting them go: what a query hits is shown before anything is done, goods under way
included."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import ngettext

from core.legal_time import legal_now, legal_today
from core.telling import Told
from core.web.refused import complete, form_page, refusals_in, sent
from core.web.steps import changes_since, of_one_moment
from licensing.actions import enforcement as actions
from licensing.models import License
from licensing.selectors.enforcement import MOST_HIT, Hit, Query, ended_by, hits
from licensing.words.phrases import sentences, was_told
from shipments import selectors
from shipments.web.enforcement_forms import EnforceForm, HitForm

VERBS = ("suspend", "lift")
MOST_CHANGES = 10  # licenses of which the page says what happened since it was read


def enforcement(request: HttpRequest) -> HttpResponse:
    data = sent(request)
    form = EnforceForm(data, auto_id=f"id_{data.get('do', '')[:10]}_%s") if data is not None else EnforceForm()
    asked = HitForm(data if data is not None else _asked(request))
    if complete(request, form) and asked.is_valid():
        with refusals_in(form):
            return _done(request, form, asked.query)
    return _page(request, form, asked)


def _asked(request: HttpRequest) -> QueryDict | None:
    return request.GET if HitForm.base_fields.keys() & request.GET.keys() else None


def _done(request: HttpRequest, form: EnforceForm, query: Query) -> HttpResponse:
    said = {name: form.cleaned_data[name] for name in ("shown", "reason")}
    if form.cleaned_data["do"] == "suspend":
        found = actions.suspend(query, by=request.actor, **said)
        many = len(found)
        text = ngettext("%(n)d license was suspended, as shown.", "%(n)d licenses were suspended, as shown.", many)
        messages.success(request, sentences([text % {"n": many}, was_told(_holders(hit.license for hit in found))]))
    else:
        ended, left = actions.lift(query, by=request.actor, **said)
        text = ngettext("%(n)d cause has ended.", "%(n)d causes have ended.", len(ended)) % {"n": len(ended)}
        if left:
            words = ngettext(
                "%(n)d that you opened is left for another officer.",
                "%(n)d that you opened are left for another officer.",
                len(left),
            )
            text = f"{text} {words % {'n': len(left)}}"
        messages.success(request, text)
    asked = {name: value for name, value in vars(query).items() if value}
    return redirect(reverse("desk.enforcement", query=asked))


def _holders(licenses: Iterable[License]) -> int:
    return len({license.exporter_id for license in licenses})


@of_one_moment
def _page(request: HttpRequest, form: EnforceForm, asked: HitForm) -> HttpResponse:
    context: dict[str, Any] = {"asked": asked, "most": MOST_HIT, "today": legal_today()}
    if asked.is_bound and asked.is_valid():
        context |= _preview(request, form, asked.query)
    shown = form if form.is_bound or not asked.is_bound else asked
    return form_page(request, "shipments/enforcement.html", shown, **context)


def _preview(request: HttpRequest, form: EnforceForm, query: Query) -> dict[str, Any]:
    found = hits(query, request.actor)
    ends, left = ended_by(found, request.user)
    stops = [hit.license for hit in found if hit.to_stop]
    return {
        "query": query,
        "hits": found[:MOST_HIT],
        "too_many": len(found) > MOST_HIT,
        "goods": selectors.goods_of([hit.license for hit in found], [user for hit in found for user in hit.users]),
        "shown": " ".join(f"{hit.license.ref}:{hit.version}" for hit in found),
        "to_stop": len(stops),
        "holders_of_stops": _holders(stops),
        "ends": ends,
        "holders_of_ends": _holders(cause.license for cause in ends),
        "left": left,
        "forms": {do: form if form.data.get("do") == do else EnforceForm(auto_id=f"id_{do}_%s") for do in VERBS},
        "changes": _since(request, form, found),
        "now": legal_now(),
    }


def _since(request: HttpRequest, form: EnforceForm, found: list[Hit]) -> list[tuple[str, list[Told]]]:
    """Of what was refused: what happened to the first licenses meanwhile of which something did."""
    if not hasattr(form, "refusal"):
        return []
    shown = form.cleaned_data["shown"]
    changed = [hit.license for hit in found if hit.version != shown.get(hit.license.ref, hit.version)]
    return [(row.ref, changes_since(row, shown[row.ref], request.actor)) for row in changed[:MOST_CHANGES]]
