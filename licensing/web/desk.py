"""Officers' pages: the queue, a case and every step on it, declarations to verify."""

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from core.history import lines_of
from core.models import Document
from core.telling import told
from core.web.lists import choice_of, page_of, search_of
from core.web.steps import Failed, of_one_moment, offered
from licensing import granted, selectors
from licensing.actions.applications import policy_differs
from licensing.models import DecisionStep
from licensing.states import DeclarationState
from licensing.web.threads import threaded


def desk(request: HttpRequest) -> HttpResponse:
    """The queue: mine, unassigned, waiting, all open, decided."""
    counts = {name: selectors.desk_queue(request.actor, name).count() for name in selectors.DESK_VIEWS}
    view = choice_of(request, "view", selectors.DESK_VIEWS) or ("mine" if counts["mine"] else "open")
    q = search_of(request)
    rows = selectors.search_cases(selectors.desk_queue(request.actor, view), q)
    rows = rows.prefetch_related("end_users__declaration")
    context = {
        "view": view,
        "q": q,
        "counts": counts,
        "page_obj": page_of(request, rows),
    }
    return render(request, "licensing/desk_queue.html", context)


def countersign(request: HttpRequest) -> HttpResponse:
    """Cases that others recommended, and approvals to issue. Your own recommendations are not here."""
    rows = selectors.to_countersign(request.actor).prefetch_related("steps__actor", "end_users__declaration")
    page = page_of(request, rows)
    return render(request, "licensing/desk_countersign.html", {"page_obj": page})


@of_one_moment
def case(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    """One case: what it turns on, the facts, the history, and the steps that are yours now."""
    rows = selectors.with_questions(selectors.with_parts(selectors.applications_for(request.actor))).prefetch_related(
        "consignees__country",
        Prefetch("documents__document", Document.objects.defer("content")),
        "end_users__declaration__end_use",
        "findings",
    )
    row = get_object_or_404(rows, ref=ref)
    steps = list(row.steps.select_related("actor").prefetch_related("lines__line", "end_users__party"))
    recommendation = next(
        (s for s in reversed(steps) if s.step == DecisionStep.Step.RECOMMEND and s.round == row.round), None
    )
    kept = {u.pk for u in recommendation.end_users.all()} if recommendation else set()
    mine = {s.step for s in steps if s.actor_id == request.user.pk and s.round == row.round}
    context = {
        "application": row,
        **threaded(row, offered(request, row, "desk.case", failed)),
        "steps": steps,
        "recommendation": recommendation,
        "granted": granted.decided(row) or granted.recommended(row),
        "recommended_by_me": DecisionStep.Step.RECOMMEND in mine,
        "decided_by_me": DecisionStep.Step.DECIDE in mine,
        "unverified": [
            u
            for u in row.end_users.all()
            if u.declaration.state not in ("verified", "in_force") and (u.pk in kept or not kept)
        ],
        "findings": row.findings.all(),
        "policy_differs": policy_differs(row),
        "license": getattr(row, "license", None),
        "history": told(lines_of(row), request.actor),
    }
    return render(request, "licensing/desk_case.html", context, status=failed.status if failed else 200)


def declaration_list(request: HttpRequest) -> HttpResponse:
    """Declarations, those to be verified first."""
    rows = selectors.declarations_for(request.actor)
    context = {
        "waiting": rows.filter(state=DeclarationState.SUBMITTED).order_by("pk"),
        "page_obj": page_of(request, rows.exclude(state=DeclarationState.SUBMITTED)),
    }
    return render(request, "licensing/desk_declaration_list.html", context)


@of_one_moment
def declaration(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    rows = selectors.declarations_for(request.actor).prefetch_related(
        "items__control_item", "used_by__application__lines__control_item"
    )
    row = get_object_or_404(rows, ref=ref)
    context = {
        "declaration": row,
        "cases": [use.application for use in row.used_by.all() if use.application.submitted_at],
        **offered(request, row, "desk.declaration", failed),
        "history": told(lines_of(row), request.actor),
    }
    return render(request, "licensing/desk_declaration.html", context, status=failed.status if failed else 200)
