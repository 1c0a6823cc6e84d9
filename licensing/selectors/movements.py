"""What was taken from licenses."""

from collections.abc import Iterable

from django.db.models import BigIntegerField, Count, Q, QuerySet
from django.db.models.expressions import RawSQL

from licensing.models import License
from licensing.models.balances import ClearanceCount, Movement

_CROSSED = (Movement.Kind.DRAW, Movement.Kind.OVER_CLEAR, Movement.Kind.ADJUST)


def movements_of(license: License) -> QuerySet[Movement]:
    """In the order in which readers may page: none is committed later below one that is shown.

    By transaction, and only those below every one that still runs (decision 0024).
    """
    settled = Q(transaction__lt=_number("pg_snapshot_xmin(pg_current_snapshot())"))
    settled |= Q(transaction__gte=_number("pg_snapshot_xmax(pg_current_snapshot())"))  # of before a restore
    own = Q(transaction=_number("pg_current_xact_id_if_assigned()"))
    return Movement.objects.filter(settled | own, license_id=license.pk).order_by("transaction", "id")


def latest_movements(license: License, most: int) -> list[Movement]:
    """Of the quantities of its lines, the newest first: each says what was left after it."""
    return list(movements_of(license).filter(account=Movement.Account.QUANTITY).reverse()[:most])


def _number(transaction: str) -> RawSQL:
    return RawSQL(f"({transaction}::text::bigint)", (), BigIntegerField())


def clearances_taken(licenses: Iterable[License]) -> dict[int, int]:
    """How many shipments hold, or have drawn, some of each license: as counted where they are limited; two queries."""
    unlimited = [license.pk for license in licenses if license.max_clearances is None]
    kinds = (
        Movement.objects.filter(license_id__in=unlimited, shipment_id__isnull=False)
        .values("license_id", "shipment_id")
        .annotate(drawn=Count("id", filter=Q(kind__in=_CROSSED)), released=Count("id", filter=Q(kind="release")))
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
            kind__in=_CROSSED,
        )
        .values("license_id")
        .annotate(shipments=Count("shipment_id", distinct=True))
    )
    return {license.pk: 0 for license in licenses} | {row["license_id"]: row["shipments"] for row in drawn}
