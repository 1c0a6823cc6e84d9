"""Like cases of one shipment each are merged into one annual application; what such a draft, or case, came from."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.access import Actor
from core.graphs import has_move
from core.legal_time import legal_now
from core.templatetags.lodestone import quantity
from core.web.refused import complete, form_page, refusals_in, sent
from exporters.selectors import of_company
from licensing.actions import merges as verbs
from licensing.actions.copies import Unnamed
from licensing.actions.drafts import LineDraft, line_of, said
from licensing.models import Application, Declaration, License, Merged
from licensing.selectors import applications_for, merges
from licensing.states import RENEWING, ApplicationState
from licensing.web.changes import Change, facts_of, line_in_full
from licensing.web.forms.merges import MergeForm

OFFERS_MOST, OFFERS_LOOKED = 3, 12  # groups that are told, and asked of the rules
OFFERS_CASES = 20  # of each of these groups the newest are looked at: a list asks it each time it is opened
_LABELS: dict[str, Promise] = {
    "purpose": gettext_lazy("Kind of transaction"),
    "red_flag": gettext_lazy("Risk that the exporter knows of, or was told of"),
    "trade_mode": gettext_lazy("Mode of trade"),
    "transport_mode": gettext_lazy("Mode of transport"),
    "currency": gettext_lazy("Currency"),
}


# --- what could be merged ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """So many like cases; one of them says which. covered: the annual license in force that is of the same."""

    count: int
    case: Application
    covered: License | None

    @property
    def codes(self) -> list[str]:
        return sorted({line.control_item.code for line in self.case.lines.all()})

    @property
    def country(self) -> str:
        return _(", ").join(dict.fromkeys(str(user.party.country) for user in self.case.end_users.all()))


def offers(actor: Actor, at: datetime) -> list[Offer]:
    """Like cases for some of which the rules open an annual license to the company, and none is asked for."""
    if not actor.may("application.merge", "POST"):
        return []
    found = merges.alike(actor, at, most=OFFERS_LOOKED, each=OFFERS_CASES)
    asked = merges.asked_for(actor) if found else set()
    unasked = (one for one in found if not merges.wanted_by(one.newest) <= asked)
    opened = (one for one in unasked if not verbs.closed(one.cases, actor.organization_id, at))
    first = list(islice(opened, OFFERS_MOST))
    annual = merges.annual_in_force(actor, at) if first else []
    return [Offer(one.count, one.newest, merges.covering(annual, one.newest)) for one in first]


def offer_of(case: Application, actor: Actor, at: datetime) -> Offer | None:
    """The same of the cases that are like this one, if it is one of them."""
    if case.kind != merges.EACH or not actor.may("application.merge", "POST"):
        return None
    rows = merges.like(merges.unmerged(merges.of_the_year(actor, at)), case).order_by("-pk")
    keys = list(rows.values_list("pk", flat=True))
    if case.pk not in keys or len(keys) < merges.CASES_LEAST:
        return None
    like = list(merges.for_merging(rows.filter(pk__in=keys[: merges.CASES_MOST])))
    if merges.wanted_by(case) <= merges.asked_for(actor) or verbs.closed(like, actor.organization_id, at):
        return None
    return Offer(len(keys), case, merges.covering(merges.annual_in_force(actor, at), case))


def merge(request: HttpRequest) -> HttpResponse:
    """The cases that are like the one that the address names, or that was ticked first, to choose among; without one,
    which there are."""
    at, asked = legal_now(), request.GET.get("like") or next(iter(request.POST.getlist("cases")), None)
    own = merges.for_merging(of_company(applications_for(request.actor), request.actor))
    case = get_object_or_404(own, ref=asked) if asked else None
    rows = list(merges.to_choose(request.actor, case, at)[: merges.CASES_MOST]) if case else []
    form = MergeForm(sent(request), rows=rows)
    if complete(request, form):
        with refusals_in(form):
            row = verbs.merge(form.cleaned_data["cases"], by=request.actor)
            message = _(
                "Begun with what these cases say together. Change what is to be otherwise; nothing is sent yet."
            )
            messages.success(request, message)
            return redirect("application", ref=row.ref)
    enough = len(rows) >= merges.CASES_LEAST
    context = {
        "case": case,
        "rows": rows,
        "enough": enough,
        "ticks": list(zip(rows, form["cases"], strict=True)) if enough else [],
        "covered": merges.covering(merges.annual_in_force(request.actor, at), case) if case and enough else None,
        "closed": verbs.closed(rows, request.actor.organization_id, at) if enough else None,
        "offers": [] if case else offers(request.actor, at),
    }
    return form_page(request, "licensing/application_merge.html", form, **context)


def into(case: Application, *, sent: bool) -> list[Application]:
    """Into what it was merged that is open, or led to a license, the newest first. sent: without drafts."""
    rows = (one.application for one in case.merged_into.all())
    return [row for row in rows if row.state in RENEWING and (row.submitted_at or not sent)]


# --- what was merged --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """shares: how much of it each case says; here: how much stands here now. why: it can't stand here any more."""

    label: str
    shares: list[tuple[Application, str]]
    there: str
    here: str
    why: str


