"""Officers' pages: the queue, a case and every step on it, declarations to verify."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from core.errors import DomainError
from core.history import lines_of, open_verbs
from core.models import Document
from core.telling import told
from core.web.forms import ReasonForm, show_refusal
from core.web.lists import choice_of, page_of, search_of
from core.web.typed import typed_into
from licensing import selectors
from licensing.actions import applications, decisions, declarations
from licensing.models import Application, DecisionStep
from licensing.states import DeclarationState
from licensing.web.forms import ApproveForm, AskForm, IssueForm, RecommendForm, RefuseForm


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


class PlainForm(forms.Form):
    """A step that needs nothing but the button."""


def _form(verb: str, case: Application, data: Any = None) -> forms.Form:
    """The verb's form. Several stand on one page, so each has ids of its own."""
    ids = f"id_{verb}_%s"
    match verb:
        case "recommend":
            return RecommendForm(data, case=case, auto_id=ids)
        case "ask":
            initial = {"due_on": applications.default_question_day()}
            return AskForm(data, initial=initial, auto_id=ids)
        case "not_accept" | "return" | "reopen":
            return ReasonForm(data, auto_id=ids)
        case "approve":
            return ApproveForm(data, initial=_as_recommended(case, "approve"), auto_id=ids)
        case "refuse":
            return RefuseForm(data, initial=_as_recommended(case, "refuse"), auto_id=ids)
        case "issue":
            return IssueForm(data, auto_id=ids)
    return PlainForm(data)


def _as_recommended(case: Application, outcome: str) -> dict[str, Any]:
    """The second officer begins with the words and factors that the first one recommended to that outcome."""
    step = case.steps.filter(round=case.round, step=DecisionStep.Step.RECOMMEND).last()
    return {"text": step.text, "factors": step.factors} if step and step.outcome == outcome else {}


VERBS: dict[str, tuple[Callable[..., Any], "Promise"]] = {
    "accept": (applications.accept, gettext_lazy("Accepted; the review can begin.")),
    "not_accept": (applications.not_accept, gettext_lazy("Not accepted. The applicant was told why.")),
    "assign": (decisions.assign, gettext_lazy("The case is yours.")),
    "ask": (decisions.ask, gettext_lazy("The question was sent.")),
    "recommend": (decisions.recommend, gettext_lazy("With a second officer now.")),
    "return": (decisions.send_back, gettext_lazy("Returned to the reviewer.")),
    "approve": (decisions.approve, gettext_lazy("Approved. Issue the license next.")),
    "refuse": (decisions.refuse, gettext_lazy("Refused. The applicant reads your reasons.")),
    "reopen": (decisions.reopen, gettext_lazy("Reopened.")),
    "issue": (decisions.issue, gettext_lazy("The license is issued.")),
}


def case(request: HttpRequest, ref: str, failed: tuple[str, forms.Form] | None = None) -> HttpResponse:
    """One case: what it turns on, the facts, the history, and the steps that are yours now."""
    rows = selectors.with_parts(selectors.applications_for(request.actor)).prefetch_related(
        "consignees__country",
        Prefetch("documents__document", Document.objects.defer("content")),
        "questions__asked_by",
        "end_users__declaration__end_use",
        "findings",
    )
    row = get_object_or_404(rows, ref=ref)
    verbs = open_verbs(row, request.actor)
    steps = list(row.steps.select_related("actor").prefetch_related("lines__line", "end_users__party"))
    recommendation = next(
        (s for s in reversed(steps) if s.step == DecisionStep.Step.RECOMMEND and s.round == row.round), None
    )
    kept = {u.pk for u in recommendation.end_users.all()} if recommendation else set()
    typed = {verb: data for verb in verbs if (data := typed_into(request, f"application.{verb}"))}
    shown = {verb: failed[1] if failed and failed[0] == verb else _form(verb, row, typed.get(verb)) for verb in verbs}
    mine = {s.step for s in steps if s.actor_id == request.user.pk and s.round == row.round}
    context = {
        "application": row,
        "verbs": verbs,
        "steps": steps,
        "recommendation": recommendation,
        "recommended_by_me": DecisionStep.Step.RECOMMEND in mine,
        "decided_by_me": DecisionStep.Step.DECIDE in mine,
        "forms": shown,
        "failed": failed[0] if failed else next(iter(typed), ""),
        "failed_form": failed[1] if failed else next((shown[verb] for verb in typed), None),
        "unverified": [
            u
            for u in row.end_users.all()
            if u.declaration.state not in ("verified", "in_force") and (u.pk in kept or not kept)
        ],
        "findings": row.findings.all(),
        "license": getattr(row, "license", None),
        "history": told(lines_of(row), request.actor),
    }
    return render(request, "licensing/desk_case.html", context, status=422 if failed else 200)


def act(request: HttpRequest, ref: str, verb: str) -> HttpResponse:
    """One step on a case: its form, its verb, back to the case."""
    row = get_object_or_404(selectors.applications_for(request.actor), ref=ref)
    form = _form(verb, row, request.POST)
    if not form.is_valid():
        return case(request, ref, (verb, form))
    action, said = VERBS[verb]
    facts = form.facts() if isinstance(form, RecommendForm) else form.cleaned_data
    try:
        action(ref, by=request.actor, **facts)
    except DomainError as refusal:
        show_refusal(form, refusal)
        return case(request, ref, (verb, form))
    messages.success(request, said)
    return redirect("desk.case", ref=ref)


def declaration_list(request: HttpRequest) -> HttpResponse:
    """Declarations, those to be verified first."""
    rows = selectors.declarations_for(request.actor)
    context = {
        "waiting": rows.filter(state=DeclarationState.SUBMITTED).order_by("pk"),
        "page_obj": page_of(request, rows.exclude(state=DeclarationState.SUBMITTED)),
    }
    return render(request, "licensing/desk_declaration_list.html", context)


def declaration(request: HttpRequest, ref: str, form: ReasonForm | None = None) -> HttpResponse:
    rows = selectors.declarations_for(request.actor).prefetch_related(
        "items__control_item", "used_by__application__lines__control_item"
    )
    row = get_object_or_404(rows, ref=ref)
    context = {
        "declaration": row,
        "cases": [use.application for use in row.used_by.all() if use.application.submitted_at],
        "verbs": open_verbs(row, request.actor),
        "form": form or ReasonForm(typed_into(request, "declaration.reject")),
        "history": told(lines_of(row), request.actor),
    }
    return render(request, "licensing/desk_declaration.html", context, status=422 if form else 200)


def declaration_verify(request: HttpRequest, ref: str) -> HttpResponse:
    declarations.verify(ref, by=request.actor)
    messages.success(request, gettext_lazy("Verified."))
    return redirect("desk.declaration", ref=ref)


def declaration_reject(request: HttpRequest, ref: str) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return declaration(request, ref, form)
    declarations.reject(ref, reason=form.cleaned_data["reason"], by=request.actor)
    messages.success(request, gettext_lazy("Rejected with your reason."))
    return redirect("desk.declaration", ref=ref)
