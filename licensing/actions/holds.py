"""Whoever holds a case or a license is told of a hold when it begins to stop it, and when it ends."""

from collections.abc import Iterable
from datetime import datetime

from core.access import Actor
from core.history import record
from licensing.models import Application, License


def tell_of_holds(row: Application | License, standing: Iterable[str], *, by: Actor, at: datetime) -> bool:
    """The step under a turn: of each hold its holder was told once that it stands, and once that it does no more.

    row: locked. Whether anything was told.
    """
    now = sorted(set(standing))
    told = {"hold": set(now) - set(row.held), "release": set(row.held) - set(now)}
    row.held = now
    row.save(update_fields=["held"])
    for verb, names in told.items():
        if names:
            record(row, verb, by=by, at=at, before=row.state, facts={"holds": ", ".join(sorted(names))})
    return any(told.values())
