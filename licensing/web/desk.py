"""Officers' pages: a case and every step on it, declarations to verify. The lists are in `lists`."""

from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from core.access import Actor
from core.errors import DomainError, FourEyes
from core.history import lines_of
from core.legal_time import legal_now, legal_today
from core.models import Country, Document
from core.telling import Told, told
from core.web import papers
from core.web.steps import Failed, of_one_moment, offered
from exporters.selectors import stop_of
from licensing import granted, selectors
from licensing.actions.decisions import require_grantable
from licensing.actions.declarations import stated
from licensing.actions.findings import asked_of_each, asked_why, lacking, limits, presumed
from licensing.models import Application, Declaration, EndUse
from licensing.models.screenings import counting
from licensing.papers import end_use
from licensing.selectors.movements import goods_under_way
from licensing.states import UNISSUED, ApplicationState
from licensing.web.changes import changes_of, copied
from licensing.web.holds import of_case
from licensing.web.intents import announced
from licensing.web.merges import into, merged
from licensing.web.onward import with_onward
from licensing.web.plan import of_the_plan
from licensing.web.reconsiderations import contests
from licensing.web.threads import threaded
from licensing.words import comparisons

CAME_BACK = ("return", "reopen")


@of_one_moment
def case(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    """One case: what it turns on, the facts, the history, and the steps that are yours now."""
    rows = selectors.with_signals(selectors.applications_for(request.actor))
    rows = selectors.with_merged(
        selectors.with_supplement(selectors.with_questions(selectors.with_parts(rows)))
    ).prefetch_related(
        "consignees__country",
        Prefetch("documents__document", Document.objects.defer("content")),
        "end_users__declaration__end_use",
        "end_users__declaration__end_user",
        "end_users__declaration__items",
        "findings",
        selectors.whole_steps(),
        "steps__lines__line",
        "steps__allotments__end_user__party",
        "steps__end_users__party",
    )
    row, today = get_object_or_404(rows, ref=ref), legal_today()
    steps, recommendation = row.steps.all(), row.basis
    screenings = selectors.screenings_of(user.party_id for user in row.end_users.all())
    newest = counting(screenings)
    for user in row.end_users.all():
        user.screening = newest.get(user.party_id)
    screened = {one.party_id for one in screenings if one.of_entry_in(row)}
    with_onward(user.declaration for user in row.end_users.all())
    kept = {u.pk for u in recommendation.end_users.all()} if recommendation else set()
    contested = contests(row, today)
    unverified = [u for u in row.end_users.all() if not u.declaration.checked and (u.pk in kept or not kept)]
    context = {
        "application": row,
        "clock": selectors.clocks_of([row], today).get(row.pk),
        "handover": selectors.handovers_of([row], today).get(row.pk),
        "receipt": selectors.receipts_of([row], today).get(row.pk),
        "course": selectors.course_of(row, today),
        **threaded(row, offered(request, row, "desk.case", failed), contested),
        "steps": steps,
        "recommendation": recommendation,
        "announced": announced(row, today),
        "contests": contested,
        "remedy": selectors.remedies_of([row]).get(row.pk),
        "not_of_before": row.not_of_before(request.actor),
        "not_to_issue": row.not_to_issue(request.actor),
        "not_to_reconsider": _not_to_reconsider(row, request.actor),
        "granted": granted.decided(row) if row.decided_at else granted.recommended(row),
        "not_to_recommend": row.not_to_recommend(request.actor),
        "not_to_decide": row.not_to_decide(request.actor),
        "not_to_reopen": row.not_to_reopen(request.actor),
        "unverified": unverified,
        "to_verify": next((user for user in unverified if user.declaration.to_verify), None),
        "unissued": row.state in UNISSUED,
        "findings": row.findings.all(),
        "screenings": screenings,
        "unscreened": [user for user in row.end_users.all() if user.party_id not in screened],
        **_judged(row),
        "license": getattr(row, "license", None),
        "today": today,
        "visits": selectors.visits_to([user.party_id for user in row.end_users.all()]),
        "history": (history := told(lines_of(row), request.actor)),
        "came_back": _came_back(history),
        "amending": changes_of(row),
        "copied": copied(row, today),
        "merged_into": into(row, sent=True),
        "merged": merged(row, today),
        **papers.shown(row),
    }
    if "screen" in context["forms"]:
        context |= _of_a_hit(row)
    _begin(context)
    return render(request, "licensing/desk_case.html", context, status=failed.status if failed else 200)


def _of_a_hit(row: Application) -> dict[str, Any]:
    """What recording a hit on its end-users would close, with the goods that are under way for them."""
    closes = selectors.closed_by_hit({user.party_id for user in row.end_users.all()})
    users = [user for one in closes for user in one.users]
    return {"closes": closes, "under_way": goods_under_way([one.license for one in closes], users) if closes else []}


def _not_to_reconsider(row: Application, actor: Actor) -> FourEyes | None:
    return row.not_to_reconsider(actor) if row.state == ApplicationState.UNDER_RECONSIDERATION else None


def _came_back(history: list[Told]) -> Told | None:
    """The step that sent the case back to whoever recommends, where nobody has recommended since."""
    last = next((line for line in reversed(history) if line.verb in (*CAME_BACK, "recommend")), None)
    return last if last and last.verb in CAME_BACK else None


def _begin(context: dict[str, Any]) -> None:
    """A tick says beside which differences it stands; whoever recommends begins with no more months than the rules
    allow."""
    for form in context["forms"].values():
        if "acknowledged" in form.fields:
            beside = selectors.fingerprint(one for one, _ in context["policy_changes"])
            form.fields["acknowledged"].widget.stand_beside(beside)
    forms, most = context["forms"], context.get("most")
    for form in (forms[verb] for verb in ("recommend", "change") if verb in forms and most):
        months = form.fields["months"]
        months.widget.attrs["max"] = most.months
        form.initial["months"] = min(form.get_initial_for_field(months, "months"), most.months)


def _differences(row: Application, one: selectors.Judged) -> list[str]:
    return [comparisons.difference(part) for part in selectors.otherwise(row, one) if part.part != "disposition"]


def _judged(row: Application) -> dict[str, Any]:
    """While somebody may still act on it: what the rules say otherwise now than when the case was last looked at, which
    holds stand, the most that they allow, what they have against granting what was recommended, and what whoever
    leaves what they presume is asked: of all that was asked to refuse, of what is granted to approve, and to change a
    refusal of each that could be."""
    if row.state not in UNISSUED:
        return {}
    judged = selectors.judge(row, at=legal_now())
    lines, users = {line.number for line in row.lines.all()}, {user.pk for user in row.end_users.all()}
    said, against = {"refuse": presumed(judged, lines, users)}, ""
    if recommended := granted.recommended(row):
        kept = users - {user.pk for user in recommended.left_out}
        licensed = {line.number for line in recommended.licensed}
        said["approve"] = presumed(judged, licensed, kept)
        try:
            declared = (user.declaration for user in row.end_users.all() if user.pk in kept)
            require_grantable(row, recommended, [one for one in declared if one.checked], judged)
        except DomainError as refusal:
            against = refusal.detail
    holds = of_case(selectors.holds_of(judged))
    if row.state == ApplicationState.APPROVED or row.exporter.barred:
        against = row.exporter.not_acting() or against
    asks_why = {outcome: [(text, [])] for outcome, one in said.items() if (text := asked_why(outcome, one))}
    asks_why["change"], always = asked_of_each(judged, lines, users)
    return {
        "stop": stop_of(row.exporter),
        "policy_changes": [(one, _differences(row, one)) for one in selectors.changed(row, judged)],
        "asks_why": asks_why,
        "always": always,
        "against": against,
        "holds": holds,
        "most": limits(row, judged, lines, users),
        "plan": of_the_plan(row, judged, legal_today()),
        "lacking": lacking(row, [one for one in judged if one.within]),
    }


def _before(row: Declaration) -> list[tuple[str, str]]:
    """What the declaration said otherwise when it was taken back last, by the fields' names."""
    taken_back = [entry.before for entry in row.thread.all() if entry.before]
    if not taken_back:
        return []
    now = stated(row)
    changed = {name: said for name, said in taken_back[-1].items() if now.get(name, said) != said}
    return [(_named(name), _shown(name, said)) for name, said in changed.items()]


def _named(name: str) -> str:
    return _("control items") if name == "items" else str(Declaration._meta.get_field(name).verbose_name)


def _shown(name: str, said: Any) -> str:
    """What is kept of a field, as whoever compares it reads it."""
    match name:
        case "end_use":
            return str(EndUse.objects.get(pk=said))
        case "process":
            return str(Declaration.Process(said).label)
        case "re_export_countries":
            return _(", ").join(str(country) for country in Country.objects.filter(pk__in=said))
        case _ if isinstance(said, list):
            return _(", ").join(said)
        case _ if isinstance(said, bool):
            return _("Yes") if said else _("No")
    return str(said)


@of_one_moment
def declaration(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    rows = selectors.with_thread(selectors.declarations_for(request.actor)).prefetch_related(
        "items__control_item", "used_by__application__lines__control_item"
    )
    row = get_object_or_404(rows, ref=ref)
    with_onward([row])
    context = {
        "declaration": row,
        "cases": [use.application for use in row.used_by.all() if use.application.submitted_at],
        "before": _before(row),
        "form_code": end_use.code_of(row),
        "too_old": not selectors.signed_in_time(row, legal_today()),
        "relying": selectors.relying_on(row),
        "visits": selectors.visits_to([row.end_user_id]),
        **offered(request, row, "desk.declaration", failed),
        "history": told(lines_of(row), request.actor),
    }
    return render(request, "licensing/desk_declaration.html", context, status=failed.status if failed else 200)
