"""Pages about shipments, and those that show several nouns at once: the overview and a license with what it shipped."""

import uuid
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.access import Actor
from core.errors import DomainError, Forbidden, FourEyes
from core.history import lines_of, open_verbs
from core.idempotency import Answer, Claim, fingerprint
from core.legal_time import INSTANT, legal_day, legal_now, legal_today
from core.models import Country
from core.navigation import first_page
from core.quantities import show
from core.sizes import LIST_ROWS
from core.telling import told
from core.web import papers
from core.web.lists import by_name, csv_file, whole
from core.web.refused import complete, form_page, refusals_in, sent
from core.web.steps import Failed, not_open, of_one_moment, offered
from exporters.models import AccountChange, Exporter, Stop
from exporters.selectors import called_at, stopped_with
from exporters.states import ExporterState
from exporters.web.steps import shown
from licensing import selectors as licensing
from licensing.granted import decided
from licensing.models import Application, License, Obstacle
from licensing.selectors.floors import passed_on
from licensing.selectors.reconsiderations import CONTEST_DAYS
from licensing.selectors.verified import office
from licensing.selectors.what_if import begun
from licensing.states import ENDED_BY_SOMEBODY, IN_FORCE, LicenseState
from shipments import actions, selectors
from shipments.holdings import Holdings
from shipments.looks import LOOK_DAYS, MOST
from shipments.needs import needs_of, sought
from shipments.offers import granted, offered_to
from shipments.states import ShipmentState
from shipments.web.absent import absent
from shipments.web.forms import ShipmentForm
from shipments.web.renewals import renewal_of

MOST_CHANGES = 3  # of each kind that the overview tells
MOST_CHOSEN = 50  # licenses in force, from which a shipment's is chosen: the newest
MOST_COVERED = 30  # licenses, and cases, whose cover it draws: those that end first
TOLD_DAYS = 30  # how long the overview tells of a case that was not accepted, and of rules that came into force


STOPPED = (Obstacle.SUSPENDED, Obstacle.REVOKED)  # by the ministry: whom to ask is said
GOES_ON = (*ENDED_BY_SOMEBODY, LicenseState.REPLACED)  # of which it is told what becomes of goods under way
MOST_SHIPMENTS, MOST_MOVEMENTS = 50, 20  # of a license, on its page: programs read them all

# what each movement did to a line, as people say it
MOVED = {
    "authorize": gettext_lazy("Authorized"),
    "credit": gettext_lazy("Came back"),
    "tolerance": gettext_lazy("Tolerance"),
    "carry": gettext_lazy("Used of the license before it"),
    "pass_on": gettext_lazy("Left when the license after it took its place"),
    "reserve": gettext_lazy("Reserved"),
    "release": gettext_lazy("Released"),
    "draw": gettext_lazy("Drawn"),
    "over_clear": gettext_lazy("Beyond the license"),
    "adjust": gettext_lazy("Corrected"),
    "lapse": gettext_lazy("Lapsed"),
    "unlapse": gettext_lazy("Lapse taken back"),
}


