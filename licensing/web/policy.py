"""The policy desk: editions past, in force and scheduled, drafts, and the rows of a draft's rules."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override

from core.access import Actor
from core.errors import DomainError
from core.history import lines_of, version
from core.languages import in_language
from core.legal_time import legal_day, legal_now, on_the_wire
from core.models import User
from core.selectors import country_names
from core.telling import told
from core.templatetags.lodestone import day
from core.web.forms import show_refusal
from core.web.refused import refusals_in, sent
from core.web.steps import Failed, changes_since, of_one_moment, offered, seen_in
from core.web.typed import typed_into
from licensing import selectors
from licensing.actions import editions
from licensing.actions.needs import Coming
from licensing.models import Draft, PolicyEdition, Signature, Simulation
from licensing.policy.editions import Edition
from licensing.policy.edits import NoSuchRow, rows
from licensing.selectors.drafts import SIMULATED, Effect
from licensing.selectors.what_if import names_of
from licensing.states import DraftState
from licensing.web import what_if
from licensing.web.draft_needs import complete, hastened_by, hurdles, needs_of, of_no_author, sparing, waited_for
from licensing.web.forms.rules import PARTS, TITLE, BeginForm, RowForm
from licensing.words import comparisons, differences, sentences, statements, terms, thresholds
from licensing.words.rules import AUTHORITIES, instrument
from licensing.words.sentences import RuleTold

ENDING_DAYS = 120  # the desk lists windows earlier than anybody is warned
SIGNED = Prefetch("signatures", Signature.objects.select_related("actor"))
PAST, IN_FORCE, SCHEDULED, REPEALED = "past", "in force", "scheduled", "repealed"


@dataclass(frozen=True)
class Reign:
    """An edition on the time bar: from when until when it is in force, and whether that is over, now or to come."""

    edition: PolicyEdition
    until: datetime | None
    standing: str


def reigns(at: datetime) -> list[Reign]:
    """Every edition by its start. What was repealed never starts; what repeals it is not told."""
    editions = selectors.editions_at(at)
    ends = dict(zip((row[0] for row in editions.rows), (row[2] for row in editions.rows[1:]), strict=False))
    counting, now = {row[0] for row in editions.rows}, editions.of(editions.today).code

    def standing(edition: PolicyEdition) -> str:
        if edition.code not in counting:
            return REPEALED
        return SCHEDULED if edition.starts_at > at else IN_FORCE if edition.code == now else PAST

    found = PolicyEdition.objects.defer("text").select_related("draft").filter(repeals=None)
    return [Reign(one, ends.get(one.code), standing(one)) for one in found.order_by("starts_at", "pk")]


def reign_of(edition: PolicyEdition) -> Reign | None:
    """How this one stands now; None where it repeals another one."""
    return next((one for one in reigns(legal_now()) if one.edition.pk == edition.pk), None)


def policy(request: HttpRequest, form: BeginForm | None = None) -> HttpResponse:
    """The time bar of editions, the drafts that are open, and the form that begins one."""
    at = legal_now()
    editions_known = selectors.editions_at(at)
    approvers = selectors.approvers()
    drafts = selectors.drafts_for(request.actor).filter(state=DraftState.DRAFT).prefetch_related(SIGNED, SIMULATED)
    context = {
        "reigns": reigns(at)[::-1],
        "endings": [
            (ending, _prolong_title(ending)) for ending in selectors.windows_ending(editions_known, ENDING_DAYS)
        ],
        "ending_days": ENDING_DAYS,
        "withdrawn": _of_each_window(selectors.warnings_withdrawn(editions_known)),
        "drafts": [(one, *_signatures(one, approvers, at), complete(_coming(one, editions_known))) for one in drafts],
        "form": form or BeginForm(typed_into(request, "draft.new")),
        "may_begin": request.actor.may("draft.new"),
        "may_see_departures": request.actor.may("desk.departures", "GET"),
    }
    return render(request, "licensing/policy.html", context, status=422 if form else 200)


def _coming(row: Draft, known: selectors.Editions) -> Coming:
    """From the start that it would have now."""
    return Coming(row, selectors.start_of(row, known.at), known)


def _signatures(draft: Draft, approvers: list[User], at: datetime) -> tuple[list[User], list[User]]:
    """Who signed it as an emergency, and whose signature would be the second one."""
    return hastened_by(draft, at), waited_for(draft, approvers, at)


def _of_each_window(found: list[selectors.Withdrawn]) -> list[tuple[selectors.Withdrawn, int]]:
    """Each window's end once, with how many organizations were warned of it."""
    of_window: dict[tuple[str, date], list[selectors.Withdrawn]] = {}
    for one in found:
        of_window.setdefault((one.warning.window, one.warning.last_day), []).append(one)
    return [(rows[0], len(rows)) for rows in of_window.values()]


