"""National quotas are opened and changed: one officer proposes how a pool is to be, another approves it."""

from dataclasses import asdict, dataclass, field
from datetime import date

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError, Invalid, NotFound, Problem, WrongState
from core.history import in_turn, record, require_may
from core.legal_time import legal_now, legal_today
from core.locks import lock
from exporters import rules
from licensing import books
from licensing.models import PoolChange, PoolState, QuotaPool


@dataclass(frozen=True)
class Scope:
    """What counts against a pool (PoolScope); an empty text or list is every one."""

    ref: str
    measure: str
    period_from: date
    period_until: date
    element: str = ""
    category: str = ""
    list_name: str = ""
    destinations: list[str] = field(default_factory=list)
    end_uses: list[str] = field(default_factory=list)


@command
def propose_opening(
    scope: Scope, *, cap: int, public: bool = False, from_day: date, reason: str, by: Actor
) -> PoolChange:
    """A new pool waits for its second person. cap: in grams. public: everybody reads whether something is left of it.

    Raises Invalid where it counts nothing, its days are in no order, its number is taken, or another pool counts some
    of the same.
    """
    require_may(_may_propose(by))
    change = PoolChange(**asdict(scope), cap=cap, public=public, from_day=from_day, reason=reason)
    if QuotaPool.objects.filter(ref=scope.ref).exists():
        raise Invalid([Problem("/ref", "already-taken", _("There is a pool of this number."))])
    return _proposed(change, by)


@command
def propose_change(
    ref: str,
    *,
    cap: int,
    state: str = PoolState.OPEN,
    public: bool = False,
    from_day: date,
    reason: str,
    seen: int,
    by: Actor,
) -> PoolChange:
    """The pool is to have this cap, in grams, and this state from a day on, once somebody else has approved it.

    A cap may be less than what is used: then the pool shows less than nothing and gives no more.
    """
    row = _pool(ref)
    in_turn(row, may=_may_propose(by), seen=seen)
    scope = {name: getattr(row, name) for name in Scope.__dataclass_fields__}
    terms = {"cap": cap, "state": state, "public": public, "from_day": from_day}
    return _proposed(PoolChange(pool=row, **scope, **terms, reason=reason), by)


def _pool(ref: str) -> QuotaPool:
    row = QuotaPool.objects.filter(ref=ref).first()
    if row is None:
        raise NotFound()
    return row


def _may_propose(by: Actor) -> bool:
    return rules.officer("quotapool.change")(None, by)


def _proposed(change: PoolChange, by: Actor) -> PoolChange:
    if problems := _wrong(change):
        raise Invalid(problems)
    change.proposed_by, change.proposed_at = by.user, legal_now()
    try:
        with transaction.atomic():
            change.save()
    except IntegrityError as error:
        if "pool_change_one_at_a_time" not in str(error):
            raise
        text = _("A change of this pool waits for its second person already. Have that decided first.")
        raise DomainError(text, code="pool-change-open") from error
    _require_alone("SELECT pool_overlaps(c) FROM licensing_poolchange c WHERE c.id = %s", change)
    record(change, "propose", by=by, at=change.proposed_at, reason=change.reason)
    return change


def _wrong(change: PoolChange) -> list[Problem]:
    problems = []
    if change.period_until < change.period_from:
        problems.append(Problem("/period_until", "out-of-range", _("The last day is not before the first.")))
    problems += _wrong_day(change)
    if change.measure == change.Measure.CONTENT and not change.element:
        problems.append(Problem("/element", "required", _("Say which contained element is counted.")))
    if not (change.element or change.category or change.list_name):
        problems.append(Problem("/category", "required", _("Say what counts: an element, a category or a list.")))
    return problems


