"""How a change is recorded: `move()` fires a transition, `record()` writes a line that is not a move.

Lines are chained by hash per subject. The verb holds the subject's row, so the chain has one writer at a time;
a unique constraint stands behind it.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import connection, models
from django.utils.translation import gettext as _

from core.access import Actor
from core.deliveries import consumers_of
from core.errors import DomainError, Forbidden, FourEyes, WrongState
from core.graphs import Unless, has_move, verb_name
from core.legal_time import legal_now
from core.models import HistoryLine

_LAST = "SELECT seq, hash FROM core_historyline WHERE subject_kind = %s AND subject_id = %s ORDER BY seq DESC LIMIT 1"
_FOLLOWS = (
    "INSERT INTO core_delivery (line_id, consumer, due_at, tries, error)"
    " SELECT id, consumer, %s, 0, '' FROM line, unnest(%s::text[]) consumer"
)


def version(row: models.Model) -> int:
    """The number of the row's last history line: what a page that shows the row carries, and a decision gives back."""
    return _last(row)[0]


def require_seen(row: models.Model, seen: int) -> None:
    """Nothing happened to the row since its page was made. Raises DomainError 412 `stale` otherwise.

    row: locked, so that nothing can happen to it until the decision is made.
    """
    now = version(row)
    if seen != now:
        detail = _("Something happened since you opened this page, so nothing was done. Look again, then go on.")
        raise DomainError(detail, code="stale", version=now)


def require_version(draft: Any, version: int) -> None:
    """Nobody changed the draft, which is locked, since this version of it was read. Raises 412 `stale` otherwise."""
    if draft.version != version:
        raise overtaken(version=draft.version)


def overtaken(**facts: Any) -> DomainError:
    """Somebody saved the draft meanwhile: 412 `stale`."""
    detail = _("Somebody changed this since you opened it. Compare with the present values and send again.")
    return DomainError(detail, code="stale", **facts)


def require(transition: Callable[..., Any], *, by: Actor, seen: int | None = None) -> None:
    """The actor may fire this transition of this row now, having seen it as it is (where `seen` is given).

    Raises as `in_turn`; what the predicate says stands in place of the role.
    """
    row, meta = transition.__self__, transition._django_fsm
    permission = next(iter(meta.transitions.values())).permission
    may, why = permission is None or permission(row, by), None
    if not may and isinstance(permission, Unless) and permission.may(row, by):
        why = permission.obstacle(row, by)
    if why is not None and not isinstance(why, FourEyes):
        raise why
    obstacle = None if has_move(transition) else _no_move(row, by)
    in_turn(row, may=may or why is not None, obstacle=obstacle, seen=seen, eyes=why)


def in_turn(
    row: models.Model,
    *,
    may: bool,
    obstacle: DomainError | None = None,
    seen: int | None = None,
    eyes: FourEyes | None = None,
) -> None:
    """Nothing forbids this step of a row that the actor sees. Raises the first of what does: his role, the obstacle
    (its state, mostly), that something happened since he saw it (412 `stale`), that he took the other step.

    This is the order of all refusals, after the 404 of `lock`.
    """
    require_may(may)
    if obstacle is not None:
        raise obstacle
    if seen is not None:
        require_seen(row, seen)
    if eyes is not None:
        raise eyes


def require_may(may: bool) -> None:
    """The actor's role allows the step. Raises Forbidden otherwise."""
    if not may:
        raise Forbidden(_("Your role does not allow this step."))


def _no_move(row: Any, by: Actor) -> WrongState:
    text = _("This is “{state}” now, so that step is not possible.").format(state=row.get_state_display())
    return WrongState(text, state=row.state, allowed=open_calls(row, by))


def open_verbs(row: Any, by: Actor) -> dict[str, str]:
    """The verbs that the row's graph, if it has one, opens to this actor: {name: label}. Pages show these."""
    return {verb_name(t): str(t.custom["label"]) for t in _open(row, by)}


def open_calls(row: Any, by: Actor) -> list[str]:
    """What REST calls those of them that it has: the last part of the call's address."""
    return sorted(t.custom["call"] for t in _open(row, by) if "call" in t.custom)


def _open(row: Any, by: Actor) -> list[Any]:
    moves = getattr(row, "get_available_state_transitions", tuple)
    return [t for t in moves() if not t.custom.get("hidden") and t.permission(row, by)]