def _prolong_title(ending: selectors.Ending) -> str:
    return _("Prolong the suspension of {instrument}").format(instrument=instrument(ending.window.instrument, []))


def _undoing(edition: PolicyEdition | None, earlier: PolicyEdition | None, actor: Actor) -> dict[str, Any]:
    """How this edition stands and, while it is in force, for whoever writes or signs what undoes it: the one from
    whose text that begins, and the title that is proposed."""
    reign, may_begin = reign_of(edition) if edition else None, actor.may("draft.new")
    found = {"reign": reign, "may_begin": may_begin}
    if reign and reign.standing == IN_FORCE and (may_begin or actor.may("draft.approve")):
        title = _("Undo: {title}").format(title=reign.edition.title)[:TITLE]
        found |= {"undo_from": earlier, "undo_title": title}
    return found


def begin(request: HttpRequest) -> HttpResponse:
    """A draft is begun; where that was to prolong a window, its row is open in the form."""
    form = BeginForm(request.POST)
    if form.is_valid():
        said = dict(form.cleaned_data)
        window = said.pop("window")
        with refusals_in(form):
            row = editions.draft(**said, by=request.actor)
            if window in rows(selectors.compiled(row.text).edition.document, "windows"):
                return redirect("desk.draft.row", ref=row.ref, part="windows", key=window)
            return redirect("desk.draft", ref=row.ref)
    return policy(request, form)


def edition(request: HttpRequest, ref: str) -> HttpResponse:
    """What an edition says, in words; from here a draft with its text is begun."""
    row = get_object_or_404(selectors.editions_for(request.actor), code=ref)
    rules = selectors.rules_of(row.digest).edition
    before = selectors.editions_at(legal_now()).before(row.starts_at).code
    earlier = selectors.editions_for(request.actor).exclude(pk=row.pk).filter(code=before).first()
    context = {
        "edition": row,
        "earlier": earlier,
        **_undoing(row, earlier, request.actor),
        "told_rules": _told(rules),
        "thresholds": [
            (thresholds.told(one), terms.word(AUTHORITIES, one.authority), one.verified)
            for one in rules.thresholds.values()
        ],
        "form": BeginForm(initial={"base": row.code}),
    }
    return render(request, "licensing/policy_edition.html", context)


def edition_text(request: HttpRequest, ref: str) -> HttpResponse:
    """The canonical text, as its digest is counted."""
    row = get_object_or_404(selectors.editions_for(request.actor), code=ref)
    return download(row)


