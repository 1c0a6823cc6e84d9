"""A process whose database was migrated for another version: what its code asks for is gone, or is not there yet.

That is looked for only after the database has refused: no call that works is asked.
"""

import logging
import threading
from collections.abc import Mapping
from time import sleep
from typing import Any

from django.db import Error, connection, connections
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

log = logging.getLogger(__name__)
STATEMENT = "42"  # the class of what does not fit tables, columns, functions or rights
MISSING_VALUE = "23502"  # of a column that this process knows nothing of
WRITTEN_S = 0.5  # Django writes some migrations down just after their commit
_met = threading.Event()

_Name = tuple[str, str]  # of an app, and of a migration of it


def explains(error: BaseException | None, *, patience_s: float = 0) -> bool:
    """Has the database refused this because its migrations are not this process's? Said in the log the first time.

    patience_s: for whom nobody tries again, as what waited for a migration goes on before that is written down.
    """
    state = getattr(getattr(error, "__cause__", None), "pgcode", None) or ""
    if not (state.startswith(STATEMENT) or state == MISSING_VALUE):
        return False
    found = differences()
    if not found and patience_s:
        sleep(patience_s)
        found = differences()
    if found and not _met.is_set():
        _met.set()
        log.error("the database is of another version", extra={"migrations": found}, exc_info=error)
    return bool(found)


def met() -> bool:
    """This process has refused something for that, and the migrations are still not its own."""
    return _met.is_set() and bool(differences())


def differences() -> list[str]:
    """Migrations that only the database has, or only this process; none where that can't be asked."""
    try:
        there, ours = _there(connection), _ours()
    except Error:
        return []
    here = {*ours, *(old for one in ours.values() for old in one.replaces)}
    apps = {app for app, _name in ours}
    return sorted(".".join(one) for one in {one for one in there - here if one[0] in apps} | _lacking(ours, there))


def pending(alias: str = "default") -> bool:
    """The database lacks a migration of this process. Raises what it answers where it can't be asked."""
    return bool(_lacking(_ours(), _there(connections[alias])))


def between(alias: str) -> list[str]:
    """Migrations that replace several of which the database has some and not all: nothing leads on from there, and
    Django would leave them out without a word, or break."""
    there = _there(connections[alias])
    missing = _lacking(ours := _ours(), there)
    return sorted(".".join(one) for one in missing if not there.isdisjoint(ours[one].replaces))


def _ours() -> dict[_Name, Migration]:
    """As the files have them: what Django makes of them depends on what the database has."""
    return MigrationLoader(None).disk_migrations


def _there(database: Any) -> set[_Name]:
    return set(MigrationRecorder(database).applied_migrations())


def _lacking(ours: Mapping[_Name, Migration], there: set[_Name]) -> set[_Name]:
    """Of ours those that it has neither itself nor as all that they replace."""
    missing = {name: one for name, one in ours.items() if name not in there}
    return {name for name, one in missing.items() if not (one.replaces and there.issuperset(one.replaces))}
