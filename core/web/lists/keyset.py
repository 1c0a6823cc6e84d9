"""Pages between two keys: what is shown next begins behind the last row, whatever came or went meanwhile."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Combinable
from django.utils.translation import gettext as _

from core.web.lists.declared import refused


@dataclass(frozen=True)
class Page:
    """Rows, and the cursors of the pages beside them; empty where there is none."""

    rows: list[Any]
    previous: str = ""
    next: str = ""


class Keyset:
    """An order of rows by keys that are never null, the primary key last, so that no two rows are equal."""

    def __init__(self, rows: QuerySet, keys: tuple[str | Combinable, ...], *, descending: bool, salt: str) -> None:
        keys = keys if keys[-1] == "pk" else (*keys, "pk")
        self.names = [f"_key{number}" for number in range(len(keys))]
        named = {name: F(key) if isinstance(key, str) else key for name, key in zip(self.names, keys, strict=True)}
        self.rows = rows.annotate(**named)
        self.descending, self.salt = descending, salt

    def ordered(self, *, backward: bool = False) -> QuerySet:
        minus = "-" if self.descending != backward else ""
        return self.rows.order_by(*(minus + name for name in self.names))

    def page(self, cursor: str, size: int) -> Page:
        """The page that the cursor leads to; without one, or when nothing is there any more, the first.

        Raises Invalid for a cursor that is not ours, or of another order.
        """
        if not cursor:
            rows = list(self.ordered()[: size + 1])
            return Page(rows[:size], next=self._cursor("on", rows[size - 1]) if len(rows) > size else "")
        way, values = self._read(cursor)
        backward = way == "back"
        rows = list(self.ordered(backward=backward).filter(self._beyond(values, backward))[: size + 1])
        more, rows = len(rows) > size, rows[:size]
        if not rows or (backward and not more):  # nothing before: the first page, filled up
            return self.page("", size)
        if backward:
            rows.reverse()
        return Page(rows, self._cursor("back", rows[0]), self._cursor("on", rows[-1]) if backward or more else "")

    def _beyond(self, values: list[Any], backward: bool) -> Q:
        """Rows that stand behind these values (before them, backward), compared key by key."""
        than = "lt" if self.descending != backward else "gt"
        found, equal = Q(), Q()
        for name, value in zip(self.names, values, strict=True):
            found |= equal & Q(**{f"{name}__{than}": value})
            equal &= Q(**{name: value})
        return found

    def _cursor(self, way: str, row: Any) -> str:
        values = [getattr(row, name) for name in self.names]
        return signing.dumps([way, [v.isoformat() if isinstance(v, date) else v for v in values]], salt=self.salt)

    def _read(self, cursor: str) -> tuple[str, list[Any]]:
        fields = [self.rows.query.annotations[name].output_field for name in self.names]
        try:
            way, values = signing.loads(cursor, salt=self.salt)
            return way, [field.to_python(value) for field, value in zip(fields, values, strict=True)]
        except (signing.BadSignature, ValidationError, ValueError):
            raise refused("cursor", _("There is no such page of this list.")) from None