def draft_text(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(selectors.drafts_for(request.actor), ref=ref)
    return download(row)


def download(row: PolicyEdition | Draft) -> HttpResponse:
    """The canonical text, as its digest is counted."""
    answer = HttpResponse(row.text, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{row.ref}.json"'
    return answer


def _parts(document: Mapping[str, Any]) -> list[tuple[str, "str | Promise", int]]:
    return [(part, label, len(document.get(part, ()))) for part, label in PARTS.items()]


@of_one_moment
def draft(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    """A draft: what it changes in words, over every case that could exist, and what holds everywhere; its steps."""
    rows = selectors.drafts_for(request.actor).prefetch_related(SIGNED, SIMULATED)
    row, at = get_object_or_404(rows, ref=ref), legal_now()
    effect, rules = selectors.effect_of(row, at), selectors.compiled(row.text)
    before, names = selectors.rules_of(effect.follows.digest), country_names()
    approvers = selectors.approvers()
    signed, others = _signatures(row, approvers, at)
    approved = row.editions.order_by("pk").first()
    coming = _coming(row, selectors.editions_at(at))
    needs = list(needs_of(coming)) if row.is_draft else []
    missing, no_emergency = hurdles(coming, effect.comparison) if row.is_draft else ([], "")
    context = {
        "draft": row,
        "effect": effect,
        "sparing": sparing(before.edition, rules.edition),
        "written": differences.changes(before.edition, rules.edition, names),
        "comparison": comparisons.compared(effect.comparison, before, rules, names),
        "standings": comparisons.standings(effect.invariants, rules, names, weaker=effect.comparison.weaker),
        "signatures": _latest(row.signatures.all()),
        "needs": needs,
        "unmet": [need for need in needs[:-1] if not need.done],
        "unmet_at_once": missing,
        "no_emergency": no_emergency,
        "hastened_by": signed,
        "waited_for": others,
        "barred": row.state != DraftState.REPEALED and request.actor.may("draft.approve") and row.wrote(request.actor),
        "others": of_no_author(row, approvers),
        **_simulated(row, rules.edition, names, at, request.actor),
        "parts": _parts(rules.edition.document),
        "started": approved is not None and approved.starts_at <= at,
        **_undoing(approved, effect.follows, request.actor),
        "writable": _writable(row, request.actor),
        **(steps := offered(request, row, "desk.draft", failed)),
        "history": told(lines_of(row), request.actor),
        "commented": request.actor.may("desk.draft.comments", "GET"),
        "comments": selectors.comments_for(request.actor, row).count(),
    }
    stated, at_once = row.statement_en and row.statement_zh, row.starts_on is None and "emergency" in request.GET
    if "describe" in steps["forms"] and (row.starts_on or at_once) and not stated:
        steps["forms"]["describe"].initial |= _proposed(row, effect, at if at_once else None)
    return render(request, "licensing/draft_page.html", context, status=failed.status if failed else 200)


def _proposed(row: Draft, effect: Effect, at: datetime | None) -> dict[str, str]:
    """Its public statement, as far as nobody wrote one: of its first day or, as an emergency, of that instant."""
    follows, starts, found = effect.follows.digest, effect.since, effect.comparison
    if at is not None:
        follows, starts = selectors.editions_at(at).before(at).digest, legal_day(at)
        found = selectors.compared(follows, row.text, since=starts)
    before, after = selectors.rules_of(follows).edition, selectors.compiled(row.text).edition
    proposed = statements.statements(before, after, found, starts, _in_both())
    return {
        "statement_en": row.statement_en or proposed["en"],
        "statement_zh": row.statement_zh or proposed["zh-hans"],
    }


def _writable(row: Draft, actor: Actor) -> bool:
    return row.is_draft and not row.shown() and actor.may("desk.draft.row")


def _latest(signatures: Iterable[Signature]) -> list[Signature]:
    """Of each person the last that he did of each part, in the order of these."""
    last = {(one.actor_id, one.part): one for one in signatures}
    return sorted(last.values(), key=lambda one: one.pk)


def _simulated(row: Draft, edition: Edition, names: Mapping[str, str], at: datetime, actor: Actor) -> dict[str, Any]:
    """The simulation that was asked for last; its figures, where it is done and of the text that stands now."""
    last = row.simulations.first()
    if last is None or not last.result:
        return {"simulation": last}
    outdated = _outdated(last, row, at)
    found = what_if.told(last.result, names, edition, names_of(last.result, actor))
    return {"simulation": last, "outdated": [what_if.OUTDATED[why] for why in outdated], "found": found}


def _outdated(done: Simulation, row: Draft, at: datetime) -> list[str]:
    """Why nothing rests on it any more, by name; what was approved needs none."""
    if not row.is_draft:
        return []
    return selectors.outdated(done, row, selectors.start_of(row, at), at, selectors.editions_at(at).newest)


def simulation_csv(request: HttpRequest, ref: str) -> HttpResponse:
    """The last simulation that is done, as lines for a spreadsheet."""
    row = get_object_or_404(selectors.drafts_for(request.actor), ref=ref)
    last = get_object_or_404(row.simulations.filter(stage=Simulation.Stage.DONE)[:1])
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{row.ref}.csv"'
    names = names_of(last.result, request.actor)
    csv.writer(answer).writerows(what_if.lines(last.result, names, _about(last, row)))
    return answer


def _about(done: Simulation, row: Draft) -> Iterator[tuple[str, str]]:
    """The digest of its text, its start, the instant of the book, its hash; and what is otherwise by now."""
    yield from (("text", done.digest), ("starts_at", on_the_wire(done.starts_at)))
    if done.book_at:
        yield "book_at", on_the_wire(done.book_at)
    yield "hash", done.result["hash"]
    yield from (("outdated", why) for why in _outdated(done, row, legal_now()))


def draft_rows(request: HttpRequest, ref: str, part: str) -> HttpResponse:
    """The rows of a part, each with a link to change it."""
    row = get_object_or_404(selectors.drafts_for(request.actor), ref=ref)
    label, rules = _label(part), selectors.compiled(row.text).edition
    told = {one.rule: one for one in _told(rules)} if part == "rules" else {}
    context = {
        "draft": row,
        "part": part,
        "label": label,
        "rows": [
            {"key": key, "called": _called(key, one), "told": told.get(key), "words": _words(one)}
            for key, one in _rows(rules.document, part).items()
        ],
        "writable": _writable(row, request.actor),
    }
    return render(request, "licensing/draft_rows.html", context)


def _told(rules: Edition) -> list[RuleTold]:
    names = country_names()
    return [sentences.told(rule.id, rules, names) for rule in rules.rules]


def _in_both() -> dict[str, dict[str, str]]:
    found = {}
    for language in statements.LANGUAGES:
        with override(language):
            found[language] = country_names()
    return found


def _words(row: Mapping[str, Any]) -> str:
    """What tells a row of a part from its neighbours: its name, or its days and by whom."""
    for name in ("sentence", "description", "title", "reason"):
        if f"{name}_en" in row:
            return in_language(row[f"{name}_en"], row[f"{name}_zh"])
    if "months" in row or "number" in row:
        return thresholds.told_row(row)
    if "suspended_from" in row:
        first, last = (day(date.fromisoformat(row[name])) for name in ("suspended_from", "suspended_until"))
        return _("Suspended from {first} through {last}, by {by}.").format(first=first, last=last, by=row["by"])
    words = in_language(row.get("en", ""), row.get("zh", ""))
    return f"{words}: {', '.join(row['countries'])}" if "countries" in row else words


def _called(key: str, row: Mapping[str, Any] | None) -> str:
    """What a row is called on pages: a window by its instrument and clause, any other by its own name."""
    if row is None or "suspended_from" not in row:
        return key
    name = instrument(row["instrument"], [])
    if row["clause"] is None:
        return name
    return _("{instrument}, clause {clause}").format(instrument=name, clause=row["clause"])


def _label(part: str) -> "str | Promise":
    if part not in PARTS:
        raise Http404
    return PARTS[part]


def _rows(document: Mapping[str, Any], part: str) -> dict[str, dict[str, Any]]:
    try:
        return rows(document, part)
    except NoSuchRow:
        raise Http404 from None


def _promised(row: Draft, part: str, key: str) -> bool:
    """A standing invariant of the edition that it was begun with: given up by the reason in its row, never dropped."""
    standing = selectors.rules_of(row.base.digest).edition.invariants
    return part == "invariants" and key in {one.id for one in standing}


def draft_row(request: HttpRequest, ref: str, part: str, key: str = "") -> HttpResponse:
    """A row as a form: of the part's rows the one of this key, or a new one. What was typed is never lost."""
    seen = version(get_object_or_404(selectors.drafts_for(request.actor), ref=ref))  # before what is shown
    row = get_object_or_404(selectors.drafts_for(request.actor), ref=ref)
    label, document = _label(part), selectors.compiled(row.text).edition.document
    found = _rows(document, part)
    if key and key not in found:
        raise Http404
    place = list(found).index(key) if key else len(found)
    data = sent(request)
    form = RowForm(
        data,
        part=part,
        document=document,
        countries=country_names(),
        current=found.get(key) if key else None,
        place=place,
    )
    status = 200
    changes: list[Any] = []
    if request.method == "POST" and data is not None:
        drop, status = "drop" in data and bool(key), 422
        if drop or form.is_valid():
            carried = seen_in(data)
            try:
                given = None if drop else form.facts()["row"]
                editions.change(ref, seen=carried, part=part, key=key, row=given, by=request.actor)
            except DomainError as refusal:
                show_refusal(form, refusal)
                status, changes = refusal.status, changes_since(row, carried, request.actor)
            else:
                messages.success(request, _("Dropped.") if drop else _("Kept in the draft. Nothing is in force yet."))
                return redirect("desk.draft.rows", ref=ref, part=part)
    form.seen = seen
    context = {
        "draft": row,
        "part": part,
        "label": label,
        "key": key,
        "called": _called(key, found.get(key)),
        "droppable": key and not _promised(row, part, key),
        "form": form,
        "changes": changes,
    }
    return render(request, "licensing/draft_row.html", context, status=status)
