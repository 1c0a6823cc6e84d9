"""Exporters' pages: declarations, applications. The other lists are in `lists`."""

from collections.abc import Callable, Sequence
from datetime import date
from operator import call
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.forms import BaseFormSet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from core.errors import DomainError, Problem
from core.files import PDF
from core.history import lines_of, open_verbs, version
from core.languages import in_language
from core.legal_time import legal_day, legal_now, legal_today
from core.models import Document
from core.quantities import show
from core.telling import Told, told
from core.templatetags.lodestone import quantity
from core.web import autosave, kept, papers
from core.web.conflicts import Files, Meeting
from core.web.forms import ReasonForm, read_upload
from core.web.lists import countries
from core.web.refused import complete, refusals_in, sent
from core.web.steps import Failed, changes_since, not_open, of_one_moment, offered, seen_in
from core.web.typed import typed_into
from exporters.selectors import not_acting, parties_for, stop_of
from licensing import granted, selectors
from licensing.actions import applications, declarations, reconsiderations
from licensing.actions.copies import can_be_copied, fitting, without_its_contract
from licensing.models import LONE, Application, ApplicationDocument, Basis, DecisionStep, Declaration, License
from licensing.papers import end_use, said
from licensing.prices import together
from licensing.selectors.floors import floors_of
from licensing.states import CONTESTED, OPEN_CASE, UNISSUED, ApplicationState
from licensing.web.answers import Judgement, judgements
from licensing.web.changes import changes_of, copied
from licensing.web.forms import (
    ApplicationForm,
    DeclarationForm,
    DocumentForm,
    LineForm,
    LineFormSet,
)
from licensing.web.holds import of_case
from licensing.web.intents import announced
from licensing.web.merges import into, merged, offer_of, offers
from licensing.web.onward import with_onward
from licensing.web.plan import of_the_plan
from licensing.web.reconsiderations import contests
from licensing.web.threads import threaded
from licensing.web.turns import in_words

MOST_TO_COPY = 5  # licenses that the empty form offers to begin with


# --- declarations -----------------------------------------------------------------------------------------


@autosave.saves_itself
def declaration_form(request: HttpRequest, ref: str = "") -> HttpResponse:
    """A new declaration, or a draft to change. What is signed leads to its own page."""
    row = get_object_or_404(selectors.declarations_for(request.actor), ref=ref) if ref else None
    if request.method == "GET" and row and not row.editable:
        messages.info(request, _("{ref} is signed and can't be changed. Make a new one instead.").format(ref=ref))
        return kept.onward(request, "declaration", ref=ref)

    def parts(data: QueryDict | None, files: Files) -> list[DeclarationForm]:
        now = get_object_or_404(selectors.declarations_for(request.actor), ref=ref) if ref else None
        parties = parties_for(request.actor)
        start = None if now else {"end_user": parties.filter(ref=request.GET.get("end_user", "")).first()}
        return [DeclarationForm(data, instance=now, initial=start, parties=parties, items=selectors.items_for())]

    def save(form: DeclarationForm, do: Callable[..., Any] = call) -> Any:
        if ref:
            version = form.cleaned_data["version"]
            return do(declarations.change, ref, version=version, by=request.actor, **form.facts())
        return do(declarations.draft, by=request.actor, **form.facts())

    def address(saved: Declaration | None) -> str:
        nonlocal ref
        ref = saved.ref if saved else ref
        return reverse("declaration.edit", args=[ref]) if ref else ""

    meeting = Meeting(request, parts)
    if autosave.by_itself(request):
        return autosave.answer(request, meeting, save, address)
    if saved := meeting.save(save):
        messages.success(request, _("Saved as {ref}.").format(ref=saved.ref))
        return redirect("declaration", ref=saved.ref)
    has_parties = parties_for(request.actor).exists()
    context = {"form": meeting.forms[0], "declaration": row, "has_parties": has_parties, "meeting": meeting}
    return render(request, "licensing/declaration_form.html", context, status=meeting.status)


