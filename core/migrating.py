"""What migrations are written with."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.db.migrations.operations import SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from pgtrigger.compiler import Trigger, UpsertTriggerSql

from core.guards import Guard


class Together(SeparateDatabaseAndState):
    """New models, or guards, at once: they may refer to later ones, and Django does not draw them all anew for each."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__(operations, operations)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        vars(state).pop("apps", None)  # drawn when somebody asks
        super().state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for one in self.database_operations:
            one.database_forwards(app_label, schema_editor, from_state, to_state)


def guard(
    of: str, name: str, operation: str, when: str = "", *, runs: str = "", level: str = "ROW", table: str = ""
) -> Trigger:
    """What makemigrations writes for a Guard of this model ("app.Model"), in a line."""
    place = hashlib.sha1(f"{of}:{name}".encode(), usedforsecurity=False).hexdigest()[:5]  # as pgtrigger names it
    execute = f"guard_{runs or name}"
    sql = UpsertTriggerSql(
        pgid=f"pgtrigger_{name}_{place}",
        table=table or of.lower().replace(".", "_"),
        when="BEFORE",
        operation=operation,
        level=level,
        condition=f"WHEN ({when})" if when else "",
        execute=execute if execute.endswith(")") else f"{execute}()",
        func=Guard.func,
    )
    return Trigger(name=name, sql=sql)
