"""Which declarations somebody sees."""

from django.db.models import QuerySet

from core.access import Actor, visibility
from core.history import lines_of
from core.models import HistoryLine
from core.selectors import reaches_documents
from exporters.selectors import of_province
from licensing.models import Declaration
from licensing.states import DeclarationState


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
    return declarations_for(actor).filter(Declaration.NAMED)


def rejection(row: Declaration) -> HistoryLine | None:
    """With what the ministry rejected the declaration; None when it did not."""
    return lines_of(row).filter(verb="reject").last()


@visibility("declaration")
def declaration_visible(actor: Actor, ref: str) -> bool:
    return declarations_for(actor).filter(ref=ref).exists()


@reaches_documents
def certificates(actor: Actor) -> QuerySet[Declaration, int | None]:
    return declarations_for(actor).order_by().values_list("certificate_id", flat=True)
