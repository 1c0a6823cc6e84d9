"""Many shipments at once, each judged and answered as if it came alone: in one transaction, or as a job in chunks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _

from core import idempotency, problems, sizes
from core.access import Actor, actor_behind
from core.command import busy, command
from core.errors import DomainError, Invalid, Problem, WrongState
from core.idempotency import Answer, InProgress
from core.legal_time import legal_now
from core.locks import lock, lock_all
from core.references import draw
from shipments import answers
from shipments.actions.reservations import ShipmentRequest, judged_of, outcome, request_of, stated_of
from shipments.models import Bulk, BulkRow, Shipment
from shipments.selectors import bulks_for

STEP = 100  # of a job: of one line each row leaves a version behind that the next has to pass
TRIES = 8  # of the same rows, in some four minutes
ATOMIC, PARTIAL = MODES = ("atomic", "partial")  # all rows or none, or those that can be
MAY = "api.shipments.bulk"  # what whoever ordered a job must still be let do


@dataclass(frozen=True)
class Row:
    """A shipment under a key of its own; or the answer to what could not be read. line: of the text it stood in."""

    key: str = ""
    fingerprint: str = ""
    request: ShipmentRequest | None = None
    refused: Answer | None = None
    line: int | None = None


def at_once(rows: int) -> bool:
    """So many are booked, or not, before they are answered, and may be all or none; more of them are a job."""
    return rows <= sizes.ROWS_AT_ONCE


def require_whole(rows: int, pointer: str) -> None:
    """Raises Invalid where so many can't be booked all or none."""
    if not at_once(rows):
        text = _("At most {most} rows are booked all or none.").format(most=f"{sizes.ROWS_AT_ONCE:,}")
        raise Invalid([Problem(pointer, "max-items", text)])


class NothingBooked(Exception):
    """One of all was refused: none is booked, and no key is used up. told: what is answered of each row."""

    def __init__(self, told: list[Answer]) -> None:
        super().__init__()
        self.told = told


@command
def reserve_many(rows: Sequence[Row], *, atomic: bool, instance: str, by: Actor) -> list[Answer]:
    """Each row that can be is booked, in their order, and its answer is kept under its key; atomic: all, or none.

    As many as are booked `at_once`. instance: the request's id. Raises NothingBooked, 503 `busy`, 409 `in-progress`.
    """
    told = _booked(rows, instance, by)
    failed = next((number for number, answer in enumerate(told, 1) if answer.refused), None)
    if atomic and failed:
        text = _("Nothing was booked, because row {number} was refused. Mend that row, or leave it out.")
        because = problems.answer(DomainError(text.format(number=failed), code="not-booked"), instance)
        raise NothingBooked([one if one.refused or one.replayed else because for one in told])
    return told


def _booked(rows: Sequence[Row], instance: str, by: Actor) -> list[Answer]:
    """The answer to each, kept under its key. Raises InProgress where one of the keys is another request's still."""
    asked = [(row, row.request) for row in rows if row.request is not None]
    stated = [
        stated_of(request, by.organization_id)
        | {"key": row.key, "fingerprint": row.fingerprint, "ref": draw(Shipment.PREFIX), "actor": by.user.pk}
        for row, request in asked
    ]
    told, kept = [], {}
    for (row, request), wanted, said in zip(asked, stated, _said(stated) if stated else [], strict=True):
        answer = _answer(row, request, wanted["ref"], said, instance, by)
        told.append(answer)
        if not answer.replayed and idempotency.kept(answer.status):
            kept[row.key] = answer
    if kept:
        idempotency.keep_many(by.organization_id, kept)
    judged = iter(told)
    return [row.refused or next(judged) for row in rows]