def _wrong_day(change: PoolChange) -> list[Problem]:
    """What holds from a day on is decided before that day is over, so that it reaches back to nobody; and it is no day
    before its pool is opened, whose first terms would hold all the same."""
    first = max(legal_today(), change.period_from, *([change.pool.opened_on] if change.pool else []))
    if first <= change.from_day <= change.period_until:
        return []
    text = _("A day of its period that is not over: {first} to {last}.")
    return [Problem("/from_day", "out-of-range", text.format(first=first, last=change.period_until))]


def _require_alone(sql: str, change: PoolChange) -> None:
    """sql gives the numbers of other pools that count some of the same, for a change that is saved."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [change.pk])
        others = [ref for (ref,) in cursor.fetchall()]
    if others:
        text = _("Pool {others} counts some of the same goods, for the same countries, end-uses and days.")
        raise Invalid([Problem("/ref", "overlaps", text.format(others=_(", ").join(others)))])


@command
def approve(change: int, *, seen: int, by: Actor) -> PoolChange:
    """The pool is, from that day on, as was proposed; reservations that were made stay. Raises as `refuse` does, and
    Invalid where another pool has come meanwhile that counts some of the same."""
    row = _decided(change, "poolchange.approve", True, "", seen, by)
    if problems := _wrong_day(row):
        raise Invalid(problems, _("Its first day is over. Refuse it, and have it proposed anew."))
    _require_alone("SELECT pool_decide(%s)", row)
    record(row, "approve", by=by, at=row.decided_at)
    return row


@command
def refuse(change: int, *, seen: int, reason: str, by: Actor) -> PoolChange:
    """The pool stays as it is. Raises NotFound, Forbidden, 412 `stale`, or FourEyes for whoever proposed it."""
    row = _decided(change, "poolchange.refuse", False, reason, seen, by)
    record(row, "refuse", by=by, at=row.decided_at, reason=reason)
    return row


def _decided(change: int, verb: str, approved: bool, reason: str, seen: int, by: Actor) -> PoolChange:
    row = lock(PoolChange.objects.all(), pk=change)
    decided = None if row.waits else WrongState(_("This was decided already."))
    in_turn(row, may=rules.officer(verb)(row, by), obstacle=decided, seen=seen, eyes=row.not_to_decide(by))
    row.decided_by, row.decided_at, row.approved, row.decision_reason = by.user, legal_now(), approved, reason
    row.save(update_fields=["decided_by", "decided_at", "approved", "decision_reason"])
    return row


@command
def check(*, whole: bool, piece: books.Piece | None = None, by: Actor) -> dict[str, list[str]]:
    """What does not agree in the books of which pools; each takes no new use, which its history says once.

    piece: of the chain of a pool. Else of all of them; whole: from the beginning, and but for the chains.
    """
    found: dict[int | None, list[str]] = {}
    stopped: set[int] = set()
    for drift in books.walk_pool(piece) if piece else books.sum_pools(whole=whole):
        found.setdefault(drift.pool, []).append(f"{drift.what} ({drift.off})")
        stopped |= {drift.pool} if drift.pool and drift.newly else set()
    rows = {row.pk: row for row in QuotaPool.objects.filter(pk__in=found)}
    for pk in sorted(stopped):
        record(rows[pk], "freeze", by=by, reason="; ".join(found[pk]))
    return {rows[pk].ref if pk else "": what for pk, what in found.items()}


@command
def thaw(ref: str, *, seen: int, reason: str, by: Actor) -> QuotaPool:
    """A pool that was stopped because its books did not agree is as its terms say. Raises 409 `books-differ` while they
    do not."""
    row = _pool(ref)
    goes_on = None if row.frozen else WrongState(_("The pool is not stopped."))
    in_turn(row, may=rules.officer("quotapool.thaw")(row, by), obstacle=goes_on, seen=seen)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pool_thaw(%s)", [row.pk])
        if not cursor.fetchone()[0]:
            raise DomainError(_("The books of the pool do not agree yet."), code="books-differ")
    record(row, "thaw", by=by, reason=reason)
    return row
