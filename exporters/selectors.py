"""Who sees which exporters and parties."""

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

from django.db.models import Model, QuerySet

from core.access import Actor, visibility
from core.history import lines_of
from core.models import HistoryLine, Membership
from core.selectors import reaches_documents
from exporters.models import Exporter, Party, Qualification
from exporters.states import UNVERIFIED, ExporterState

M = TypeVar("M", bound=Model)
NEVER_SENT = {"state": ExporterState.DRAFT, "verified_at": None}


def of_province(rows: QuerySet[M], actor: Actor, path: str) -> QuerySet[M]:
    """What an officer sees of these rows: those of his province, all when he has none.

    path: from a row to its exporter's province. Whatever other roles he holds: what is limited is the person.
    """
    return rows.filter(**{path: actor.province}) if actor.province else rows


def exporters_for(actor: Actor) -> QuerySet[Exporter]:
    """An exporter sees itself; officers who may open the list see all that were ever sent in."""
    rows = Exporter.objects.select_related("organization")
    if actor.kind == "exporter":
        return rows.filter(pk=actor.organization_id)
    if actor.kind == "ministry" and actor.may("desk.exporters", "GET"):
        return of_province(rows, actor, "province").exclude(**NEVER_SENT)
    return rows.none()


def holders_of(uscc: str) -> QuerySet[Exporter]:
    """The verified company that holds the credit code: one at most."""
    return Exporter.objects.filter(uscc=uscc).exclude(state__in=UNVERIFIED)


def rivals_of(exporter: Exporter, actor: Actor) -> tuple[list[Exporter], int]:
    """Other accounts, sent in with the same credit code: those that this actor sees, and how many he does not."""
    same = {"uscc": exporter.uscc}
    everywhere = Exporter.objects.filter(**same).exclude(pk=exporter.pk).exclude(**NEVER_SENT)
    seen = exporters_for(actor).filter(**same).exclude(pk=exporter.pk).order_by("pk")
    return list(seen), everywhere.count() - len(seen)


def awaiting_verification(actor: Actor) -> QuerySet[Exporter]:
    return exporters_for(actor).filter(state=ExporterState.PENDING).order_by("pk")


def parties_for(actor: Actor) -> QuerySet[Party]:
    """An exporter's own parties abroad; officers who read cases see all."""
    rows = Party.objects.select_related("country", "exporter__organization")
    if actor.kind == "exporter":
        return rows.filter(exporter_id=actor.organization_id)
    if actor.kind == "ministry" and actor.may("desk.case", "GET"):
        return of_province(rows, actor, "exporter__province")
    return rows.none()


def returned(exporter: Exporter) -> HistoryLine | None:
    """With what the ministry returned the draft, as long as that was not sent again; None when it did not."""
    return lines_of(exporter).filter(verb="return").last() if exporter.state == ExporterState.DRAFT else None


def qualified_until(exporter_id: int) -> date | None:
    """The last day through which the company may file for annual licenses; None when it never might."""
    return last_days([exporter_id]).get(exporter_id)


def last_days(exporters: Iterable[int]) -> dict[int, date]:
    """The same of each of these companies that ever might."""
    rows = Qualification.objects.filter(exporter__in=set(exporters)).order_by("exporter_id", "-pk")
    return dict(rows.distinct("exporter_id").values_list("exporter_id", "last_day"))


def people(exporter_id: int) -> list[str]:
    """The e-mails of everybody of the company who prepares or signs."""
    rows = Membership.objects.filter(organization_id=exporter_id, ended_at=None, roles__overlap=["signatory", "clerk"])
    return list(rows.order_by("pk").values_list("user__email", flat=True))


@visibility("exporter")
def exporter_visible(actor: Actor, pk: int) -> bool:
    return exporters_for(actor).filter(pk=pk).exists()


@visibility("party")
def party_visible(actor: Actor, ref: str) -> bool:
    return parties_for(actor).filter(ref=ref).exists()


@reaches_documents
def business_licenses(actor: Actor) -> QuerySet[Exporter, int | None]:
    return exporters_for(actor).order_by().values_list("business_license_id", flat=True)
