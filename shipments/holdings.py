"""What a company has, as far as its overview tells of it: found in one statement, and each kind of row read once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet

from core.access import Actor
from core.selectors import picked
from licensing import selectors as licensing
from licensing.models import Application, License
from shipments.models import Shipment
from shipments.selectors import shipments_for, with_last, with_lines

Rows = QuerySet[Any]


class Holdings:
    """Of each name the rows that were sought, in their order.

    Licenses, cases and shipments are the same ones wherever they are found, with all that is told of them; rows of
    other kinds are read where some were found, when they are asked for.
    """

    def __init__(self, actor: Actor, at: datetime, sought: Mapping[str, Rows]) -> None:
        self.at, self._sought = at, sought
        self._found = picked(sought)
        self._read: dict[type[Model], dict[int, Any]] = {
            License: self._all(License, licensing.told(actor)),
            Application: self._all(Application, licensing.told_cases(licensing.applications_for(actor), at)),
            Shipment: self._all(Shipment, with_last(with_lines(shipments_for(actor)))),
        }
        licensing.with_causes(self._read[License].values())

    def _all(self, model: type[Model], rows: Rows) -> dict[int, Any]:
        keys = {pk for name, sought in self._sought.items() if sought.model is model for pk in self._found[name]}
        return {row.pk: row for row in rows.filter(pk__in=keys)} if keys else {}

    def __getitem__(self, name: str) -> list[Any]:
        sought, found = self._sought[name], self._found[name]
        if sought.model in self._read:
            return [self._read[sought.model][pk] for pk in found]
        return list(sought) if found else []

    def has(self, name: str) -> bool:
        return bool(self._found[name])