def overview(request: HttpRequest) -> HttpResponse:
    """Exporters: what needs you, how much is left, where cases stand. Others go to their own first page."""
    if request.actor.kind != "exporter":
        return redirect(first_page(request, request.actor))
    actor, now = request.actor, legal_now()
    today, editions = legal_day(now), licensing.editions_at(now)
    since = now - timedelta(days=TOLD_DAYS)
    running = licensing.in_force(actor)
    holdings = Holdings(
        actor,
        now,
        sought(actor, now)
        | {
            "running": running[:5],
            "covering": running.order_by("usable_until", "pk")[:MOST_COVERED],
            "usable": running.filter(License.open_on(today))[:1],
            "cases": licensing.on_their_way(actor, since)[:5],
            "asked": licensing.on_their_way(actor, since)[:MOST_COVERED],
            "shipments": selectors.shipments_for(actor)[:5],
            "stopped": Stop.objects.filter(exporter=actor.organization_id, ended_at=None).select_related("exporter"),
            "verifying": Exporter.objects.filter(pk=actor.organization_id, state=ExporterState.PENDING),
            "changing": AccountChange.objects.filter(AccountChange.OPEN, exporter=actor.organization_id),
            "granted": granted(actor, now)[:1],
            "warned": licensing.last_warnings(today).filter(organization=actor.organization_id),
            "notices": licensing.newest_notices(),
            "scheduled": licensing.scheduled(now)[:MOST_CHANGES],
            "proposals": licensing.open_proposals(today).defer("text")[:MOST_CHANGES],
        },
    )
    latest, applications, told_of = holdings["running"], holdings["cases"], needs_of(holdings)
    needs = [one for one in told_of if not one.over]
    news = sorted((one for one in told_of if one.over), key=lambda one: one.over or now, reverse=True)
    licensing.foretell_use({*latest, *holdings["covering"]}, today)
    cut = [license for license in latest if license.cut]
    licensing.with_asked(cut)
    for license in cut:
        license.granted = decided(license.application)
    stop = next(reversed(holdings["stopped"]), None)
    clocks = licensing.clocks_of([row for row in applications if not row.decided_at], today)
    for row in applications:
        row.clock = clocks.get(row.pk)
    context = {
        "needs": needs[:MOST],
        "more_needs": len(needs) > MOST,
        "news": news[:MOST],
        "all_news": len(news),
        "look_days": LOOK_DAYS,
        "licenses": latest,
        "usable": holdings.has("usable"),
        "license_count": latest[0].in_force_count if latest else 0,
        "applications": applications,
        "cover": list(licensing.covers(holdings["covering"], holdings["asked"], today)),
        "most_covered": MOST_COVERED,
        "stop": stop,
        "stopped": stopped_with(stop, actor),
        "verifying": holdings.has("verifying"),
        "change": shown(next(iter(holdings["changing"]), None)),
        "shipments": selectors.with_holds(holdings["shipments"], now),
        "annual": offered_to(actor, now) if holdings.has("granted") else None,
        "coming_back": licensing.coming_back(actor.organization_id, editions),
        "withdrawn": licensing.warnings_withdrawn(editions, actor.organization_id) if holdings.has("warned") else [],
        "notices": licensing.notices_in_words(licensing.of_now(holdings["notices"], today)[: licensing.NEWEST]),
        "begun": begun(actor.organization_id, editions, since)[:MOST_CHANGES],
        "scheduled": holdings["scheduled"],
        "proposals": holdings["proposals"],
        "today": today,
    }
    return render(request, "shipments/overview.html", context)


