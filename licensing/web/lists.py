"""Licensing's lists: cases, licenses, declarations, as their holders and as officers look through them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.access import Actor
from core.history import open_verbs
from core.legal_time import legal_now, legal_today
from core.quantities import show
from core.selectors import table_end, table_ends_before
from core.web.lists import Choice, Column, Day, List, Listing, View, countries, days, state_word
from licensing import selectors
from licensing.granted import decided, recommended
from licensing.models import Declaration, Inquiry, Kind
from licensing.models.reconsiderations import contested
from licensing.states import ApplicationState, DeclarationState, InquiryState, LicenseState
from licensing.web.merges import offers

TABLE_WARNING = timedelta(days=60)
NO_DAY, NO_INSTANT = Value(date(9999, 12, 31)), Value(datetime(9999, 12, 31, tzinfo=UTC))


def end_users(row: Any) -> str:
    return "; ".join(f"{user.party}, {user.party.country}" for user in row.end_users.all())


# --- applications -----------------------------------------------------------------------------------------

CASE_COLUMNS = (
    Column("ref", _("Case"), lambda row: row.ref),
    Column("kind", _("Kind"), lambda row: row.get_kind_display()),
    Column("state", _("State"), state_word),
    Column("created", _("Started"), lambda row: row.created_at, ("pk",)),
    Column("filed", _("Filed"), lambda row: row.submitted_at, (Coalesce("submitted_at", NO_INSTANT),)),
    Column("end_users", _("End-users"), end_users),
    Column("code", _("Control code"), lambda line: line.control_item.code, part=True),
    Column("goods", _("Goods"), lambda line: line.description, part=True),
    Column("quantity", _("Quantity"), lambda line: show(line.quantity, line.unit), part=True),
    Column("unit", _("Unit"), lambda line: line.unit, part=True),
)


def granted(line: Any) -> str:
    """How much of the line was granted; empty as long as nothing is decided, none where it was refused."""
    case = line.application
    found = decided(case)
    quantities = {one.pk: quantity for one, quantity in found.lines} if found else {}
    return show(quantities.get(line.pk, 0), line.unit) if case.decided_at else ""


GRANTED = Column("granted", _("Granted"), granted, part=True)
COMPANY = Column("exporter", _("Exporter"), lambda row: str(row.exporter), ("exporter__organization__name_en__folded",))
COMPANY_SEARCH = (
    "exporter__organization__name_en",
    "exporter__organization__name_zh",
    "exporter__uscc",
)
KIND = Choice("kind", _("Kind"), _("Any kind"), Kind.choices)
DESTINATION = Choice("destination", _("Destination"), _("Any destination"), countries, path="destinations__contains")


def _applications_more(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    """Each case of the page knows by when its applicant may answer to an intent to refuse it."""
    intents = selectors.open_intents(request.actor, legal_today())
    until = {intent.recommendation.application_id: intent.due_on for intent in intents}
    for row in listing.rows:
        row.answer_by = until.get(row.pk)
    return {"offers": offers(request.actor, legal_now())}


APPLICATIONS = List(
    route="applications",
    template="licensing/application_list.html",
    rows=selectors.applications_for,
    whole=selectors.with_parts,
    filed=selectors.with_steps,
    columns=(*CASE_COLUMNS, GRANTED),
    parts=lambda row: row.lines.all(),
    order="-created",
    more=_applications_more,
    search=selectors.CASE_SEARCH,
    hint=_("Case, end-user, goods, code"),
    filters=(
        Choice("state", _("State"), _("Any state"), ApplicationState.choices),
        KIND,
        *days("submitted_at", _("Filed from"), _("Filed until"), instant=True),
    ),
)


def first_for(rows: list[Any], actor: Actor) -> Any:
    """The first of the cases that waits for this officer; a colleague's, or the exporter's turn, is none, nor what is
    contested, which has a list of its own."""
    return next((row for row in rows if not row.contested and _is_work(row, actor)), None)


def _is_work(row: Any, actor: Actor) -> bool:
    verbs = set(open_verbs(row, actor))
    if row.reviewer_id and not row.left_alone:
        verbs.discard("assign")
    if row.state == ApplicationState.AWAITING_APPLICANT and not row.has_news:
        verbs &= {"assign"}
    return bool(verbs)


def _queue_view(name: str, label: Any, order: str = "") -> View:
    return View(name, label, partial(selectors.in_queue, view=name), order)


def _queue_whole(rows: QuerySet[Any]) -> QuerySet[Any]:
    rows = selectors.with_days_left(selectors.with_signals(selectors.with_parts(rows)), legal_today())
    return rows.annotate(table_end=table_end())


def _queue_more(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    today = legal_today()
    clocks = selectors.clocks_of([row for row in listing.rows if not row.decided_at], today)
    receipts = selectors.receipts_of(listing.rows, today)
    for row in listing.rows:
        row.clock, row.receipt = clocks.get(row.pk), receipts.get(row.pk)
    ends = table_ends_before(today + TABLE_WARNING, listing.rows[0].table_end if listing.rows else None)
    return {"first": first_for(listing.rows, request.actor), "table_ends": ends, **_handed_over(request, listing)}


def _handed_over(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    """Each approved case of the page knows by when its license is to be issued."""
    handovers = selectors.handovers_of(listing.rows, legal_today())
    for row in listing.rows:
        row.handover = handovers.get(row.pk)
    return {}


def _countersigned(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    """Each case knows what its recommendation grants, too."""
    for row in listing.rows:
        row.proposed = recommended(row)
    return _handed_over(request, listing)


QUEUE = List(
    route="desk",
    template="licensing/desk_queue.html",
    rows=selectors.applications_for,
    whole=_queue_whole,
    filed=selectors.with_steps,
    columns=(
        *CASE_COLUMNS,
        GRANTED,
        COMPANY,
        Column(
            "left",
            _("Working days left"),
            lambda row: None if row.days_left == selectors.NO_CLOCK else row.days_left,
            ("days_left", Coalesce("submitted_at", NO_INSTANT)),
        ),
        Column(
            "since",
            _("Waiting since"),
            lambda row: row.accepted_on,
            (Coalesce("accepted_on", NO_DAY), Coalesce("submitted_at", NO_INSTANT)),
        ),
        Column(
            "decided",
            _("Decided on"),
            lambda row: row.decided_at,
            (Coalesce("decided_at", Value(datetime(1, 1, 1, tzinfo=UTC))),),
        ),
        Column("reviewer", _("Reviewer"), lambda row: row.reviewer),
    ),
    parts=lambda row: row.lines.all(),
    order="left",
    search=(*selectors.CASE_SEARCH, *COMPANY_SEARCH, "reviewer__name"),
    hint=_("Case, exporter, end-user, goods, code, reviewer"),
    more=_queue_more,
    filters=(KIND, DESTINATION, *days("submitted_at", _("Filed from"), _("Filed until"), instant=True)),
    views=(
        _queue_view("mine", _("Mine")),
        _queue_view("unassigned", _("Unassigned")),
        _queue_view("waiting", _("Waiting")),
        _queue_view("open", _("All open")),
        _queue_view("decided", _("Decided"), "-decided"),
    ),
    prefer=("mine", "open"),
)

COUNTERSIGN = List(
    route="desk.countersign",
    template="licensing/desk_countersign.html",
    rows=selectors.to_countersign,
    whole=lambda rows: selectors.with_steps(selectors.with_parts(rows)),
    columns=(*CASE_COLUMNS, COMPANY, Column("accepted", _("Accepted"), lambda row: row.accepted_on, ("accepted_on",))),
    parts=lambda row: row.lines.all(),
    order="accepted",
    search=QUEUE.search,
    hint=QUEUE.hint,
    filters=(KIND, DESTINATION),
    more=_countersigned,
)


def _with_terms(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    """Each case knows how it was contested, and by when that is decided."""
    filed = {row.pk: contested(row) for row in listing.rows}
    said = {contest.pk: row.day_0 for row in listing.rows if (contest := filed[row.pk])}
    terms = selectors.terms_of(filter(None, filed.values()), legal_today(), said)
    for row in listing.rows:
        contest = filed[row.pk]
        row.term = terms[contest.pk] if contest else None
    return {}


def _due(row: Any) -> date | None:
    contest = contested(row)
    term = selectors.term_of(contest, legal_today(), {contest.pk: row.day_0}) if contest else None
    return term and (term.due_on or term.accept_by)


RECONSIDERATIONS = List(
    route="desk.reconsiderations",
    template="licensing/desk_reconsiderations.html",
    rows=lambda actor: selectors.by_term(selectors.to_reconsider(actor)),
    whole=lambda rows: selectors.with_signals(selectors.with_parts(rows)),
    columns=(
        *CASE_COLUMNS,
        COMPANY,
        Column("contested", _("Contested"), lambda row: row.filed_at, ("filed_at", "pk")),
        Column("due", _("Due"), _due, ("ends_at", "pk")),
    ),
    parts=lambda row: row.lines.all(),
    order="due",
    search=QUEUE.search,
    hint=QUEUE.hint,
    filters=(KIND, DESTINATION),
    more=_with_terms,
)

# --- licenses ---------------------------------------------------------------------------------------------


def _held_back(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    """Each license that was replaced knows what holds back what is reserved on it."""
    held = selectors.held_back(listing.rows)
    for row in listing.rows:
        row.held_back = held.get(row.pk)
    return {"today": legal_today()}


# of a license: what changes one is issued with the kind of that one
KIND_OF_A_LICENSE = replace(KIND, choices=[one for one in Kind.choices if one[0] != Kind.AMENDMENT])

LICENSES = List(
    route="licenses",
    template="licensing/license_list.html",
    rows=selectors.licenses_for,
    whole=selectors.with_balances,
    more=_held_back,
    columns=(
        Column("ref", _("Number"), lambda row: row.ref),
        Column("kind", _("Kind"), lambda row: row.get_kind_display()),
        Column("state", _("State"), state_word),
        Column("issued", _("Issued"), lambda row: row.issued_at, ("pk",)),
        Column("first_day", _("First day"), lambda row: row.usable_from),
        Column("last_day", _("Last day"), lambda row: row.usable_until, ("usable_until",)),
        Column("end_users", _("End-users"), end_users),
        Column("code", _("Control code"), lambda line: line.control_item.code, part=True),
        Column("goods", _("Goods"), lambda line: line.description, part=True),
        Column("authorized", _("Authorized"), lambda line: show(line.whole, line.unit), part=True),
        Column("reserved", _("Reserved"), lambda line: show(line.reserved, line.unit), part=True),
        Column("drawn", _("Cleared"), lambda line: show(line.drawn, line.unit), part=True),
        Column("left", _("Left"), lambda line: show(line.available, line.unit), part=True),
        Column("unit", _("Unit"), lambda line: line.unit, part=True),
    ),
    parts=lambda row: row.lines.all(),
    order="-issued",
    search=(
        "ref",
        "application__ref",
        "end_users__party__name",
        "end_users__party__name_local",
        "lines__description",
        "lines__control_item__code",
        "lines__control_item__description_en",
        "lines__control_item__description_zh",
    ),
    hint=_("Number, end-user, goods, code"),
    filters=(
        Choice("state", _("State"), _("Any state"), LicenseState.choices),
        KIND_OF_A_LICENSE,
        DESTINATION,
        *days("usable_until", _("Last day from"), _("Last day until")),
    ),
    size=20,
)
CHANGED = [(True, _("Changed since the license was issued"))]
DESK_LICENSES = replace(
    LICENSES,
    route="desk.licenses",
    template="licensing/desk_license_list.html",
    rows=lambda actor: selectors.with_party_changes(selectors.licenses_for(actor)),
    filters=(*LICENSES.filters, Choice("parties", _("Parties"), _("Any"), CHANGED, path="parties_changed")),
    columns=(*LICENSES.columns, COMPANY),
    search=(*LICENSES.search, *COMPANY_SEARCH),
    hint=_("Number, exporter, end-user, goods, code"),
    size=50,
)

# --- declarations -----------------------------------------------------------------------------------------

DECLARATIONS = List(
    route="declarations",
    template="licensing/declaration_list.html",
    rows=selectors.declarations_for,
    columns=(
        Column("ref", _("Declaration"), lambda row: row.ref),
        Column("state", _("State"), state_word),
        Column("created", _("Started"), lambda row: row.created_at, ("pk",)),
        Column("end_user", _("End-user"), lambda row: row.end_user, ("end_user__name__folded",)),
        Column("country", _("Country or region"), lambda row: row.end_user.country),
        Column("product", _("Product"), lambda row: row.product),
        Column("end_use", _("End-use"), lambda row: row.end_use),
        Column("signed", _("Signed on"), lambda row: row.signed_on, (Coalesce("signed_on", NO_DAY),)),
        Column("original", _("Paper original received on"), lambda row: row.original_received_on),
    ),
    order="-created",
    search=(
        "ref",
        "product",
        "end_user__name",
        "end_user__name_local",
        "items__control_item__code",
        "items__control_item__description_en",
        "items__control_item__description_zh",
    ),
    hint=_("Declaration, end-user, product, code"),
    filters=(
        Choice("state", _("State"), _("Any state"), DeclarationState.choices),
        Choice("country", _("Country or region"), _("Any country"), countries, path="end_user__country"),
        *days("signed_on", _("Signed from"), _("Signed until")),
    ),
)


def _waiting(rows: QuerySet, actor: Actor) -> QuerySet:
    return rows.filter(Declaration.TO_VERIFY)


def _looked_at(rows: QuerySet, actor: Actor) -> QuerySet:
    return rows.exclude(Declaration.TO_VERIFY | Declaration.EXPORTERS_TURN)


DESK_DECLARATIONS = replace(
    DECLARATIONS,
    route="desk.declarations",
    template="licensing/desk_declaration_list.html",
    columns=(*DECLARATIONS.columns, COMPANY),
    search=(*DECLARATIONS.search, *COMPANY_SEARCH),
    hint=_("Declaration, exporter, end-user, product, code"),
    filters=DECLARATIONS.filters[1:],
    views=(
        View("waiting", _("To verify"), _waiting, "created"),
        View("exporter", _("With the exporter"), lambda rows, actor: rows.filter(Declaration.EXPORTERS_TURN)),
        View("paper", _("Original not here"), lambda rows, actor: rows.filter(Declaration.AWAITS_ORIGINAL)),
        View("seen", _("Looked at already"), _looked_at),
    ),
    prefer=("waiting",),
)

# --- item inquiries ---------------------------------------------------------------------------------------


INQUIRIES = List(
    route="inquiries",
    template="licensing/inquiry_list.html",
    rows=selectors.inquiries_for,
    columns=(
        Column("ref", _("Inquiry"), lambda row: row.ref),
        Column("state", _("State"), state_word),
        Column("asked", _("Asked on"), lambda row: row.asked_at, ("pk",)),
        Column("goods", _("What the goods are"), lambda row: row.description),
        Column("answer", _("Answer"), lambda row: row.answer),
        Column("reason", _("Reason"), lambda row: row.reason),
        Column("edition", _("Edition"), lambda row: row.edition.code if row.edition else ""),
        Column("signed", _("Answered on"), lambda row: row.signed_at),
    ),
    order="-asked",
    search=("ref", "description", "control_item__code", "hs_code"),
    hint=_("Inquiry, goods, code"),
    filters=(Choice("state", _("State"), _("Any state"), InquiryState.choices),),
)


def _open_inquiries(rows: QuerySet, actor: Actor) -> QuerySet:
    return rows.filter(Inquiry.OPEN)


DESK_INQUIRIES = replace(
    INQUIRIES,
    route="desk.inquiries",
    template="licensing/desk_inquiry_list.html",
    whole=selectors.with_answers,
    columns=(*INQUIRIES.columns, COMPANY),
    search=(*INQUIRIES.search, *COMPANY_SEARCH),
    hint=_("Inquiry, exporter, goods, code"),
    filters=(),
    views=(
        View("open", _("To answer"), _open_inquiries, "asked"),
        View("ended", _("Answered or withdrawn"), lambda rows, actor: rows.exclude(Inquiry.OPEN)),
    ),
    prefer=("open",),
)

# --- the control list -------------------------------------------------------------------------------------


def _assessed(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    """Each item, and whether its control is in force on the day asked for."""
    asked = listing.value("as_of")
    on = date.fromisoformat(asked) if asked else legal_today()
    follows = list(selectors.follows_of(request.actor)) if request.actor.may("follows", "GET") else None
    rows = [
        (item, said, next((row for row in follows or () if row.covers(item.code)), None))
        for item, said in selectors.in_force_on(listing.rows, on)
    ]
    return {"rows": rows, "on": on, "follows": follows, "may_follow": request.actor.may("follows")}


CONTROL_LIST = List(
    route="control-list",
    template="licensing/control_list.html",
    rows=lambda actor: selectors.search_items(),
    columns=(
        Column("code", _("Code"), lambda row: row.code, ("pk",)),
        Column("official", _("Official code"), lambda row: _("Yes") if row.official else _("No")),
        Column("list", _("List"), lambda row: row.list_name),
        Column("element", _("Element"), lambda row: row.element),
        Column("category", _("Category"), lambda row: row.category_label),
        Column("description_en", _("What it covers"), lambda row: row.description_en),
        Column("description_zh", _("What it covers, in Chinese"), lambda row: row.description_zh),
        Column("hs_codes", _("Customs goods codes"), lambda row: "; ".join(row.hs_codes)),
        Column("unit", _("Unit"), lambda row: row.unit),
        Column("instrument", _("Instrument"), lambda row: row.instrument),
        Column("confidence", _("Our wording"), lambda row: row.confidence),
        Column("source", _("Source"), lambda row: row.source),
    ),
    order="code",
    search=selectors.ITEM_SEARCH,
    hint=_("Code, HS code, element, English or 中文"),
    filters=(
        Choice("list", _("List"), _("All lists"), lambda: [*selectors.control_lists().items()], path="list_name"),
        Day("as_of", _("As of")),
    ),
    more=_assessed,
)
