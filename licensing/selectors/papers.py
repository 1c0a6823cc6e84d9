"""Whoever of the ministry sees a case, a license or a company reads the papers that its steps left, as its holder does;
customs the certificate of a license, and nothing else."""

from django.db.models import Q, QuerySet

from core.access import Actor
from core.models import Paper
from core.selectors import reaches_documents
from exporters.selectors import exporters_for
from licensing.models import License
from licensing.selectors.applications import applications_for
from licensing.selectors.inquiries import inquiries_for
from licensing.selectors.licenses import licenses_for


@reaches_documents
def papers(actor: Actor) -> QuerySet[Paper, int]:
    if actor.kind == "customs":
        return _certificates(licenses_for(actor)).values_list("document_id", flat=True)
    if actor.kind != "ministry":
        return Paper.objects.none().values_list("document_id", flat=True)
    cases = Q(line__subject_kind="application", line__subject_id__in=applications_for(actor).order_by().values("pk"))
    held = Q(line__subject_kind="license", line__subject_id__in=licenses_for(actor).order_by().values("pk"))
    asked = Q(line__subject_kind="inquiry", line__subject_id__in=inquiries_for(actor).order_by().values("pk"))
    companies = Q(line__subject_kind="exporter", line__subject_id__in=exporters_for(actor).order_by().values("pk"))
    return Paper.objects.filter(cases | held | asked | companies).order_by().values_list("document_id", flat=True)


def certificates_of(license: License) -> QuerySet[Paper]:
    """That of the whole license, without the files' bytes."""
    found = _certificates(License.objects.filter(pk=license.pk))
    return found.select_related("line", "document").defer("document__content", "data")


def _certificates(licenses: QuerySet[License]) -> QuerySet[Paper]:
    keys = licenses.order_by().values("pk")
    rows = Paper.objects.filter(kind="certificate", line__subject_kind="license", line__subject_id__in=keys)
    return rows.order_by("line__at", "pk")
