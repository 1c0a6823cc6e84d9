"""The verbs of simulations: asked for, taken by a worker, done, stopped. None changes anything but its own record."""

from datetime import timedelta
from typing import Any

from core.access import Actor
from core.command import command
from core.history import move, require
from core.legal_time import legal_now
from core.locks import lock, lock_all
from licensing.models import Draft, Simulation
from licensing.selectors import drafts_for, start_of

Stage = Simulation.Stage
LEASE = timedelta(minutes=2)  # after which another worker takes it; told anew with each step


@command
def simulate(ref: str, *, seen: int, by: Actor) -> Draft:
    """A simulation of this text, from its first day on (from the coming midnight where it has none), is asked for.

    Those of this draft that are not done are stopped.
    """
    row = lock(drafts_for(by), ref=ref)
    require(row.simulate, by=by, seen=seen)
    at = legal_now()
    row.simulations.still_open().update(stage=Stage.STOPPED)
    facts = {"digest": row.digest, "starts_at": start_of(row, at), "asked_by": by.user, "asked_at": at}
    Simulation.objects.create(draft=row, **facts)
    move(row.simulate, by=by, at=at)
    return row


@command
def stop(ref: str, *, seen: int, by: Actor) -> Draft:
    """No simulation of this draft is worked on any more."""
    row = lock(drafts_for(by), ref=ref)
    require(row.stop, by=by, seen=seen)
    move(row.stop, by=by, at=legal_now())
    row.simulations.still_open().update(stage=Stage.STOPPED)
    return row


@command
def take(pk: int, *, by: Actor) -> Simulation | None:
    """It is being worked out by whoever called this, for a time; None when another does that, or nobody needs to."""
    found = lock_all(Simulation.objects.filter(pk=pk), skip_locked=True)
    at = legal_now()
    if not found or not found[0].open or (found[0].taken_until and found[0].taken_until > at):
        return None
    row = found[0]
    row.stage, row.taken_until = Stage.RUNNING, at + LEASE
    row.save(update_fields=["stage", "taken_until"])
    return row


@command
def keep(pk: int, *, result: dict[str, Any], book_at: Any, newest: int, by: Actor) -> bool:
    """It is done with this result; whether it was still wanted."""
    row = lock_all(Simulation.objects.filter(pk=pk))[0]
    if row.stage != Stage.RUNNING:
        return False
    row.stage, row.result, row.book_at, row.newest = Stage.DONE, result, book_at, newest
    row.save(update_fields=["stage", "result", "book_at", "newest"])
    return True
