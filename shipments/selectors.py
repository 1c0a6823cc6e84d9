"""Who sees which shipments."""

from datetime import date

from django.db.models import QuerySet

from core.access import Actor, visibility
from exporters.selectors import of_province
from shipments.models import Incident, Shipment
from shipments.states import ShipmentState


def shipments_for(actor: Actor) -> QuerySet[Shipment]:
    """An exporter's own; officers and customs see all."""
    rows = Shipment.objects.select_related("license", "end_user", "consignee", "exporter__organization")
    if actor.kind == "exporter":
        return rows.filter(exporter_id=actor.organization_id)
    if actor.kind == "customs" or (actor.kind == "ministry" and actor.may("desk.license", "GET")):
        return of_province(rows, actor, "exporter__province")
    return rows.none()


def with_lines(rows: QuerySet[Shipment]) -> QuerySet[Shipment]:
    return rows.prefetch_related("lines", "incidents")


def reservations_past(today: date, limit: int) -> list[int]:
    """Reservations whose last day is over."""
    return list(
        Shipment.objects.filter(state=ShipmentState.RESERVED, reserved_until__lt=today)
        .order_by("pk")
        .values_list("pk", flat=True)[:limit]
    )


def incidents_for(actor: Actor) -> QuerySet[Incident]:
    if actor.kind != "ministry" or not actor.may("desk.license", "GET"):
        return Incident.objects.none()
    rows = Incident.objects.select_related("shipment__license")
    return of_province(rows, actor, "shipment__exporter__province")


@visibility("shipment")
def shipment_visible(actor: Actor, ref: str) -> bool:
    return shipments_for(actor).filter(ref=ref).exists()
