"""Who sees which cases, declarations and licenses; lists and look-ups."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet

from core.access import Actor, visibility
from core.models import Document, HistoryLine
from core.search import search, words_of
from core.selectors import reaches_documents
from exporters.selectors import of_province
from licensing import policy
from licensing.models import (
    Application,
    ControlItem,
    Declaration,
    Instrument,
    License,
    PolicyEdition,
    Question,
    QuestionEntry,
    Suspension,
)
from licensing.models.balances import ClearanceCount, LicenseLine, Movement
from licensing.states import IN_FORCE, OPEN_CASE, ApplicationState, DeclarationState, LicenseState


def regime() -> policy.Regime:
    """The rules as loaded, frozen."""
    edition = PolicyEdition.objects.order_by("in_force_from", "pk").values_list("code", flat=True).last() or "none"
    instruments = Instrument.objects.prefetch_related("suspensions")
    return policy.Regime(
        edition,
        {
            row.pk: policy.InstrumentFacts(
                row.pk,
                row.effective_from,
                tuple(policy.Window(w.suspended_from, w.suspended_until, w.clause) for w in row.suspensions.all()),
            )
            for row in instruments
        },
    )


ITEM_SEARCH = ("code", "element", "category", "description_en", "description_zh", "hs_codes")


def search_items(*, q: str = "", code: str = "", list_name: str = "") -> QuerySet[ControlItem]:
    """The control list, narrowed by words (code, HS code, element, English, 中文), a code's start, or a list."""
    items = ControlItem.objects.select_related("instrument").order_by("pk")
    if code:
        items = items.filter(code__istartswith=code)
    if list_name:
        items = items.filter(list_name=list_name)
    return search(items, ITEM_SEARCH, words_of(q))


def applicable_items() -> QuerySet[ControlItem]:
    """What a domestic exporter may apply for."""
    return ControlItem.objects.filter(official=True).order_by("pk")


def applications_for(actor: Actor) -> QuerySet[Application]:
    """An exporter's own; officers see every case that was ever submitted."""
    rows = Application.objects.select_related("exporter__organization", "reviewer")
    if actor.kind == "exporter":
        return rows.filter(exporter_id=actor.organization_id)
    if actor.kind == "ministry" and actor.may("desk.case", "GET"):
        return of_province(rows, actor, "exporter__province").exclude(submitted_at=None)
    return rows.none()