@of_one_moment
def license_page(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    """A license: what is left, whom and where it names, its shipments, its history; officers also act on it."""
    rows = licensing.with_decision(licensing.with_terms(licensing.licenses_for(request.actor)))
    row = get_object_or_404(rows, ref=ref)
    now = legal_now()
    today = legal_day(now)
    taken, used = licensing.clearances([row])[row.pk]
    steps = offered(request, row, "license" if request.actor.kind == "exporter" else "desk.license", failed)
    licensing.foretell_use([row], today)
    against = {cause: cause.not_to_end(request.user) for cause in row.open_suspensions}
    endable = [cause for cause, why in against.items() if not why]
    if "lift" in steps["forms"]:
        steps["forms"]["lift"].only(endable)
    found = licensing.closings([row], now)
    licensing.foresee_ends([row], found, now)
    closings = found.get(row.pk, [])
    closed_lines = licensing.closed_in_part(row, closings, now) if row.state in IN_FORCE else []
    obstacle = licensing.obstacles([row], {row.pk: taken}, found, now, ruled=bool(closed_lines)).get(row.pk)
    shipments = selectors.latest_of(row, request.actor, MOST_SHIPMENTS)
    reports, ended = selectors.reports_of(row, today), obstacle is not None and obstacle.ends
    owed = any(reports.get(name) for name in ("due", "late", "open"))
    row.held_back = licensing.held_back([row]).get(row.pk)
    on, granted = passed_on(row), decided(row.application)
    for line in row.lines.all():
        line.passed_on = on.get(line.pk, 0)
        line.hs_code = granted.goods_codes.get(line.number, "") if granted else ""
    context = {
        "license": row,
        "called": called_at(row.exporter, row.issued_at),
        "closings": closings,
        "open_users": [
            user
            for user in licensing.open_users(row, closings)
            if not (row.held_back and row.held_back.shuts(user.party_id))
        ],
        "granted": granted,
        **steps,
        **_windows(row),
        "closed_lines": closed_lines,
        "party_changes": licensing.party_changes(row) if row.state in IN_FORCE else [],
        "endable": endable,
        "hits": licensing.hits_on(row) if "resolve" in steps["forms"] else {},
        "others_end": any(isinstance(why, FourEyes) for why in against.values()),
        "ended_by_itself": list(dict.fromkeys(str(why) for why in against.values() if isinstance(why, Forbidden))),
        "obstacle": obstacle,
        "ended": ended,
        "office": office() if obstacle in STOPPED or row.open_suspensions or row.held_back else None,
        "contest_days": CONTEST_DAYS,
        "under_way": selectors.under_way(row) if steps["proposed"] or row.state in GOES_ON else [],
        "absent": absent(row, request.actor, steps["forms"]),
        "amendment": _change_of(row, request.actor),
        "renewal": renewal_of(row, request.actor, today),
        "license_route": "license" if request.actor.kind == "exporter" else "desk.license",
        "case_route": "application" if request.actor.kind == "exporter" else "desk.case",
        "clearances_taken": taken,
        "clearances_used": used,
        "clearances_reserved": taken - used,
        "destinations": by_name(Country.objects.filter(pk__in=row.destinations)),
        "shipments": selectors.with_holds(shipments, now),
        "shipment_route": "shipment" if request.actor.kind == "exporter" else "desk.shipment",
        "movements": _running(row, MOST_MOVEMENTS),
        **papers.shown(row),
        "reports": reports,
        "reporting": not ended or owed,
        "visits": licensing.visits_on(row),
        "history": told(lines_of(row), request.actor),
        "today": today,
    }
    return render(request, "shipments/license_page.html", context, status=failed.status if failed else 200)


def _change_of(license: License, actor: Actor) -> Application | None:
    """Which application asks to change it; a draft is told to nobody but its company."""
    row = license.changing
    return row if row and (row.submitted_at or actor.kind == "exporter") else None


@of_one_moment
def license_movements(request: HttpRequest, ref: str) -> HttpResponse:
    """All that its page shows the newest of, as a file."""
    row = get_object_or_404(licensing.with_terms(licensing.licenses_for(request.actor)), ref=ref)
    columns = [_("When"), _("What happened"), _("Line"), _("Shipment"), _("Quantity"), _("Left after it"), _("Unit")]
    detail = _("A file holds at most {most} rows, and this license has more movements: read them through the API.")
    found = whole(_running(row, LIST_ROWS + 1), detail)
    return csv_file(f"{row.ref}-movements.csv", columns, map(_moved, found))


def _moved(one: dict[str, Any]) -> list[Any]:
    of, unit = one["of"], one["unit"]
    left = show(of.available_after, unit)
    return [of.at, one["words"], of.line_number, of.shipment_ref, show(of.quantity, unit), left, unit]


def _running(license: License, most: int | None = None) -> list[dict[str, Any]]:
    """The balance, movement by movement, the newest first: how much of which line, and what was left of it then."""
    units = {line.number: line.unit for line in license.lines.all()}
    found = licensing.latest_movements(license, most)
    return [{"of": row, "words": MOVED[row.kind], "unit": units[row.line_number]} for row in found]


def _windows(license: License) -> dict[str, Any]:
    """Which of its lines come back when a suspension ends, and which warnings of that were withdrawn."""
    editions = licensing.editions_at(legal_now())
    codes = {line.control_item.code for line in license.lines.all()}
    withdrawn = licensing.warnings_withdrawn(editions, license.exporter_id)
    return {
        "coming_back": licensing.lines_coming_back(license, editions),
        "withdrawn": [one for one in withdrawn if licensing.returned_codes(one.warning) & codes],
    }


def shipment_new(request: HttpRequest) -> HttpResponse:
    """First which license, then the shipment. The form carries its own key: sent twice, it reserves once."""
    number = request.POST.get("license") or request.GET.get("license", "")
    rows = licensing.with_terms(licensing.licenses_for(request.actor))
    license = get_object_or_404(rows, ref=number) if number else None
    if license is None:
        now, newest = legal_now(), licensing.with_balances(licensing.in_force(request.actor))[: MOST_CHOSEN + 1]
        running = list(newest)[:MOST_CHOSEN]
        taken, found = licensing.clearances_taken(running), licensing.closings(running, now)
        obstacles = licensing.obstacles(running, taken, found, now)
        usable = [row for row in running if row.pk not in obstacles]
        suspended = [row for row in running if obstacles.get(row.pk) == Obstacle.SUSPENDED]
        licensing.foresee_ends(suspended, {}, now)
        more = MOST_CHOSEN if len(newest) > MOST_CHOSEN else 0
        context = {"licenses": usable, "suspended": suspended, "today": legal_day(now), "newest_alone": more}
        return render(request, "shipments/shipment_choose.html", context)
    now, initial = legal_now(), {"key": uuid.uuid4().hex}
    found, today = licensing.closings([license], now), legal_day(now)
    closings = found.get(license.pk, [])
    form = ShipmentForm(sent(request), license=license, closings=closings, today=today, initial=initial)
    if complete(request, form):
        with refusals_in(form):
            ref = _reserve_once(request, form)
            message = _("Reserved. The shipment is {ref}.").format(ref=ref)
            messages.success(request, " ".join([message, *form.read_as]))
            return redirect("shipment", ref=ref)
    taken = licensing.clearances_taken([license])
    licensing.foresee_ends([license], found, now)
    obstacle = licensing.obstacles([license], taken, found, now).get(license.pk)
    context = {
        "license": license,
        "closings": closings,
        "obstacle": obstacle,
        "closed_lines": licensing.closed_in_part(license, closings, now) if obstacle == Obstacle.RULES else [],
        "clearances_taken": taken[license.pk],
        "today": today,
    }
    return form_page(request, "shipments/shipment_form.html", form, **context)


def _reserve_once(request: HttpRequest, form: ShipmentForm) -> str:
    """The shipment's reference; the same again when this very form was sent before."""
    facts = {name: value for name, value in request.POST.items() if name not in ("csrfmiddlewaretoken", "key")}

    def refuse(refusal: DomainError) -> Answer:
        raise refusal  # a page's refusal is not remembered: the person mends the form and sends it again

    claim = Claim(
        organization_id=request.actor.organization_id,
        key=f"form:{form.cleaned_data['key']}:{fingerprint('', '', facts)}",
        fingerprint=fingerprint("POST", request.path, facts),
        render=lambda made: Answer(302, "text/plain", made.ref),
        refuse=refuse,
    )
    return actions.reserve.claimed(claim, form.request(), by=request.actor).body


@of_one_moment
def shipment(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    """A shipment: what became of its quantities, what customs said of it, its history; officers also act on it."""
    rows = selectors.shipments_for(request.actor).select_related("delivery_proof").defer("delivery_proof__content")
    row = get_object_or_404(selectors.with_corrections(selectors.with_lines(rows)), ref=ref)
    at = legal_now()
    fate, until = selectors.fate_if_declared(row, at)
    (row,) = selectors.with_questions(selectors.with_holds([row], at))
    asked = row.questions[-1] if row.state == ShipmentState.QUESTIONED else None
    context = {
        "shipment": row,
        "reasons": selectors.reasons_on_hold(row, at),
        "too_late": fate == licensing.TOO_LATE,
        "over": row.past_on(legal_day(at)),
        "declare_by": until and legal_day(until - INSTANT),
        "again_on": until and legal_day(until),
        "verbs": open_verbs(row, request.actor),
        **offered(request, row, "shipment" if request.actor.kind == "exporter" else "desk.shipment", failed),
        "open_question": asked,
        "questions": [one for one in row.questions if one is not asked],
        "not_to_credit": row.license.not_to_credit(legal_day(at)),
        "history": told(lines_of(row), request.actor),
        "destination": Country.objects.filter(pk=row.destination).first(),
    }
    return render(request, "shipments/shipment_page.html", context, status=failed.status if failed else 200)


def shipment_cancel(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(selectors.with_lines(selectors.shipments_for(request.actor)), ref=ref)
    if elsewhere := not_open(request, row, "cancel", "shipment"):
        return elsewhere
    today = legal_today()
    if request.method == "POST":
        lapses = actions.cancel(ref, by=request.actor).license.over_on(today)
        said = _("Cancelled. The license is over, so its quantity has lapsed.")
        messages.success(request, said if lapses else _("Cancelled. Its quantity is free again."))
        return redirect("shipment", ref=ref)
    context = {"shipment": row, "lapses": row.license.over_on(today)}
    return render(request, "shipments/shipment_cancel.html", context)


@of_one_moment
def incident(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    """Officers: one incident, what was reported, who follows it and what was found out."""
    rows = selectors.incidents_for(request.actor).select_related("shipment__exporter__organization")
    row = get_object_or_404(rows, ref=ref)
    history = told(lines_of(row), request.actor)
    context = {
        "incident": row,
        **offered(request, row, "desk.incident", failed),
        "history": history,
        "end": history[-1] if row.handling.ended_at else None,
        "siblings": selectors.incidents_for(request.actor)
        .filter(message_id=row.message_id, shipment=row.shipment)
        .exclude(pk=row.pk),
    }
    return render(request, "shipments/incident_page.html", context, status=failed.status if failed else 200)