def move(
    transition: Callable[..., Any],
    *,
    by: Actor,
    reason: str = "",
    at: datetime | None = None,
    facts: dict[str, Any] | None = None,
    edition: str = "",
    **fields: Any,
) -> None:
    """The transition happened: the row is saved in its new state and a history line says who, when, why.

    transition: a bound @transition of a row that this transaction has locked. fields: what its body sets.
    Raises Forbidden or WrongState, and changes nothing then.
    """
    assert connection.in_atomic_block, "move() needs the verb's transaction"
    require(transition, by=by)
    row = transition.__self__
    before = row.state
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    transition(**fields)
    # only what the body set: the row may carry other columns from before the ledger's own SQL
    row.save(update_fields=[f.name for f in row._meta.concrete_fields if getattr(row, f.attname) != values[f.attname]])
    record(
        row,
        verb_name(transition._django_fsm.get_transition(before)),
        by=by,
        before=before,
        reason=reason,
        at=at,
        facts=facts,
        edition=edition,
    )


def record(
    row: models.Model,
    verb: str,
    *,
    by: Actor,
    before: str = "",
    reason: str = "",
    at: datetime | None = None,
    facts: dict[str, Any] | None = None,
    edition: str = "",
) -> None:
    """A history line of the row exists, chained to the one before, with the deliveries that follow from it."""
    kind = row._meta.model_name
    seq, previous = _last(row)
    line = HistoryLine(
        subject_kind=kind,
        subject_id=row.pk,
        subject_ref=getattr(row, "ref", "") or str(row)[:40],
        seq=seq + 1,
        verb=verb,
        from_state=before,
        to_state=getattr(row, "state", ""),
        actor=by.user,
        at=at or legal_now(),
        reason=reason,
        edition=edition,
        facts=facts or {},
        previous_hash=previous,
    )
    line.hash = chain_hash(line)
    _add(line)


def _last(row: models.Model) -> tuple[int, str]:
    """Number and hash of the row's last line; 0 and nothing as long as it has none."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [row._meta.model_name, row.pk])
        found: tuple[int, str] | None = cursor.fetchone()
    return found or (0, "")


def _add(line: HistoryLine) -> None:
    """The line stands there, with the deliveries that follow from it."""
    insert, followed, fields = _statements()
    values = [field.get_db_prep_save(getattr(line, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        if consumers := consumers_of(line.subject_kind, line.verb):
            cursor.execute(followed, [*values, line.at, consumers])
        else:
            cursor.execute(insert, values)


@cache
def _statements() -> tuple[str, str, list[Any]]:
    """What adds a line, what adds one with deliveries, and the fields of both: made once, as each verb adds some."""
    fields = [field for field in HistoryLine._meta.concrete_fields if not field.primary_key]
    columns, values = ", ".join(field.column for field in fields), ", ".join(["%s"] * len(fields))
    insert = f"INSERT INTO core_historyline ({columns}) VALUES ({values})"
    return insert, f"WITH line AS ({insert} RETURNING id) {_FOLLOWS}", fields


def chain_hash(line: HistoryLine) -> str:
    """SHA-256 over a JSON array (not a joined string: fields must not run into one another)."""
    content = [
        line.previous_hash,
        line.subject_kind,
        line.subject_id,
        line.subject_ref,
        line.seq,
        line.verb,
        line.from_state,
        line.to_state,
        line.actor_id,
        line.at.astimezone(UTC).isoformat(timespec="microseconds"),
        line.reason,
        line.edition,
        line.facts,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def lines_of(row: models.Model) -> models.QuerySet[HistoryLine]:
    """The row's history, oldest first."""
    return _lines(row).select_related("actor").order_by("seq")


def _lines(row: models.Model) -> models.QuerySet[HistoryLine]:
    return HistoryLine.objects.filter(subject_kind=row._meta.model_name, subject_id=row.pk)


def broken_links(row: models.Model) -> list[int]:
    """The `seq` of every line whose hash or link does not hold; empty for an untouched history."""
    broken, previous, expected = [], "", 1
    for line in lines_of(row):
        if line.previous_hash != previous or line.hash != chain_hash(line) or line.seq != expected:
            broken.append(line.seq)
        previous, expected = line.hash, line.seq + 1
    return broken
