"""Whoever of the ministry sees a case or a license reads the papers that its steps left, as its holder does."""

from django.db.models import Q, QuerySet

from core.access import Actor
from core.models import Paper
from core.selectors import reaches_documents
from licensing.selectors.applications import applications_for
from licensing.selectors.inquiries import inquiries_for
from licensing.selectors.licenses import licenses_for


@reaches_documents
def papers(actor: Actor) -> QuerySet[Paper, int]:
    if actor.kind != "ministry":
        return Paper.objects.none().values_list("document_id", flat=True)
    cases = Q(line__subject_kind="application", line__subject_id__in=applications_for(actor).order_by().values("pk"))
    held = Q(line__subject_kind="license", line__subject_id__in=licenses_for(actor).order_by().values("pk"))
    asked = Q(line__subject_kind="inquiry", line__subject_id__in=inquiries_for(actor).order_by().values("pk"))
    return Paper.objects.filter(cases | held | asked).order_by().values_list("document_id", flat=True)