@dataclass(frozen=True)
class User:
    """declaration: on which he is named here; else why he is not."""

    party: object
    cases: list[Application]
    declaration: Declaration | None
    unnamed: Unnamed | None


@dataclass(frozen=True)
class From:
    """What became of the cases. live: this one is open, or led to a license. differ: what they do not say alike, which
    is not said here yet."""

    live: bool
    rows: list[Merged]
    lines: list[Line]
    users: list[User]
    differ: list[Promise]
    changes: list[Change]

    @property
    def still_open(self) -> list[Application]:
        """Of the cases those that ask for the same as this one, which may be withdrawn."""
        return [one.case for one in self.rows if self.live and has_move(one.case.withdraw)]

    @property
    def unnamed(self) -> list[Unnamed]:
        return [user.unnamed for user in self.users if user.unnamed]


def merged(row: Application, today: date) -> From | None:
    """None of what was not merged. row: with `merged`, its lines and its end-users."""
    rows = list(row.merged.all())
    if not rows:
        return None
    draft, now, then = row.state == ApplicationState.DRAFT, said(row), verbs.shared(rows)
    facts = [one for one in facts_of(then, now) if one.before and one.before != one.now]
    differ = [label for name, label in _LABELS.items() if draft and not getattr(then, name) and not getattr(now, name)]
    lines = _lines(row, rows, today if draft else None)
    return From(row.state in RENEWING, rows, lines, _users(row, rows, today), differ, facts)


def _lines(row: Application, rows: list[Merged], today: date | None) -> list[Line]:
    """Those of the cases, and after them the ones that came since. today: of a draft."""
    here = {verbs.key_of(line): line for line in (line_of(one, one.quantity) for one in row.lines.all())}
    found = []
    for one in verbs.goods_of(rows):
        now = here.pop(one.key, None)
        shares = [(case, quantity(grams, one.line.unit)) for case, grams in one.shares]
        why = verbs.gone(one.line, today) if today and not now else ""
        there = quantity(one.line.quantity, one.line.unit)
        found.append(Line(_goods(one.line), shares, there, quantity(now.quantity, now.unit) if now else "", why))
    return found + [Line(_goods(one), [], "", quantity(one.quantity, one.unit), "") for one in here.values()]


def _goods(line: LineDraft) -> str:
    return line_in_full(line, but_quantity=True)


def _users(row: Application, rows: list[Merged], today: date) -> list[User]:
    users, here = verbs.users_of(rows), {user.party_id: user.declaration for user in row.end_users.all()}
    why = verbs.unnamed(row, users, today) if row.state == ApplicationState.DRAFT else {}
    return [User(one.party, one.cases, here.get(one.party.pk), why.get(one.party.pk)) for one in users]