@of_one_moment
def declaration(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    rows = selectors.with_thread(selectors.declarations_for(request.actor)).prefetch_related(
        "items__control_item", "used_by__application__lines__control_item", "used_by__application__license"
    )
    row = get_object_or_404(rows, ref=ref)
    with_onward([row])
    context = {
        "declaration": row,
        "cases": [use.application for use in row.used_by.all()],
        **offered(request, row, "declaration", failed),
        "ending": selectors.ending(row),
        "form_code": end_use.code_of(row),
        "too_old": not selectors.signed_in_time(row, legal_today()),
        "relying": selectors.relying_on(row) if row.void else [],
        "history": told(lines_of(row), request.actor),
    }
    return render(request, "licensing/declaration_page.html", context, status=failed.status if failed else 200)


def declaration_paper(request: HttpRequest, ref: str) -> HttpResponse:
    """The end-user's certificate to print and sign, made as it is asked for."""
    row = get_object_or_404(selectors.declarations_for(request.actor).prefetch_related("items__control_item"), ref=ref)
    response = HttpResponse(end_use.form(row), content_type=PDF.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{row.ref}-{row.version}.pdf"'
    return response


# --- applications -----------------------------------------------------------------------------------------


@autosave.saves_itself
def application_form(request: HttpRequest, ref: str = "") -> HttpResponse:
    """A new application, or a draft to change. Everything is checked at once; nothing typed is lost.

    What was sent leads to its own page; a form that was open meanwhile keeps its text and is refused by the verb.
    """
    row = get_object_or_404(selectors.applications_for(request.actor), ref=ref) if ref else None
    if request.method == "GET" and row and not row.editable:
        message = _("{ref} was sent and can't be changed any more. Here you see where it stands and what you can do.")
        messages.info(request, message.format(ref=ref))
        return kept.onward(request, "application", ref=ref)

    items = {item.code.lower(): item for item in selectors.search_items()}
    known = {"items": items, "inquiries": selectors.inquiries_to_cite(request.actor)}

    def parts(data: QueryDict | None, files: Files) -> list[ApplicationForm | BaseFormSet]:
        now = get_object_or_404(selectors.applications_for(request.actor), ref=ref) if ref else None
        form = ApplicationForm(
            data,
            instance=now,
            declarations=selectors.with_uses(selectors.usable_declarations(request.actor)),
            parties=parties_for(request.actor),
            initial={"kind": request.GET.get("kind", "annual")} if now is None else None,
        )
        lines = _line_initial(now)[: _rows_of_the_page(data)]
        return [form, LineFormSet(data, initial=lines, prefix="lines", form_kwargs=known)]

    def save(form: ApplicationForm, lines: BaseFormSet, do: Callable[..., Any] = call) -> Any:
        draft = form.draft([line.line() for line in _typed(lines)])
        if ref:
            return do(applications.change, ref, draft, version=form.cleaned_data["version"], by=request.actor)
        return do(applications.start, draft, by=request.actor)

    def address(saved: Application | None) -> str:
        nonlocal ref
        ref = saved.ref if saved else ref
        return reverse("application.edit", args=[ref]) if ref else ""

    meeting = Meeting(request, parts, {"lines": _("Goods")})
    if autosave.by_itself(request):
        return autosave.answer(request, meeting, save, address)
    if saved := meeting.save(save):
        message = _("Saved as {ref}. Nothing is sent yet.").format(ref=saved.ref)
        messages.success(
            request, " ".join([message, *filter(None, (line.read_as for line in _typed(meeting.forms[1])))])
        )
        if "add" in request.POST:  # without a script: another line is wanted
            first = f"#id_lines-{saved.lines.count()}-code"
            return redirect(reverse("application.edit", args=[saved.ref]) + first)
        return redirect("application", ref=saved.ref)
    form, lines = meeting.forms
    if row and row.amends:
        _say_floors(lines, row.amends)
    context = {
        "form": form,
        "lines": lines,
        "basis": Basis,
        "application": row,
        "not_acting": not_acting(request.actor),
        "lone": row and row.grants in LONE,
        "no_contract": row and without_its_contract(row),
        "to_copy": [] if row else selectors.with_names(selectors.in_force(request.actor))[:MOST_TO_COPY],
        "offers": [] if row else offers(request.actor, legal_now()),
        "items": selectors.items_for(),
        "countries": countries(),
        "papers": (row.needed if row else ApplicationDocument.NEEDED).values(),
        "worth": row and together(line.value for line in row.lines.all()),
        "meeting": meeting,
    }
    return render(request, "licensing/application_form.html", context, status=meeting.status)


def _typed(lines: BaseFormSet) -> list[LineForm]:
    """The rows of goods that somebody filled in and did not take out."""
    return [line for line in lines.forms if line not in lines.deleted_forms and line.cleaned_data]


def _rows_of_the_page(data: QueryDict | None) -> int | None:
    """How many lines stood there when it was opened: one that was added since, and saved meanwhile, is a new one."""
    said = (data or {}).get("lines-INITIAL_FORMS", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 5 else None


def _line_initial(row: Application | None) -> list[dict[str, Any]]:
    if row is None:
        return []
    return [
        {
            "code": line.control_item.code,
            "description": line.description,
            "hs_code": line.hs_code,
            "composition": line.composition,
            "composition_basis": line.composition_basis,
            "specification": line.specification,
            "maker": line.maker,
            "origin": line.origin_id or applications.HOME,
            "purity": line.purity,
            "inquiry": line.inquiry and line.inquiry.ref,
            "quantity": show(line.quantity, line.unit),
            "unit_price": line.unit_price,
            "value": line.value,
        }
        for line in row.lines.select_related("control_item", "inquiry")
    ]


def _whole(request: HttpRequest) -> QuerySet[Application]:
    """Applications with all that their own page shows; the files' bytes stay where they are."""
    rows = selectors.with_questions(selectors.with_parts(selectors.applications_for(request.actor)))
    rows = selectors.with_merged(selectors.with_supplement(rows))
    return rows.prefetch_related(
        "consignees",
        Prefetch("documents__document", Document.objects.defer("content")),
        "end_users__declaration__items",
        selectors.whole_steps(),
        "steps__lines__line",
        "steps__allotments__end_user__party",
        "steps__end_users",
    )


def _say_floors(lines: BaseFormSet, license: License) -> None:
    """Of each line of the license of which something is used, in its place."""
    floors = floors_of(license).lines
    for number, form in enumerate(lines.forms, 1):
        if number in floors and floors[number].used > 0:
            form.at_least(quantity(floors[number].used, floors[number].unit))


def application(
    request: HttpRequest, ref: str, failed: Failed | None = None, document_form: DocumentForm | None = None
) -> HttpResponse:
    """The case as its applicant sees it: stage, who has it, what is asked, what was decided and why."""
    row, today = _served(request, get_object_or_404(_whole(request), ref=ref)), legal_today()
    missing, plan = _before_it_is_sent(row)
    decided = row.state in (ApplicationState.APPROVED, ApplicationState.ISSUED, *CONTESTED)
    found = granted.decided(row) if decided else None
    history = told(lines_of(row), request.actor)
    remedy, contested = selectors.remedies_of([row]).get(row.pk), contests(row, today)
    context = {
        "application": row,
        "clock": selectors.clocks_of([row], today).get(row.pk),
        "handover": selectors.handovers_of([row], today).get(row.pk),
        "course": selectors.course_of(row, today),
        "verbs": open_verbs(row, request.actor),
        **threaded(row, offered(request, row, "application", failed), contested),
        "missing": [(problem, _where_to_mend(problem, row)) for problem in missing],
        "plan": plan,
        "decision": row.decision if decided else None,
        "changed_refusal": row.changed_refusal if decided else None,
        "granted": found,
        "provisions": _rests_on(row, found) if decided else [],
        "announced": announced(row, today),
        "contests": contested,
        "remedy": remedy,
        "remedy_over": remedy is not None and remedy.over(today),
        "turned_away": history[-1] if row.state == ApplicationState.NOT_ACCEPTED else None,
        "license": getattr(row, "license", None),
        "takes_papers": applications.takes_papers(row),
        **papers.shown(row),
        "document_form": document_form or _next_paper(request, missing),
        "history": history,
        "amending": changes_of(row),
        "copied": copied(row, today),
        "merged": merged(row, today),
        "merged_into": into(row, sent=False),
        "alike": offer_of(row, request.actor, legal_now()),
        "can_be_copied": can_be_copied(row),
        **_of_now(row),
    }
    status = failed.status if failed else 422 if document_form else 200
    return render(request, "licensing/application_page.html", context, status=status)


def _next_paper(request: HttpRequest, missing: Sequence[Problem]) -> DocumentForm:
    """For the paper that the address names, or else the first that is missing."""
    lacked = [problem.extra["paper"] for problem in missing if "paper" in problem.extra]
    form = DocumentForm(typed_into(request, "application.document"))
    known = [name for name, _label in form.fields["type"].choices]
    wanted = (request.GET.get("paper"), *lacked)
    form.initial["type"] = next((name for name in wanted if name in known), ApplicationDocument.Type.OTHER)
    return form


def _before_it_is_sent(row: Application) -> tuple[list[Problem], list[str]]:
    """What a draft lacks, and what becomes of the days that it plans."""
    if not row.editable:
        return [], []
    at = legal_now()
    judged = selectors.judge(row, at=at)
    return applications.what_is_missing(row, at=at, judged=judged), of_the_plan(row, judged, legal_day(at))


def _rests_on(row: Application, found: granted.Granted | None) -> list[dict[str, Any]]:
    """By name the provisions on which a refusal rests, or that less is granted than was asked, as its letter has."""
    step, license = row.decision, getattr(row, "license", None)
    if step is None or (found is not None and not found.in_part):
        return []
    if step.outcome == DecisionStep.Outcome.REFUSE:
        moment, at = "refuse", step.at
    elif license:
        moment, at = "issue", license.issued_at
    else:
        moment, at = "change" if row.changed_at else "approve", step.at
    return [
        {
            "name": in_language(one["en"], one["zh"]),
            "rules": [in_language(rule["en"], rule["zh"]) for rule in one["rules"]],
        }
        for one in said.rests_on(row, moment, at)
    ]


def _served(request: HttpRequest, row: Application) -> Application:
    """The case, of whose refusal it is kept that somebody of its applicant's people opened its page: the first time."""
    if request.method != "GET" or not row.unserved(request.actor):
        return row
    reconsiderations.serve(row.ref, by=request.actor)
    return get_object_or_404(_whole(request), ref=row.ref)


def _of_now(row: Application) -> dict[str, Any]:
    """Until it is issued the holds that stand; while it is open also what the rules of now say otherwise than those of
    the last look, turned by a worker or not."""
    if row.state not in UNISSUED:
        return {}
    judged = selectors.judge(row, at=legal_now())
    found: dict[str, Any] = {"holds": of_case(selectors.holds_of(judged)), "stop": stop_of(row.exporter)}
    if row.state in OPEN_CASE:
        found["turns"] = in_words(selectors.turned(row, judged, as_told=True))
    return found


def _where_to_mend(problem: Problem, row: Application) -> str:
    """The place, on the case's page or in its form, where what is missing can be mended."""
    edit = reverse("application.edit", args=[row.ref])
    match problem:
        case Problem(code="exporter-not-active"):
            return reverse("company")
        case Problem(pointer="/documents", extra={"paper": paper}):
            return f"?paper={paper}#papers"
        case Problem(code="yearly-need-missing", extra={"draft": ref}):
            return reverse("declaration.edit", args=[ref]) + "#id_yearly_need"
        case Problem(code="yearly-need-missing", extra={"party": ref}):
            return reverse("declaration.new") + f"?end_user={ref}"
        case Problem(code="end-user-kind-unknown", extra={"party": ref}):
            return reverse("party.edit", args=[ref]) + "#id_nature"
        case Problem(code="policy-prohibits", extra={"special": True}):
            return f"{edit}#kind"
        case Problem(code="channel-closed", extra={"qualification": True}):
            return reverse("company") + "#annual"
        case Problem(code="declaration-too-old", extra={"party": ref}):
            return f"{edit}#who" if _another_fits(row, ref) else reverse("declaration.new") + f"?end_user={ref}"
        case Problem(code="item-not-declared"):
            return "#users"
        case Problem(code=code) if "declaration-" in code:
            return "#users"
        case Problem(pointer="/lines"):
            return f"{edit}#goods"
        case Problem(pointer=pointer) if pointer.startswith("/lines/"):
            return f"{edit}#id_{pointer[1:].replace('/', '-')}"
        case Problem(pointer="/end_users" | "/consignees"):
            return f"{edit}#who"
    return f"{edit}#id_{problem.pointer[1:]}"


def _another_fits(row: Application, party: str) -> bool:
    """Another declaration of that end-user may be chosen in the place of the one that is named."""
    goods = {line.control_item_id for line in row.lines.all()}
    named = next(user.declaration for user in row.end_users.all() if user.party.ref == party)
    return fitting(row, named, goods) is not None


def application_document(request: HttpRequest, ref: str) -> HttpResponse:
    get_object_or_404(selectors.applications_for(request.actor), ref=ref)
    form = DocumentForm(request.POST, request.FILES)
    if form.is_valid():
        file = read_upload(form.cleaned_data["file"])
        with refusals_in(form):
            applications.add_document(ref, type=form.cleaned_data["type"], file=file, by=request.actor)
            messages.success(request, _("The paper is kept."))
            return redirect("application", ref=ref)
    return application(request, ref, document_form=form)


def application_document_remove(request: HttpRequest, ref: str, paper: int) -> HttpResponse:
    applications.remove_document(ref, paper, by=request.actor)
    messages.success(request, _("The paper is removed from the draft."))
    return redirect("application", ref=ref)


def application_submit(request: HttpRequest, ref: str) -> HttpResponse:
    """Check the answers, then send just these: of what was changed meanwhile the page is shown anew."""
    row = get_object_or_404(selectors.applications_for(request.actor), ref=ref)
    if elsewhere := not_open(request, row, "submit", "application"):
        return elsewhere
    if request.method != "POST":
        return _answers(request, ref)
    seen = seen_in(request.POST)
    try:
        applications.submit(ref, seen=seen, by=request.actor)
    except DomainError as refusal:
        if refusal.status not in (412, 422):
            raise
        return _answers(request, ref, refusal, changes_since(row, seen, request.actor))
    messages.success(request, _("Sent. Your case number is {ref}.").format(ref=ref))
    return redirect("application", ref=ref)


@of_one_moment
def _answers(
    request: HttpRequest, ref: str, refusal: DomainError | None = None, changes: Sequence[Told] = ()
) -> HttpResponse:
    row = get_object_or_404(_whole(request), ref=ref)
    problems, plan = _before_it_is_sent(row)
    stale = refusal is not None and refusal.code == "stale"
    context = {
        "application": row,
        "seen": version(row),
        "copied": copied(row, legal_today()),
        "merged": merged(row, legal_today()),
        "amending": changes_of(row),
        "plan": plan,
        "problems": refusal and [*([str(refusal.detail)] if stale else []), *problems],
        "missing": [] if refusal else problems,
        "changes": changes if stale else (),
    }
    status = refusal.status if refusal else 200
    return render(request, "licensing/application_submit.html", context, status=status)


def application_rules(request: HttpRequest, ref: str) -> HttpResponse:
    """What the rules say of each line for each end-user on each day that matters; one of these in full: of the first
    planned day, where none was chosen."""
    row = get_object_or_404(_whole(request), ref=ref)
    found = judgements(row, at=legal_now())
    asked = request.GET.get("n") or str(_of_the_plan(found, row.planned_from))
    place = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    if found and not 0 < place <= len(found):
        raise Http404
    context = {"application": row, "judgements": found, "place": place, "chosen": found[place - 1] if found else None}
    return render(request, "licensing/application_rules.html", context)


def _of_the_plan(found: Sequence[Judgement], first: date | None) -> int:
    """The place of the first that is of a planned day; of the first of all where no day is planned, or all are over."""
    return next((place for place, one in enumerate(found, 1) if first and one.answer.day >= first), 1)


def application_withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(selectors.applications_for(request.actor), ref=ref)
    if elsewhere := not_open(request, row, "withdraw", "application"):
        return elsewhere
    form = ReasonForm(sent(request))
    form.fields["reason"].required = False
    if complete(request, form):
        applications.withdraw(ref, reason=form.cleaned_data["reason"], by=request.actor)
        messages.success(request, _("Withdrawn."))
        return redirect("application", ref=ref)
    context = {"application": row, "form": form}
    return render(request, "licensing/application_withdraw.html", context, status=422 if form.errors else 200)
