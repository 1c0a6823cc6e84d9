"""What PostgreSQL refuses by itself: declared on the model, attached by a migration, switched off by no setting.

pgtrigger writes the migrations and notices a guard that differs. What it would run asks a setting
that every role may set; so a guard runs a function of our own (docs/decisions/0006).
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import pgtrigger
from django.db import models

M = TypeVar("M", bound=models.Model)


class Guard(pgtrigger.Trigger):
    """Runs `guard_<name>(arguments)` of an app's `sql/` before each row that it is attached to."""

    when = pgtrigger.Before
    func = "RETURN NULL;"  # of pgtrigger's own function, which nothing calls

    def __init__(self, name: str, *, arguments: Sequence[str] = (), **options: Any) -> None:
        super().__init__(name=name, **options)
        self.arguments = arguments

    def render_execute(self, model: Any) -> str:
        quoted = ", ".join(f"'{argument}'" for argument in self.arguments)
        return f"guard_{self.name}({quoted})"


def insert_only(model: type[M]) -> type[M]:
    """Rows are added and read, and never changed or deleted."""
    pgtrigger.register(Guard("insert_only", operation=pgtrigger.Update | pgtrigger.Delete))(model)
    return model
