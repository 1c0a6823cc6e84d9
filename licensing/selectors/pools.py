"""National quotas as officers read them: what is left of each, and how long that lasts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import DateField, F, Func, IntegerField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from core.access import Actor, visibility
from core.legal_time import day_start
from core.states import State
from licensing.models import License, PoolChange, PoolMovement, PoolState, QuotaPool

NEARLY = 80  # percent of the cap, from which on a pool is nearly used up
# of a movement, what it adds to what is used
SIGNED = F("amount") * Func(F("kind"), function="pool_sign", output_field=IntegerField())
LATELY = 90  # days by whose use the present rate is told


class Room(State):
    """How near its end an open pool is."""

    CRITICAL = "critical", "wait", _("Nearly used up")
    USED_UP = "used_up", "no", _("Used up")


@dataclass(frozen=True)
class Standing:
    """A pool as it stands on a day, in grams. free is below nothing where its cap was cut below what is used.

    runs_out: the day on which nothing is left at the rate of the last LATELY days; None where it lasts, or nothing is
    used.
    waiting: a change that waits for its second person.
    """

    pool: QuotaPool
    cap: int
    state: PoolState
    runs_out: date | None
    waiting: PoolChange | None
    public: bool

    @property
    def says(self) -> State:
        """What everybody may read of a public one: its state, or how near its end it is."""
        if self.state != PoolState.OPEN:
            return self.state
        if self.free <= 0:
            return Room.USED_UP
        return Room.CRITICAL if self.pool.used * 100 >= self.cap * NEARLY else self.state

    @property
    def free(self) -> int:
        return self.cap - self.pool.used


def pools_for(actor: Actor) -> QuerySet[QuotaPool]:
    """All of them, for officers of the ministry."""
    return QuotaPool.objects.all() if actor.may("desk.pools", "GET") else QuotaPool.objects.none()


def pool_changes_for(actor: Actor) -> QuerySet[PoolChange]:
    return PoolChange.objects.all() if actor.may("desk.pools", "GET") else PoolChange.objects.none()


def public_pools(today: date) -> QuerySet[QuotaPool]:
    """Those whose period is not over, for everybody; `standings` says which of them are public."""
    return QuotaPool.objects.filter(period_until__gte=today)


@visibility("quotapool")
def pool_visible(actor: Actor, ref: str) -> bool:
    return pools_for(actor).filter(ref=ref).exists()


@visibility("poolchange")
def pool_change_visible(actor: Actor, pk: int) -> bool:
    return pool_changes_for(actor).filter(pk=pk).exists()


def pool_changes_waiting(actor: Actor) -> QuerySet[PoolChange]:
    """Those that wait for the second person."""
    return pool_changes_for(actor).filter(PoolChange.WAITS).select_related("proposed_by", "pool")


def elements_to_state(license: License) -> dict[int, list[str]]:
    """Of which elements a shipment under this license says how much its goods contain, by line: what a quota counts
    whose period is not over, and the license does not say."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT n.number, array_agg(DISTINCT p.element)
            FROM licensing_license l JOIN licensing_licenseline n ON n.license_id = l.id
            JOIN licensing_controlitem item ON item.id = n.control_item_id
            JOIN licensing_quotapool p ON pool_may_count(p, item, n.unit, l.destinations, legal_day(legal_now()))
            WHERE l.id = %s AND p.measure = 'content' AND p.element = item.element AND NOT n.composition ? p.element
            GROUP BY n.number
            """,
            [license.pk],
        )
        return dict(cursor.fetchall())


def standings(pools: QuerySet[QuotaPool], today: date) -> list[Standing]:
    """How these pools stand today, in two queries."""
    first = Greatest(Value(today, output_field=DateField()), OuterRef("opened_on"))
    terms = PoolMovement.objects.filter(pool=OuterRef("pk"), kind=PoolMovement.Kind.TERMS, from_day__lte=first)
    newest = terms.order_by("-from_day", "-seq")
    lately = PoolMovement.objects.filter(
        pool=OuterRef("pk"), shipment_id__isnull=False, at__gte=day_start(today - timedelta(days=LATELY))
    )
    rows = pools.annotate(
        cap=Subquery(newest.values("cap")[:1]),
        state=Subquery(newest.values("state")[:1]),
        public=Subquery(newest.values("public")[:1]),
        lately=Coalesce(Subquery(lately.values("pool").annotate(net=Sum(SIGNED)).values("net")), 0),
    )
    waiting = {row.pool_id: row for row in PoolChange.objects.filter(PoolChange.WAITS, pool__in=pools)}
    return [
        Standing(
            row,
            row.cap,
            PoolState.SUSPENDED if row.frozen else PoolState(row.state),  # type: ignore[call-arg]
            _runs_out(row, row.cap - row.used, row.lately, today),
            waiting.get(row.pk),
            row.public,
        )
        for row in rows
    ]


def _runs_out(pool: QuotaPool, free: int, lately: int, today: date) -> date | None:
    days = min(LATELY, (today - pool.opened_on).days + 1)
    if lately <= 0 or days <= 0:
        return None
    day = today + timedelta(days=max(free, 0) * days // lately)
    return day if day <= pool.period_until else None


def by_goods(found: Iterable[Standing]) -> list[tuple[tuple[str, str, str, str], list[Standing]]]:
    """The rows of the board: what is counted, and the pools that count it, by where they count it."""
    rows: dict[tuple[str, str, str, str], list[Standing]] = {}
    for one in found:
        pool = one.pool
        rows.setdefault((pool.measure, pool.element, pool.category, pool.list_name), []).append(one)
    return sorted(rows.items())
