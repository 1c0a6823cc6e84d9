"""Shipments' lists."""

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core import provinces
from core.access import Actor
from core.decided import filled
from core.legal_time import legal_now, legal_today
from core.quantities import show
from core.web.lists import Choice, Column, List, Listing, View, countries, days, state_word
from shipments import selectors
from shipments.models import Incident, Shipment
from shipments.states import UNREPORTED, ShipmentState


def _held(_request: HttpRequest, listing: Listing) -> dict[str, Any]:
    """Each shipment of the page knows whether its license can be used for it now."""
    selectors.with_holds(listing.rows, legal_now())
    return {}


def _asked(request: HttpRequest, _listing: Listing) -> dict[str, Any]:
    """Above the incidents: where customs waits for an answer."""
    return {"asked": selectors.with_questions(selectors.questioned(request.actor)[:ASKED_MOST])}


ASKED_MOST = 20  # questions of customs above the list; those after them follow when these are answered

SHIPMENTS = List(
    route="shipments",
    template="shipments/shipment_list.html",
    rows=selectors.shipments_for,
    whole=selectors.with_lines,
    columns=(
        Column("ref", _("Shipment"), lambda row: row.ref),
        Column(
            "client_reference", _("Your reference"), lambda row: row.client_reference, ("client_reference__folded",)
        ),
        Column("license", _("License"), lambda row: row.license.ref),
        Column("state", _("State"), state_word),
        Column("created", _("Recorded"), lambda row: row.created_at, ("pk",)),
        Column("end_user", _("End-user"), lambda row: row.end_user, ("end_user__name__folded",)),
        Column("consignee", _("Consignee"), lambda row: row.consignee),
        Column("destination", _("Destination"), lambda row: row.destination),
        Column("port", _("Port"), lambda row: row.port),
        Column("planned", _("Planned"), lambda row: row.planned_on, ("planned_on",)),
        Column("declaration", _("Customs declaration"), lambda row: row.declaration_no),
        Column("line", _("License line"), lambda line: line.line_number, part=True),
        Column("quantity", _("Quantity"), lambda line: show(line.quantity, line.unit), part=True),
        Column("drawn", _("Cleared"), lambda line: show(line.drawn + line.over_cleared, line.unit), part=True),
        Column("unit", _("Unit"), lambda line: line.unit, part=True),
    ),
    parts=lambda row: row.lines.all(),
    order="-created",
    search=(
        "ref",
        "client_reference",
        "declaration_no",
        "license__ref",
        "end_user__name",
        "end_user__name_local",
        "consignee__name",
        "consignee__name_local",
        "license__lines__description",
        "license__lines__control_item__code",
        "license__lines__control_item__description_en",
        "license__lines__control_item__description_zh",
    ),
    hint=_("Shipment, your reference, license, end-user, goods"),
    more=_held,
    filters=(
        Choice("state", _("State"), _("Any state"), ShipmentState.choices),
        Choice("destination", _("Destination"), _("Any destination"), countries),
        *days("planned_on", _("Planned from"), _("Planned until")),
    ),
)

INCIDENTS = List(
    route="desk.incidents",
    template="shipments/incident_list.html",
    rows=selectors.incidents_for,
    columns=(
        Column("ref", _("Incident"), lambda row: row.ref),
        Column("kind", _("What happened"), lambda row: row.get_kind_display()),
        Column("text", _("As reported"), lambda row: row.report),
        Column("shipment", _("Shipment"), lambda row: row.shipment and row.shipment.ref),
        Column("license", _("License"), lambda row: row.shipment and row.shipment.license.ref),
        Column("message", _("Message"), lambda row: row.message_id),
        Column("opened", _("When"), lambda row: row.opened_at, ("pk",)),
        Column("owner", _("Who has it"), lambda row: row.handling.owner),
        Column("ended", _("Ended on"), lambda row: row.handling.ended_at),
    ),
    order="-opened",
    search=(
        "ref",
        "text",
        "message_id",
        "shipment__ref",
        "shipment__client_reference",
        "shipment__license__ref",
        "shipment__exporter__organization__name_en",
        "shipment__exporter__organization__name_zh",
        "shipment__end_user__name",
        "shipment__end_user__name_local",
    ),
    hint=_("Incident, shipment, license, exporter, message"),
    more=_asked,
    filters=(
        Choice("kind", _("Kind of incident"), _("Any kind"), Incident.Kind.choices),
        *days("opened_at", _("Opened from"), _("Opened until"), instant=True),
    ),
    views=(
        View("open", _("All open"), partial(selectors.incidents_in, view="open")),
        View("mine", _("Mine"), partial(selectors.incidents_in, view="mine")),
        View("all", _("All, ended too"), partial(selectors.incidents_in, view="all")),
    ),
    prefer=("open",),
)


def _long(rows: QuerySet[Shipment], actor: Actor) -> QuerySet[Shipment]:
    return rows.filter(Shipment.barring_on(legal_today()))


def _reported(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    today = legal_today()
    for row in listing.rows:
        row.report = row.report_on(today)
    return {}


REPORTS = List(
    route="desk.reports",
    template="shipments/report_list.html",
    rows=lambda actor: selectors.overdue_reports(actor, legal_today()),
    columns=(
        Column("shipment", _("Shipment"), lambda row: row.ref),
        Column("exporter", _("Exporter"), lambda row: row.exporter, ("exporter__organization__name_en__folded",)),
        Column("license", _("License"), lambda row: row.license.ref),
        Column("end_user", _("End-user"), lambda row: row.end_user),
        Column("state", _("State"), state_word),
        Column("cleared", _("Cleared"), lambda row: row.cleared_at),
        Column("due", _("Report due"), lambda row: row.report_due_on, ("report_due_on",)),
        Column("late", _("Days late"), lambda row: row.report_on(legal_today()).days_late),
    ),
    more=_reported,
    order="due",
    search=(
        "ref",
        "client_reference",
        "license__ref",
        "exporter__organization__name_en",
        "exporter__organization__name_zh",
        "exporter__uscc",
        "end_user__name",
        "end_user__name_local",
    ),
    hint=_("Shipment, license, exporter, end-user"),
    filters=(
        Choice("state", _("State"), _("Any state"), [(state, state.label) for state in UNREPORTED]),
        Choice("province", _("Province"), _("Any province"), provinces.choices, path="exporter__province"),
        *days("report_due_on", _("Due from"), _("Due until")),
    ),
    views=(
        View("long", filled(_("Over {days} days: nothing new is reserved"), days="shipments.models.LATE_DAYS"), _long),
        View("all", _("All overdue"), lambda rows, actor: rows),
    ),
    prefer=("all",),
)
