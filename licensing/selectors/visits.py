"""What officers found where goods of a license, or for an end-user, arrived; and who opens the papers of that."""

from collections.abc import Collection
from typing import Any

from django.db.models import Prefetch, QuerySet

from core.access import Actor
from core.models import Document
from core.selectors import reaches_documents
from licensing.models import License, Visit
from licensing.selectors.licenses import licenses_for

MOST_VISITS = 20  # that a page shows


def visits_on(license: License) -> list[Visit]:
    """The newest, by their day."""
    return list(_whole().filter(license=license)[:MOST_VISITS])


def visits_to(parties: Collection[int]) -> list[Visit]:
    """To these end-users, on whatever license, likewise."""
    return list(_whole().filter(end_user__party__in=parties)[:MOST_VISITS])


def _whole() -> QuerySet[Visit]:
    papers = Prefetch("files", Document.objects.defer("content"))
    return Visit.objects.select_related("license", "end_user__party", "recorded_by").prefetch_related(papers)


@reaches_documents
def visit_files(actor: Actor) -> QuerySet[Any, int]:
    """Officers' alone: the holder reads the outcome."""
    rows = Visit.files.through.objects.all()
    if actor.kind != "ministry":
        rows = rows.none()
    rows = rows.filter(visit__license__in=licenses_for(actor).order_by().values("pk"))
    return rows.values_list("document_id", flat=True)
