"""What was taken from licenses."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Count, Func, IntegerField, Q, QuerySet, Sum, Value
from django.db.models.expressions import RawSQL

from core.legal_time import day_start
from licensing.forecast import WINDOW, foretell
from licensing.models import License, LicenseEndUser
from licensing.models.balances import Account, ClearanceCount, Movement

Counts = Callable[[Collection[int]], dict[int, tuple[int, int]]]
_counts: list[Counts] = []
Sent = Callable[[QuerySet[Any] | None, str], QuerySet[Any]]
_sent: list[Sent] = []
Tells = Callable[[Collection[License], Collection[LicenseEndUser]], list[Any]]
_goods: list[Tells] = []
ReservedFor = Callable[[Iterable[License]], dict[tuple[int, int], list[str]]]
_reserved_for: list[ReservedFor] = []

MOVEMENT_ORDER = ("transaction", "id")  # none is committed later below one that is shown (decision 0024)


def movements_of(license: License) -> QuerySet[Movement]:
    """In the order in which readers may page: none is committed later below one that is shown.

    By transaction, and only those below every one that still runs (decision 0024).
    """
    settled = Q(transaction__lt=_number("pg_snapshot_xmin(pg_current_snapshot())"))
    settled |= Q(transaction__gte=_number("pg_snapshot_xmax(pg_current_snapshot())"))  # of before a restore
    own = Q(transaction=_number("pg_current_xact_id_if_assigned()"))
    return Movement.objects.filter(settled | own, license_id=license.pk).order_by(*MOVEMENT_ORDER)


def latest_movements(license: License, most: int | None = None) -> list[Movement]:
    """Of the quantities of its lines, the newest first, all or so many: each says what was left after it."""
    return list(movements_of(license).filter(account=Account.QUANTITY).reverse()[:most])


@dataclass(frozen=True)
class Balance:
    """Of a line: what was free, what was held for shipments, and what was cleared beyond the license."""

    left: int
    held: int
    over: int = 0


def balances_at(license: License, at: datetime) -> dict[int, Balance]:
    """Of each line, by number, as its movements up to that instant left it, but for what lapsed with it then."""
    found: dict[int, Balance] = {}
    rows = Movement.objects.filter(license_id=license.pk, account=Account.QUANTITY, at__lte=at)
    rows = rows.annotate(to_held=_sign("reserved"), to_over=_sign("over_cleared"))
    for row in rows.exclude(kind=Movement.Kind.LAPSE, at=at).order_by("id"):
        before = found.get(row.line_number, Balance(0, 0))
        held, over = before.held + row.quantity * row.to_held, before.over + row.quantity * row.to_over
        found[row.line_number] = Balance(row.available_after, held, over)
    return found


def _sign(balance: str) -> Func:
    """How often the quantity of a movement is added to that balance of its line (licensing/sql/post.sql)."""
    return Func(Value(balance), "kind", "held", function="ledger_sign", output_field=IntegerField())


def foretell_use(licenses: Iterable[License], today: date) -> None:
    """Each line, with something left, of those for more than one shipment that may be used today has its `forecast`.
    One query, whatever their number.

    licenses: with their lines.
    """
    usable = [row for row in licenses if row.max_clearances != 1 and row.obstacle_on(today) is None]
    lines = [(row, line) for row in usable for line in row.lines.all() if line.uncrossed > 0]
    crossed = Movement.objects.filter(
        license_id__in={row.pk for row, _line in lines},
        account=Account.QUANTITY,
        at__gte=day_start(today - timedelta(days=WINDOW - 1)),
    )
    crossed = crossed.alias(draws=_sign("drawn")).filter(draws=1)
    drawn = Count("shipment_id", distinct=True, filter=Q(kind=Movement.Kind.DRAW))
    rows = crossed.values("line_id").annotate(cleared=Sum("quantity"), shipments=drawn) if lines else ()
    found = {row["line_id"]: (row["cleared"], row["shipments"]) for row in rows}
    for license, line in lines:
        cleared, shipments = found.get(line.pk, (0, 0))
        left, days = line.uncrossed, {"first": license.usable_from, "last": license.usable_until}
        line.forecast = foretell(cleared=cleared, clearances=shipments, left=left, today=today, **days)


def _number(transaction: str) -> RawSQL:
    return RawSQL(f"({transaction}::text::bigint)", (), BigIntegerField())


def counts_clearances(count: Counts) -> Counts:
    """Registers whose the shipments are: of licenses by key how many shipments hold some or were cleared, and how many
    were cleared."""
    _counts[:] = [count]
    return count


def tells_goods(tell: Tells) -> Tells:
    """Registers whose the shipments are: of licenses with balances what is left, reserved and declared for these of
    their end-users, unit by unit."""
    _goods[:] = [tell]
    return tell


def finds_sent(find: Sent) -> Sent:
    """Registers whose the shipments are: of an outer end-user of a license those under way that have some of these
    items, and go to this destination; whichever is said."""
    _sent[:] = [find]
    return find


def names_reserved_for(name: ReservedFor) -> ReservedFor:
    """Registers whose the shipments are: of licenses, by key and number of a line, for which of them something of it is
    reserved, the oldest first."""
    _reserved_for[:] = [name]
    return name


def reserved_for(licenses: Iterable[License]) -> dict[tuple[int, int], list[str]]:
    return _reserved_for[0](licenses)


def under_way_with(items: QuerySet[Any] | None, destination: str) -> QuerySet[Any]:
    return _sent[0](items, destination)


def goods_under_way(licenses: Collection[License], users: Collection[LicenseEndUser]) -> list[Any]:
    return _goods[0](licenses, users)


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
