"""What PostgreSQL refuses by itself: declared on the model, attached by a migration, switched off by no setting.

pgtrigger writes the migrations and notices a guard that differs. What it would run asks a setting
that every role may set; so a guard runs a function of our own (docs/decisions/0006).
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pgtrigger
from django.db import models

M = TypeVar("M", bound=models.Model)


class Guard(pgtrigger.Trigger):
    """Runs `guard_<runs, else name>(arguments)` of an app's `sql/` before each row, or statement, of its operation."""

    when = pgtrigger.Before
    func = "RETURN NULL;"  # of pgtrigger's own function, which nothing calls

    def __init__(self, name: str, *, runs: str = "", arguments: Sequence[str] = (), **options: Any) -> None:
        super().__init__(name=name, **options)
        self.runs, self.arguments = runs or name, arguments

    def render_execute(self, model: Any) -> str:
        quoted = ", ".join(f"'{argument}'" for argument in self.arguments)
        return f"guard_{self.runs}({quoted})"


Rights = frozenset[str]
USUAL: Rights = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
_narrowed: dict[type[models.Model], Rights] = {}


def rights(*held: str) -> Callable[[type[M]], type[M]]:
    """The application's role holds these on the model's table and each partition, and no more: core.grants sees to it.

    held: as GRANT spells them, `UPDATE(column)` for a column alone.
    """

    def narrow(model: type[M]) -> type[M]:
        _narrowed[model] = frozenset(held)
        return model

    return narrow


def narrowed() -> dict[str, Rights]:
    """The tables on which the application's role holds other rights than the usual ones."""
    return {model._meta.db_table: held for model, held in _narrowed.items()}


_doors: set[str] = set()


def door(signature: str) -> Callable[[type[M]], type[M]]:
    """The application's role may call this SQL function, which has its owner's rights over the model's table.

    It is given to nobody else, and looks names up in public alone; core.grants sees to it, and that there is no other.
    """

    def register(model: type[M]) -> type[M]:
        _doors.add(signature)
        return model

    return register


def doors() -> frozenset[str]:
    return frozenset(_doors)


def insert_only(model: type[M]) -> type[M]:
    """Rows are added and read, and never changed or deleted: by right, and by a guard that stops the owner too.

    A table that Django makes for a many-to-many field has the right alone.
    """
    if not model._meta.auto_created:
        pgtrigger.register(Guard("insert_only", operation=pgtrigger.Update | pgtrigger.Delete))(model)
    return rights("SELECT", "INSERT")(model)
