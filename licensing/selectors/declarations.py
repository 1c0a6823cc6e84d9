"""Which declarations somebody sees."""

from collections.abc import Iterable
from datetime import date

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum

from core.access import Actor, visibility
from core.history import lines_of
from core.models import Document, HistoryLine
from core.selectors import bears_proposals, reaches_documents, whoever_may
from exporters.selectors import seen_by
from licensing.models import (
    Application,
    ApplicationEndUser,
    ApplicationLine,
    Declaration,
    DeclarationEntry,
    License,
    LicenseEndUser,
)
from licensing.states import UNISSUED, DeclarationState


@bears_proposals("declaration")
def declarations_for(actor: Actor) -> QuerySet[Declaration]:
    rows = Declaration.objects.select_related(
        "exporter__organization", "end_user__country", "end_use", "certificate"
    ).defer("certificate__content")
    asked = DeclarationEntry.objects.filter(declaration=OuterRef("pk"))
    return seen_by(actor, rows, "desk.case", sent=~Declaration.UNSENT | Q(Exists(asked)))


def usable_declarations(actor: Actor) -> QuerySet[Declaration]:
    """Declarations that an application may rely on."""
    return declarations_for(actor).filter(Declaration.NAMED)


def signed_in_time(row: Declaration, today: date) -> bool:
    """An application that is begun today could be filed on it by the day of its signature: one that plans to begin
    today or later, or a change of a license in force, which counts from that one's first day."""
    last = row.last_start
    if last is None or row.recent_for(today):
        return True
    return License.objects.filter(License.changed_since(last, today), exporter=row.exporter_id).exists()


def expiring_declarations(today: date) -> QuerySet[Declaration]:
    """Those that are verified, were not signed in time for what begins today, and wait for no filed case: they will
    carry no license."""
    last_start = Declaration.last_start_by(OuterRef(OuterRef("signed_on")))
    changed = License.objects.filter(License.changed_since(last_start, today), exporter=OuterRef("exporter"))
    waited_for = Application.objects.filter(state__in=UNISSUED, end_users__declaration=OuterRef("pk"))
    rows = Declaration.objects.alias(starts_by=Declaration.last_start_by(F("signed_on")))
    return rows.filter(~Exists(changed), ~Exists(waited_for), state=DeclarationState.VERIFIED, starts_by__lt=today)


def with_uses(rows: QuerySet[Declaration]) -> QuerySet[Declaration]:
    """Each knows the references of the cases that were filed on it (`used_for`), the newest first."""
    filed = ApplicationEndUser.objects.filter(declaration=OuterRef("pk"), application__submitted_at__isnull=False)
    return rows.annotate(used_for=ArraySubquery(filed.order_by("-application_id").values("application__ref")))


def reliable_declarations(end_users: Iterable[int]) -> QuerySet[Declaration]:
    """What the end-users with these keys declared that a case may be filed on, the newest first."""
    return Declaration.objects.filter(Declaration.RELIABLE, end_user__in=end_users).select_related("end_user")


def with_thread(rows: QuerySet[Declaration]) -> QuerySet[Declaration]:
    """Declarations with what was asked and said; the files' bytes stay where they are."""
    files = Prefetch("files", Document.objects.defer("content"))
    return rows.prefetch_related(
        Prefetch("thread", DeclarationEntry.objects.select_related("by").prefetch_related(files))
    )


def asked_by(pk: int) -> list[str]:
    """The e-mail of the officer who asked last, as long as he can act on it."""
    last = DeclarationEntry.objects.filter(declaration=pk, kind=DeclarationEntry.Kind.ASK).last()
    if last is None:
        return []
    return list(whoever_may("declaration.verify").filter(user=last.by_id).values_list("user__email", flat=True))


def ending(row: Declaration) -> HistoryLine | None:
    """With what the declaration was rejected, replaced, found invalid, or expired; None while no such thing
    happened."""
    return lines_of(row).filter(verb__in=["reject", "supersede", "expire", "invalidate"]).last()


def relying_on(row: Declaration) -> QuerySet[LicenseEndUser]:
    """Whom licenses name on this declaration, and may still close."""
    rows = LicenseEndUser.objects.filter(declaration=row, license__in=License.objects.filter(License.MAY_LEAVE))
    return rows.select_related("license", "party").order_by("-license")


def asked_on(row: Declaration) -> list[tuple[str, str, int]]:
    """How much the undecided cases that name it ask of what it covers: code, unit, and base units together."""
    undecided = ApplicationLine.objects.filter(
        application__state__in=UNISSUED,
        application__end_users__declaration=row,
        control_item__in=row.items.values("control_item"),
    )
    sums = undecided.order_by("control_item__code", "unit").values_list("control_item__code", "unit")
    return [(code, unit, int(much)) for code, unit, much in sums.annotate(much=Sum("quantity"))]


@visibility("declaration")
def declaration_visible(actor: Actor, ref: str) -> bool:
    return declarations_for(actor).filter(ref=ref).exists()


@reaches_documents
def certificates(actor: Actor) -> QuerySet[Declaration, int | None]:
    return declarations_for(actor).order_by().values_list("certificate_id", flat=True)


@reaches_documents
def replies(actor: Actor) -> QuerySet[Declaration, int | None]:
    return declarations_for(actor).order_by().values_list("thread__files", flat=True)
