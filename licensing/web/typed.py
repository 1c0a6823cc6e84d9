"""What the rules say of an application while it is being filled in. Nothing is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.legal_time import legal_now, legal_today
from exporters.selectors import parties_for
from licensing import selectors
from licensing.actions.findings import obstacles_of
from licensing.models import Application
from licensing.web.forms import ApplicationForm, LineFormSet
from licensing.words import rules, terms


@dataclass(frozen=True)
class Said:
    """Of one item for one end-user: why this kind of license is closed, or nothing; what is said from which day on; and
    the papers."""

    code: str
    party: str
    obstacles: list[str]
    days: list[tuple[date, str]]
    papers: list[str]


def application_typed(request: HttpRequest) -> HttpResponse:
    """By what has been typed so far; what cannot be read yet counts as not said. of: the draft it is typed into."""
    into = selectors.applications_for(request.actor).filter(ref=request.GET.get("of", "")).first()
    items = {item.code.lower(): item for item in selectors.search_items()}
    declarations, parties = selectors.usable_declarations(request.actor), parties_for(request.actor)
    form = ApplicationForm(request.POST, instance=into, declarations=declarations, parties=parties)
    lines = LineFormSet(request.POST, prefix="lines", form_kwargs={"items": items})
    form.is_valid(), lines.is_valid()
    typed = form.cleaned_data
    case = Application(
        exporter_id=request.actor.organization_id,
        amends=into and into.amends,
        **{name: typed.get(name) or "" for name in ("kind", "purpose", "red_flag")},
        **{name: typed.get(name) for name in ("planned_from", "planned_until")},
    )
    rows = [getattr(line, "cleaned_data", {}) for line in lines.forms]
    goods = [row["code"] for row in rows if "code" in row and not row.get("DELETE")]
    judged = selectors.judge_typed(case, goods, list(typed.get("end_users") or ()), at=legal_now()) if case.kind else []
    context = {"said": list(_said(case, judged)), "today": legal_today()}
    return render(request, "licensing/parts/application_said.html", context)


def _said(case: Application, judged: list[selectors.Judged]) -> Iterator[Said]:
    for (line, user), some in groupby(judged, key=lambda one: (one.line, one.user)):
        within = [one for one in some if one.within]
        told = [(one.day, rules.told(one.clear)) for one in within]
        yield Said(
            code=line.control_item.code,
            party=user.party.name,
            obstacles=[problem.message for problem in obstacles_of(case, within)],
            days=[one for at, one in enumerate(told) if not at or one[1] != told[at - 1][1]],
            papers=sorted({terms.word(terms.PAPERS, name) for one in within for name in one.clear.requires}),
        )
