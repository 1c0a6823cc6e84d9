"""The quota ledger, the only writer of license lines and movements, but for what is a shipment's: that is written by
shipments.ledger and, of a reservation, by the one statement of shipments/sql/reserve.sql (docs/ledger.md).

Every function here runs inside a verb's transaction.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Max, Sum

from licensing.models import License
from licensing.models.balances import LicenseLine, Movement


def lapse(license: License) -> None:
    """Nothing is available on the license any more; reservations stay."""
    _call("SELECT ledger_lapse(%s)", [license.pk])


def reopen(license: License) -> None:
    """What lapsed when the license was used up is there again."""
    _call("SELECT ledger_reopen(%s)", [license.pk])


def used_up(license: License) -> bool:
    """As it stands, or would with what lapsed when it was used up: license_used_up()."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT license_used_up(%s)", [license.pk])
        said: bool = cursor.fetchone()[0]
        return said


def last_beyond(licenses: Iterable[License], *, after: datetime | None) -> str:
    """The shipment of which more was cleared than these had, the last one after that instant; none where nothing
    stands beyond them any more. What was corrected since counts as it stands, line by line."""
    ids = [license.pk for license in licenses]
    rows = Movement.objects.filter(license_id__in=ids, kind=Movement.Kind.OVER_CLEAR)
    since = rows.filter(at__gt=after) if after else rows
    each = since.order_by().values("shipment_ref", "line_id").annotate(beyond=Sum("quantity"), last=Max("id"))
    last = each.filter(beyond__gt=0).order_by("last").last()
    return str(last["shipment_ref"]) if last else ""


def open_lines(license: License) -> list[LicenseLine]:
    """The new license has the lines that were granted, each with its authorization as first movement."""
    return list(LicenseLine.objects.raw("SELECT * FROM ledger_open(%s)", [license.pk]))


def make_months(using: str = DEFAULT_DB_ALIAS) -> int:
    """Movements have a partition each for the months to come, and none is in the default one; how many were made."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT movement_months()")
        made: int = cursor.fetchone()[0]
        return made


def lock_lines(license: License) -> None:
    """All lines of the license are this transaction's, in the order of core/locks.csv. The license is held already.

    Read the clock after this: a reservation that holds a line now will commit first.
    """
    _call("SELECT ledger_lock(%s)", [license.pk])


def set_usable(license: License, *, usable: bool) -> None:
    """Reservations on the license are possible, or not, from this transaction's commit on.

    The license and its lines are locked already, so that none that was let through commits later.
    """
    _call("SELECT ledger_usable(%s, %s)", [license.pk, usable])


def _call(sql: str, params: list[Any]) -> None:
    assert connection.in_atomic_block, "the ledger is written inside a verb"
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
