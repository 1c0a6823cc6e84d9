"""Which item inquiries somebody sees."""

from django.db.models import Exists, OuterRef, QuerySet

from core.access import Actor, visibility
from core.models import Proposal
from core.selectors import bears_proposals, reaches_documents
from exporters.selectors import seen_by
from licensing.models import Inquiry
from licensing.states import InquiryState


@bears_proposals("inquiry")
def inquiries_for(actor: Actor) -> QuerySet[Inquiry]:
    rows = Inquiry.objects.select_related("exporter__organization", "control_item", "edition")
    return seen_by(actor, rows.defer("edition__text"), "desk.inquiry")


def with_answers(rows: QuerySet[Inquiry]) -> QuerySet[Inquiry]:
    """Inquiries that know whether an answer waits for a second officer."""
    waiting = Proposal.objects.filter(subject_kind="inquiry", subject_id=OuterRef("pk"), decided_at=None)
    return rows.annotate(answer_waits=Exists(waiting))


def inquiries_to_cite(actor: Actor) -> list[Inquiry]:
    """Answers that a line may rest on, the newest first."""
    return list(inquiries_for(actor).filter(state=InquiryState.SIGNED, control_item__isnull=False))


@visibility("inquiry")
def inquiry_visible(actor: Actor, ref: str) -> bool:
    return inquiries_for(actor).filter(ref=ref).exists()


@reaches_documents
def papers_of_inquiries(actor: Actor) -> QuerySet[Inquiry, int | None]:
    return inquiries_for(actor).order_by().values_list("files", flat=True)
