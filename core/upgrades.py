"""A process whose database was migrated for another version: what its code asks for is gone, or is not there yet.

That is looked for only after the database has refused: no call that works is asked.
"""

import logging
import threading
from time import sleep

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader

log = logging.getLogger(__name__)
STATEMENT = "42"  # the class of what does not fit tables, columns, functions or rights
MISSING_VALUE = "23502"  # of a column that this process knows nothing of
WRITTEN_S = 0.5  # Django writes some migrations down just after their commit
_met = threading.Event()


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
        loader = MigrationLoader(connection)
    except Error:
        return []
    here = {*loader.disk_migrations, *(old for one in loader.disk_migrations.values() for old in one.replaces)}
    there = {one for one in loader.applied_migrations if one[0] in loader.migrated_apps}
    return sorted(".".join(one) for one in (there - here) | (loader.graph.nodes.keys() - there))