def _said(stated: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What shipment_reserve_many says of each; the rules are asked for those whose verdicts are behind, once for each
    license, end-user, destination and set of lines."""
    said = _reserve(stated)
    if behind := said.get("behind"):
        _judge([stated[number] for number in behind])
        said = _reserve(stated)
    if said.get("in_progress"):
        raise InProgress()
    if said.get("behind"):
        raise busy()  # another edition came in between: the next try knows that
    outcomes: list[dict[str, Any]] = said["outcomes"]
    return outcomes


def _judge(stated: Sequence[dict[str, Any]]) -> None:
    """Each has what the newest rules say of it."""
    known: dict[tuple[Any, ...], Any] = {}
    for one in stated:
        lines = tuple(sorted(line["line"] for line in one["lines"]))
        alike = (one["license"], one["end_user"], one["destination"], lines)
        if alike not in known:
            known[alike] = judged_of(one)
        one["judged"] = known[alike]


def checked(stated: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What shipment_reserve says of each that comes alone and without effect. Holds no lock. Raises 503 `busy`."""
    said = _check(stated)
    if behind := [number for number, one in enumerate(said) if one.get("behind")]:
        again = [stated[number] for number in behind]
        _judge(again)
        for number, one in zip(behind, _check(again), strict=True):
            if one.get("behind"):
                raise busy()
            said[number] = one
    return said


def _check(stated: list[dict[str, Any]]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    with connection.cursor() as cursor:
        for begin in range(0, len(stated), sizes.ROWS_AT_ONCE):
            cursor.execute(
                "SELECT shipment_reserve(item, true) FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY r (item, n)"
                " ORDER BY n",
                [json.dumps(stated[begin : begin + sizes.ROWS_AT_ONCE])],
            )
            said += [json.loads(one) for (one,) in cursor.fetchall()]
    return said


def _reserve(stated: list[dict[str, Any]]) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT shipment_reserve_many(%s::jsonb)", [json.dumps(stated)])
        said: dict[str, Any] = json.loads(cursor.fetchone()[0])
        return said


def _answer(row: Row, request: ShipmentRequest, ref: str, said: Mapping[str, Any], instance: str, by: Actor) -> Answer:
    try:
        if "earlier" in said:
            return idempotency.first(row.fingerprint, said["earlier"])
        made = outcome(request, ref, said)
    except DomainError as refusal:
        return problems.answer(refusal, instance)
    return answers.booked(made)


@command
def order(rows: Sequence[Row], *, language: str, instance: str, by: Actor) -> Bulk:
    """The rows are kept, to be booked by `work` in their order, as far as nobody cancels."""
    return keep(rows, language=language, instance=instance, by=by)


def keep(rows: Sequence[Row], *, language: str, instance: str, by: Actor) -> Bulk:
    """What `order` makes. A row that was refused before has its outcome, and is not booked."""
    bulk = Bulk.objects.create(
        ref=draw(Bulk.PREFIX),
        exporter_id=by.organization_id,
        created_by=by.user,
        created_at=legal_now(),
        language=language,
        request_id=instance,
    )
    kept = [
        BulkRow(
            bulk=bulk,
            number=number,
            line=row.line,
            key=row.key,
            fingerprint=row.fingerprint,
            stated=stated_of(row.request, by.organization_id) if row.request else None,
            status=row.refused.status if row.refused else None,
            body=row.refused.body if row.refused else "",
        )
        for number, row in enumerate(rows, 1)
    ]
    BulkRow.objects.bulk_create(kept, batch_size=sizes.ROWS_AT_ONCE)
    return bulk


@command
def work(pk: int, *, by: Actor) -> bool:
    """The next rows of the bulk have their outcomes; False where none is left, it has ended, or another works on it.

    May run twice, late, or be killed: what it books commits with what its rows say, and with their keys. by: the clock,
    which books for whoever ordered it, and stops where he may not do that any more.
    """
    found = lock_all(Bulk.objects.filter(pk=pk), skip_locked=True)
    if not found or found[0].ended:
        return False
    bulk = found[0]
    behind = actor_behind(bulk.created_by)
    if behind.organization_id != bulk.exporter_id or not behind.may(MAY):
        _stop(bulk, Bulk.Cause.REVOKED)
        return False
    by = replace(by, user=bulk.created_by, organization=bulk.exporter.organization)
    told = book(bulk, by)
    if bulk.tries:
        Bulk.objects.filter(pk=pk).update(tries=0, again_at=None)
    return bool(told)


def book(bulk: Bulk, by: Actor) -> list[Answer]:
    """The outcomes of its next rows, which say so. The caller holds the bulk."""
    kept = list(BulkRow.objects.filter(bulk=bulk, status=None).order_by("number")[:STEP])
    rows = [Row(one.key, one.fingerprint, request_of(one.stated or {})) for one in kept]
    with translation.override(bulk.language):
        told = _booked(rows, bulk.request_id, by)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shipments_bulkrow r SET status = a.status, body = a.body, replayed = a.replayed"
            " FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::bool[]) a (id, status, body, replayed)"
            " WHERE r.id = a.id",
            [
                [one.pk for one in kept],
                [one.status for one in told],
                [one.body for one in told],
                [one.replayed for one in told],
            ],
        )
    return told


@command
def fail(pk: int, *, by: Actor) -> None:
    """A try of its next rows was in vain: they are tried again, later each time; after the last the bulk is stopped."""
    bulk = lock(Bulk.objects.all(), pk=pk)
    at = legal_now()
    if bulk.ended:
        return
    bulk.tries += 1
    bulk.again_at = at + timedelta(seconds=2**bulk.tries - 2)  # the first at once: a worker may have died
    bulk.save(update_fields=["tries", "again_at"])
    if bulk.tries >= TRIES:
        _stop(bulk, Bulk.Cause.FAILED)


def _stop(bulk: Bulk, cause: Bulk.Cause) -> None:
    """Nothing more of it is booked, and it says why; what is booked stays so."""
    bulk.stopped_at, bulk.stopped_because = legal_now(), cause
    bulk.save(update_fields=["stopped_at", "stopped_because"])


@command
def cancel(ref: str, *, by: Actor) -> Bulk:
    """Nothing more of it is booked; what is booked stays so."""
    bulk = lock(bulks_for(by), ref=ref)
    if bulk.ended or not bulk.rows.filter(status=None).exists():
        raise WrongState(_("Nothing of it is left to be booked."))
    bulk.cancelled_at = legal_now()
    bulk.save(update_fields=["cancelled_at"])
    return bulk
