"""Which declarations somebody sees."""

from django.db.models import QuerySet

from core.access import Actor, visibility
from core.history import lines_of
from core.models import HistoryLine
from core.selectors import reaches_documents
from exporters.selectors import seen_by
from licensing.models import Declaration


def declarations_for(actor: Actor) -> QuerySet[Declaration]:
    rows = Declaration.objects.select_related(
        "exporter__organization", "end_user__country", "end_use", "certificate"
    ).defer("certificate__content")
    return seen_by(actor, rows, "desk.case", sent=~Declaration.UNSENT)


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
