"""What was taken from licenses."""

from collections.abc import Callable, Collection, Iterable

from django.db.models import BigIntegerField, Q, QuerySet
from django.db.models.expressions import RawSQL

from licensing.models import License
from licensing.models.balances import ClearanceCount, Movement

Counts = Callable[[Collection[int]], dict[int, tuple[int, int]]]
_counts: list[Counts] = []


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


def counts_clearances(count: Counts) -> Counts:
    """Registers whose the shipments are: of licenses by key how many shipments hold some or were cleared, and how many
    were cleared."""
    _counts[:] = [count]
    return count


def clearances(licenses: Iterable[License]) -> dict[int, tuple[int, int]]:
    """Of each license how many shipments hold some or were cleared (as counted where they are limited), and how many
    were cleared: of those taken, the rest are only reserved. One query, and one where they are limited."""
    rows = list(licenses)
    found = _counts[0]([license.pk for license in rows])
    limited = [license.pk for license in rows if license.max_clearances is not None]
    counted = dict(ClearanceCount.objects.filter(license_id__in=limited).values_list("license_id", "taken"))
    return {row.pk: (counted.get(row.pk, taken), used) for row in rows for taken, used in [found.get(row.pk, (0, 0))]}


def clearances_taken(licenses: Iterable[License]) -> dict[int, int]:
    return {pk: taken for pk, (taken, _used) in clearances(licenses).items()}


def clearances_used(licenses: Iterable[License]) -> dict[int, int]:
    return {pk: used for pk, (_taken, used) in clearances(licenses).items()}
