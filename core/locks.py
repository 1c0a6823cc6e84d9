"""The one way to take a row: visible to the actor or 404, then locked.

In which order stands in `locks.csv` beside this file, for every verb of every app: whoever holds a row takes none that
stands above it. tests/core/test_locks.py compares that with what each verb, and each function of the database, takes.
"""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from core.errors import NotFound

M = TypeVar("M", bound=Model)


def lock(rows: QuerySet[M], **named: Any) -> M:
    """The row of these that is so named, as it is now, is this transaction's until it ends.

    rows: what the actor may see (a selector's), in a statement of its own, so that the row that is locked is read
    after the wait and nothing joined to it stems from before. Raises NotFound when there is none.
    """
    row = lock_all(rows.filter(**named))
    if not row:
        raise NotFound()
    return row[0]


def lock_all(rows: QuerySet[M], *, skip_locked: bool = False) -> list[M]:
    """All these rows are this transaction's, locked in the order of their primary keys; or those that nobody holds.

    NO KEY: a plain FOR UPDATE on a parent deadlocks with the key-share lock of a child's insert.
    """
    every = rows.model._default_manager.select_for_update(no_key=True, skip_locked=skip_locked)
    return list(every.filter(pk__in=rows.order_by().values("pk")).order_by("pk"))
