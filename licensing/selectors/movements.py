"""What was taken from licenses."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import BigIntegerField, Q, QuerySet
from django.db.models.expressions import RawSQL

from licensing.models import License
from licensing.models.balances import ClearanceCount, Movement

_CROSSED = (Movement.Kind.DRAW, Movement.Kind.OVER_CLEAR, Movement.Kind.ADJUST)
_CLEARANCES = """
    SELECT license_id, count(*) FILTER (WHERE drawn OR NOT released), count(*) FILTER (WHERE drawn) FROM (
        SELECT license_id, bool_or(kind = ANY (%s)) AS drawn, bool_or(kind = 'release') AS released
        FROM licensing_movement WHERE license_id = ANY (%s) AND shipment_id IS NOT NULL
        GROUP BY license_id, shipment_id) s
    GROUP BY license_id
"""


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


def clearances(licenses: Iterable[License]) -> dict[int, tuple[int, int]]:
    """Of each license how many shipments hold, or have drawn, some (as counted where they are limited), and how many
    have drawn some: of those taken, the rest are only reserved. Two queries."""
    pks = [license.pk for license in licenses]
    with connection.cursor() as cursor:
        cursor.execute(_CLEARANCES, [list(_CROSSED), pks])
        found = {pk: (taken, used) for pk, taken, used in cursor.fetchall()}
    counted = dict(ClearanceCount.objects.filter(license_id__in=pks).values_list("license_id", "taken"))
    return {pk: (counted.get(pk, taken), used) for pk in pks for taken, used in [found.get(pk, (0, 0))]}


def clearances_taken(licenses: Iterable[License]) -> dict[int, int]:
    return {pk: taken for pk, (taken, _used) in clearances(licenses).items()}


def clearances_used(licenses: Iterable[License]) -> dict[int, int]:
    return {pk: used for pk, (_taken, used) in clearances(licenses).items()}