def with_parts(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Lists show goods and end-users: two more queries, however many rows."""
    return rows.prefetch_related("lines__control_item", "end_users__party__country")


def with_questions(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Cases with the whole thread of each question; the files' bytes stay where they are."""
    entries = QuestionEntry.objects.select_related("by").prefetch_related(
        Prefetch("files", Document.objects.defer("content"))
    )
    questions = Question.objects.select_related("asked_by").prefetch_related(Prefetch("entries", entries))
    return rows.prefetch_related(Prefetch("questions", questions))


def open_questions(actor: Actor) -> QuerySet[Question]:
    """What the actor's cases that wait for an answer are still asked, each with its thread."""
    waiting = applications_for(actor).filter(state=ApplicationState.AWAITING_APPLICANT)
    rows = Question.objects.still_open().filter(application__in=waiting.order_by().values("pk"))
    return rows.select_related("application").prefetch_related("entries")


def with_news(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Cases that say whether an answer waits to be read."""
    return rows.annotate(has_news=_news())


def _news() -> Exists:
    return Exists(Question.objects.with_news().filter(application=OuterRef("pk")))


def in_queue(rows: QuerySet[Application], actor: Actor, view: str) -> QuerySet[Application]:
    """Those of the cases that lie in this part of the desk. Mine are also those where an answer waits to be read."""
    match view:
        case "mine":
            answered = Q(_news(), state=ApplicationState.AWAITING_APPLICANT)
            return rows.filter(Q(state=ApplicationState.UNDER_REVIEW) | answered, reviewer_id=actor.user.pk)
        case "unassigned":
            return rows.filter(state__in=[ApplicationState.SUBMITTED, ApplicationState.ACCEPTED])
        case "waiting":
            return rows.filter(state__in=[ApplicationState.AWAITING_APPLICANT, ApplicationState.AWAITING_DECISION])
        case "decided":
            return rows.exclude(state__in=OPEN_CASE)
        case _:
            return rows.filter(state__in=OPEN_CASE)


def to_countersign(actor: Actor) -> QuerySet[Application]:
    """Cases that others took and recommended in the present round, and approvals still to be issued."""
    rows = applications_for(actor).filter(state__in=[ApplicationState.AWAITING_DECISION, ApplicationState.APPROVED])
    mine = Q(reviewer_id=actor.user.pk) | Q(
        pk__in=Application.objects.filter(
            steps__actor_id=actor.user.pk, steps__step="recommend", steps__round=F("round")
        ).values("pk")
    )
    return rows.exclude(mine & Q(state=ApplicationState.AWAITING_DECISION)).order_by("accepted_on", "pk")


def declarations_for(actor: Actor) -> QuerySet[Declaration]:
    rows = Declaration.objects.select_related(
        "exporter__organization", "end_user__country", "end_use", "certificate"
    ).defer("certificate__content")
    if actor.kind == "exporter":
        return rows.filter(exporter_id=actor.organization_id)
    if actor.kind == "ministry" and actor.may("desk.case", "GET"):
        seen = of_province(rows, actor, "exporter__province")
        return seen.exclude(state__in=[DeclarationState.DRAFT, DeclarationState.SIGNED])
    return rows.none()


def usable_declarations(actor: Actor) -> QuerySet[Declaration]:
    """Declarations that an application may rely on."""
    return declarations_for(actor).exclude(state=DeclarationState.REJECTED)


def licenses_for(actor: Actor) -> QuerySet[License]:
    """An exporter's own; officers and customs see all."""
    rows = License.objects.select_related("exporter__organization", "application")
    if actor.kind == "exporter":
        return rows.filter(exporter_id=actor.organization_id)
    if actor.kind == "ministry" and actor.may("desk.license", "GET"):
        return of_province(rows, actor, "exporter__province")
    if actor.kind == "customs":
        return rows
    return rows.none()


def with_balances(rows: QuerySet[License]) -> QuerySet[License]:
    """Licenses with lines, end-users and open suspensions, whatever their number in the same few queries."""
    return rows.prefetch_related(
        Prefetch("lines", LicenseLine.objects.select_related("control_item").order_by("number")),
        "end_users__party__country",
        "consignees",
        "conditions",
        Prefetch("suspensions", Suspension.objects.filter(ended_at=None), to_attr="open_suspensions"),
    )


def with_decision(rows: QuerySet[License]) -> QuerySet[License]:
    """Licenses with what was asked and what was decided (licensing.granted), in the same few queries."""
    return rows.prefetch_related(
        "application__lines__control_item",
        "application__end_users__party__country",
        "application__steps__lines__line",
        "application__steps__end_users",
    )


def in_force(actor: Actor) -> QuerySet[License]:
    return licenses_for(actor).filter(state__in=IN_FORCE)


def movements_of(license: License) -> QuerySet[Movement]:
    return Movement.objects.filter(license_id=license.pk).order_by("id")


def clearances_taken(licenses: Iterable[License]) -> dict[int, int]:
    """How many shipments hold, or have drawn, some of each license: as counted where they are limited; two queries."""
    unlimited = [license.pk for license in licenses if license.max_clearances is None]
    kinds = (
        Movement.objects.filter(license_id__in=unlimited, shipment_id__isnull=False)
        .values("license_id", "shipment_id")
        .annotate(
            drawn=Count("id", filter=Q(kind__in=["draw", "over_clear"])), released=Count("id", filter=Q(kind="release"))
        )
    )
    counted = ClearanceCount.objects.filter(license_id__in=[license.pk for license in licenses])
    counts = {license.pk: 0 for license in licenses} | dict(counted.values_list("license_id", "taken"))
    for row in kinds:
        counts[row["license_id"]] += 1 if row["drawn"] or not row["released"] else 0
    return counts


def clearances_used(licenses: Iterable[License]) -> dict[int, int]:
    """How many shipments have drawn some of each license: of those taken, the rest are only reserved; one query."""
    drawn = (
        Movement.objects.filter(
            license_id__in=[license.pk for license in licenses],
            shipment_id__isnull=False,
            kind__in=[Movement.Kind.DRAW, Movement.Kind.OVER_CLEAR],
        )
        .values("license_id")
        .annotate(shipments=Count("shipment_id", distinct=True))
    )
    return {license.pk: 0 for license in licenses} | {row["license_id"]: row["shipments"] for row in drawn}


def changed_since(actor: Actor, since: datetime) -> QuerySet[License]:
    """The actor's licenses that came back into force, or ended, since then."""
    rows = licenses_for(actor)
    return rows.filter(pk__in=_turns(rows.order_by().values("pk"), since).values("subject_id"))


def turns_of(licenses: Iterable[int], since: datetime) -> list[HistoryLine]:
    """The last line of each that says so, oldest first."""
    return list({line.subject_id: line for line in _turns(licenses, since).order_by("at", "pk")}.values())


def _turns(licenses: Any, since: datetime) -> QuerySet[HistoryLine]:
    return HistoryLine.objects.filter(
        Q(verb="lift", to_state=LicenseState.ACTIVE) | Q(verb__in=["expire", "exhaust"]),
        subject_kind="license",
        subject_id__in=licenses,
        at__gte=since,
    )


def licenses_past(today: date, limit: int) -> list[int]:
    """Licenses whose last day is over and that still say they are in force."""
    return list(
        License.objects.filter(state__in=IN_FORCE, usable_until__lt=today)
        .order_by("pk")
        .values_list("pk", flat=True)[:limit]
    )


def licenses_ending(today: date, by: date) -> list[int]:
    return list(
        License.objects.filter(state__in=IN_FORCE, usable_until__gte=today, usable_until__lte=by)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


@visibility("application")
def application_visible(actor: Actor, ref: str) -> bool:
    return applications_for(actor).filter(ref=ref).exists()


@visibility("declaration")
def declaration_visible(actor: Actor, ref: str) -> bool:
    return declarations_for(actor).filter(ref=ref).exists()


@visibility("license")
def license_visible(actor: Actor, ref: str) -> bool:
    return licenses_for(actor).filter(ref=ref).exists()


@reaches_documents
def certificates(actor: Actor) -> QuerySet[Declaration, int | None]:
    return declarations_for(actor).order_by().values_list("certificate_id", flat=True)


@reaches_documents
def papers(actor: Actor) -> QuerySet[Application, int]:
    return applications_for(actor).order_by().values_list("documents__document_id", flat=True)


@reaches_documents
def answers(actor: Actor) -> QuerySet[Application, int]:
    return applications_for(actor).order_by().values_list("questions__entries__files", flat=True)
