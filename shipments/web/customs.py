"""The counter: an officer of customs without a program looks up a license or a shipment."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import references
from core.access import Actor
from core.characters import half_width
from core.decided import filled
from core.graphs import has_move
from core.legal_time import legal_day, legal_now
from core.models import Country
from core.states import State
from core.web.lists import by_name
from core.web.steps import Failed, of_one_moment, offered
from exporters.models import Exporter
from exporters.selectors import called_at
from licensing import selectors as licensing
from licensing.elements import show_percents
from licensing.granted import recommended
from licensing.models import License, LicenseEndUser, Obstacle, Suspension
from licensing.papers import checker, proof
from licensing.selectors import HeldBack
from licensing.selectors.floors import passed_on
from licensing.selectors.verified import Opened, opened_by, opened_of
from licensing.states import LicenseState
from licensing.templatetags.licensing import made
from shipments import selectors
from shipments.models import Incident, Shipment
from shipments.states import OPEN_SHIPMENT

FOUND = {
    "customs.license": (License.PREFIX, licensing.licenses_for),
    "customs.shipment": (Shipment.PREFIX, selectors.shipments_for),
}


# A paper's own number; in an extract's stand the first letters of its code, too.
PAPER = re.compile(rf"(?P<number>[^/]+)/\s*[0-9]{{1,4}}(?:\s*-?\s*(?P<mark>[0-9A-Za-z]{{{references.MARK_LENGTH}}}))?")

# What says, though its declaration was in time, that not all of it crosses as usual.
BARS = {Incident.Kind.RULES_FORBADE, Incident.Kind.DECLARATION_USED}


@dataclass(frozen=True)
class Named:
    """What stands in a line of a license, and how the customs codes of its goods begin."""

    description: str
    hs_codes: list[str]


@dataclass(frozen=True)
class AtTheCounter:
    """All that customs sees of a license beside a shipment: can it be used, from when until when, for which goods, and
    on which conditions."""

    ref: str
    state: str
    states: type[State]
    usable_from: date
    usable_until: date
    obstacle: Obstacle | None
    ended: bool  # nothing new leaves on it
    successor: License | None  # of one that was replaced
    held_back: HeldBack | None  # of such a one: what stands in the way of what is reserved on it
    trade_mode: str  # as its case has it; empty where nobody said
    transport_mode: str
    goods: dict[int, Named]  # of each of its lines, by number
    made: dict[int, list[str]]  # of what, by whom and where they are made
    conditions: list[str]


@dataclass(frozen=True)
class Goods:
    """A line of a license and its balance, in base units of `unit`."""

    number: int
    description: str
    code: str
    hs_codes: list[str]
    unit: str
    whole: int
    passed_on: int  # so much of it went over to what took its place
    reserved: int
    drawn: int
    available: int
    over_cleared: int
    not_for: list[LicenseEndUser]


@dataclass(frozen=True)
class EndUser:
    name: str
    country: str
    closed: bool
    ref: str


@dataclass(frozen=True)
class WithPapers(AtTheCounter):
    """And all that it sees on its own page, what is left and what to compare with the papers; nothing of the case."""

    exporter: Exporter
    called: str  # when the license was issued, where that was another name
    lines: list[Goods]
    end_users: list[EndUser]
    consignees: list[str]
    destinations: list[Country]
    ports: list[str]
    max_clearances: int | None
    clearances: tuple[int, int]  # how many are taken, and how many of these were cleared
    open_suspensions: list[Suspension]


def _with_papers(row: License, at: datetime) -> WithPapers:
    """row: with its terms."""
    closings = licensing.closings([row], at)
    free = licensing.open_users(row, closings.get(row.pk, ()))
    licensing.foresee_ends([row], closings, at)
    shared, on = _shared(row, legal_day(at)), passed_on(row)
    behind = shared["held_back"]
    destinations = by_name(Country.objects.filter(pk__in=row.destinations))
    names = {one.pk: str(one) for one in destinations}
    return WithPapers(
        **shared,
        exporter=row.exporter,
        called=called_at(row.exporter, row.issued_at),
        lines=[
            Goods(
                number=line.number,
                description=line.description,
                code=line.control_item.code,
                hs_codes=line.hs_codes,
                unit=line.unit,
                whole=line.whole + on.get(line.pk, 0),
                passed_on=on.get(line.pk, 0),
                reserved=line.reserved,
                drawn=line.drawn,
                available=line.available,
                over_cleared=line.over_cleared,
                not_for=line.not_for,
            )
            for line in row.lines.all()
        ],
        end_users=[
            EndUser(
                name=str(one),
                country=names.get(one.destination, one.destination),
                closed=one not in free or bool(behind and behind.shuts(one.party_id)),
                ref=one.party.ref,
            )
            for one in row.end_users.all()
        ],
        consignees=[str(party) for party in row.consignees.all()],
        destinations=destinations,
        ports=row.ports,
        max_clearances=row.max_clearances,
        clearances=licensing.clearances([row])[row.pk],
        open_suspensions=row.open_suspensions,
    )


def _made(row: License) -> dict[int, list[str]]:
    """What the license says that each line may contain, and what its case says of it; by number."""
    licensing.with_asked([row])
    prefetch_related_objects([row], "application__lines__origin")
    granted = recommended(row.application)
    said = {number: made(line) for number, line in enumerate(granted.licensed if granted else (), 1)}
    codes = granted.goods_codes if granted else {}
    stated = _("Customs goods code in the application: {code}")
    contains = {line.number: show_percents(line.composition) for line in row.lines.all()}
    return {
        number: [
            *([stated.format(code=codes[number])] if codes.get(number) else []),
            *([_("At most {contents}").format(contents=words)] if words else []),
            *said.get(number, ()),
        ]
        for number, words in contains.items()
    }


def _shared(row: License, today: date) -> dict[str, Any]:
    return {
        "ref": row.ref,
        "state": row.state,
        "states": row.states,
        "usable_from": row.usable_from,
        "usable_until": row.usable_until,
        "obstacle": row.obstacle_on(today),
        "ended": row.over_on(today),
        "successor": row.successor if row.state == LicenseState.REPLACED else None,
        "held_back": licensing.held_back([row]).get(row.pk),
        "trade_mode": row.application.get_trade_mode_display(),
        "transport_mode": row.application.get_transport_mode_display(),
        "goods": {line.number: Named(line.description, line.hs_codes) for line in row.lines.all()},
        "made": _made(row),
        "conditions": [str(one) for one in row.conditions.all()],
    }


@dataclass(frozen=True)
class Asked:
    """What was typed: the reference for each route that it may lead to, both where it says neither EL nor SH; none
    where it is a code alone. code: of a paper, or of an extract its first letters."""

    refs: dict[str, str]
    code: str


class NumberForm(forms.Form):
    """A number as a scanner types it, or a person."""

    number = forms.CharField(
        label=gettext_lazy("Number of a license or a shipment"),
        max_length=4_000,  # a code that is scanned is an address with its token
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=filled(
            gettext_lazy(
                "Scan the number or the code of a paper, or type it and press Enter: EL-… or SH-…, with or without "
                "blanks, a paper’s own number (EL-…/1), or its code of {n} letters and digits alone."
            ),
            n="core.references.CODE_LENGTH",
        ),
    )

    def clean_number(self) -> Asked:
        """What it may lead to. Of an address, as the code of a paper has it, number and code; of a paper's own number
        the license, and of whose extract it may be."""
        number, code = half_width(self.cleaned_data["number"]).strip(), ""
        if address := proof.ADDRESS.search(number):
            number, code = address["number"], address["code"] or ""
        elif paper := PAPER.fullmatch(number):
            number, code = paper["number"], paper["mark"] or ""
        elif references.is_code(alone := references.read_code(number)):
            return Asked({}, alone)
        found = {}
        for route, (prefix, _rows) in FOUND.items():
            try:
                found[route] = references.read(number, prefix)
            except ValueError:
                continue
        if not found:
            message = _(
                "That is no such number: after EL- or SH- come {number} letters and digits, the last of which checks "
                "the others; the code of a paper has {code}. Compare it with the paper."
            ).format(number=references.NUMBER_LENGTH, code=references.CODE_LENGTH)
            raise forms.ValidationError(message, "invalid-reference")
        return Asked(found, references.read_code(code))


def _leads_to(said: Asked, actor: Actor) -> str:
    """The address of what has the number, or the code alone; empty where nothing has."""
    if not said.refs:
        license = opened_by(said.code, actor)
        return _of_paper(license, said.code) if license else ""
    for route, ref in said.refs.items():
        row = FOUND[route][1](actor).filter(ref=ref).first()
        if isinstance(row, License):
            return _of_paper(row, said.code)
        if row:
            return reverse(route, kwargs={"ref": ref})
    return ""


def _of_paper(license: License, code: str) -> str:
    """Its page, which knows of whose extract the code is, or the first letters of it that stand in its number; and that
    the code is of no paper of it."""
    path = reverse("customs.license", kwargs={"ref": license.ref})
    found = opened_of(license, code) if code else Opened(license.pk, None)
    if found and not found.end_user:
        return path
    user = license.end_users.select_related("party").get(pk=found.end_user) if found else None
    return f"{path}?{urlencode({'end_user': user.party.ref if user else '?'})}"


def _no_such(said: Asked) -> str:
    if said.refs:
        return _("Nothing has this number. Compare it with the paper.")
    return _("No license has this code. Compare it with the paper, or type the number instead.")


def search(request: HttpRequest) -> HttpResponse:
    """Straight to what has the number; else why not, with what was typed."""
    asked = "number" in request.GET
    form = NumberForm(request.GET if asked else None)
    status = 422 if asked else 200
    if asked and form.is_valid():
        said = form.cleaned_data["number"]
        if there := _leads_to(said, request.actor):
            return redirect(there)
        form.add_error("number", _no_such(said))
        status = 404
    form.fields["number"].widget.attrs["autofocus"] = True
    return render(request, "shipments/customs_search.html", {"form": form}, status=status)


@of_one_moment
def license_page(request: HttpRequest, ref: str) -> HttpResponse:
    """What customs sees of a license, and what is on its way."""
    row = get_object_or_404(licensing.with_terms(licensing.licenses_for(request.actor)), ref=ref)
    now = legal_now()
    rows = selectors.shipments_for(request.actor).filter(license=row, state__in=OPEN_SHIPMENT)
    license = _with_papers(row, now)
    context = {
        "looked_up": license,
        "license": license,
        "usable": not license.obstacle,
        "shipments": selectors.with_holds(selectors.with_lines(rows), now),
        "certificates": licensing.certificates_of(row),
        "sha256": checker.SHA256,
        "number": NumberForm(),
        "extract": next((one for one in license.end_users if one.ref == request.GET.get("end_user")), None),
        "foreign": request.GET.get("end_user") == "?",
    }
    return render(request, "shipments/customs_license.html", context)


def _next(row: Shipment) -> str:
    """What an officer says next of the shipment; of one that is through nothing is expected."""
    return "declare" if has_move(row.declare) else "clear" if has_move(row.clear) else ""


@of_one_moment
def shipment_page(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    """A shipment's lines, and what customs may say of it."""
    rows = selectors.with_corrections(selectors.with_lines(selectors.shipments_for(request.actor)))
    rows = rows.prefetch_related("declarations", "license__lines", "license__conditions")
    (row,) = selectors.with_questions([get_object_or_404(rows, ref=ref)])
    now = legal_now()
    opens = selectors.opened_by_declaration(row.license, row, now)
    forbidden = _next(row) and selectors.fate_by_rules(row, now)[0] == licensing.TOO_LATE
    found = offered(request, row, "customs.shipment", failed)
    license = AtTheCounter(**_shared(row.license, legal_day(now)))
    context = {
        "looked_up": row,
        "shipment": row,
        "license": license,
        "usable": Incident.Kind.LICENSE_NOT_USABLE not in opens and not forbidden,
        "may_cross": _next(row) == "clear"
        and all(one.lawful for one in row.declarations.all())
        and not {one.kind for one in row.incidents.all()} & BARS,
        **found,
        "next": _next(row),
        "gone": Incident.Kind.RESERVATION_GONE in opens,
        "questions": row.questions,
        "not_to_credit": row.license.not_to_credit(legal_day(now)),
        "destination": Country.objects.filter(pk=row.destination).first(),
        "number": NumberForm(),
    }
    return render(request, "shipments/customs_shipment.html", context, status=failed.status if failed else 200)
