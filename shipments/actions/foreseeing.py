"""What a sheet's rows would come to if they were booked now, one after the other: nothing is written or locked."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from core import problems
from core.access import Actor
from core.errors import DomainError
from core.idempotency import Answer
from core.quantities import hundredths
from licensing.selectors import clearances_taken, licenses_for, with_lines
from shipments.actions.bulk import Row, checked
from shipments.actions.reservations import found, stated_of
from shipments.refusals import exhausted, in_order, refusal

# what the rows above may use up; what everybody may, as a pool, is judged of each alone
EXHAUSTED = frozenset({"line-exhausted", "value-exhausted", "end-user-exhausted", "clearances-exhausted"})


@dataclass(frozen=True)
class Foreseen:
    """refused: number of a row (from 1) -> its answer; the others would be booked. totals: of each license line that
    these ask for, how much is left now, is asked, and is left after."""

    rows: int
    refused: Mapping[int, Answer]
    totals: Sequence[Mapping[str, Any]]

    def as_json(self) -> dict[str, Any]:
        refused = {str(number): [one.status, one.body] for number, one in self.refused.items()}
        return {"rows": self.rows, "refused": refused, "totals": list(self.totals)}

    def digest(self, sha256: str) -> str:
        """The same where the same rows of the same file are refused for the same causes, in whichever language."""
        said = [[number, json.loads(one.body)["code"]] for number, one in sorted(self.refused.items())]
        return hashlib.sha256(json.dumps([sha256, said]).encode()).hexdigest()


def foresee(rows: Sequence[Row], *, instance: str, by: Actor) -> Foreseen:
    """Each row is judged as `check` judges it, and by what those above it leave. instance: the id of the request."""
    refused = {number: row.refused for number, row in enumerate(rows, 1) if row.refused}
    asked = [(number, row.request) for number, row in enumerate(rows, 1) if row.request and not row.refused]
    stated = [stated_of(request, by.organization_id) for _number, request in asked]
    left = _Left(by, stated)
    for (number, _request), one, said in zip(asked, stated, checked(stated), strict=True):
        try:
            found(said)
            if failures := left.failures(one, said):
                raise refusal(failures)
        except DomainError as refused_:
            refused[number] = problems.answer(refused_, instance)
        else:
            left.take(one)
    return Foreseen(len(rows), refused, left.totals())


class _Left:
    """What is left of these licenses after the rows that were taken, as ledger_take finds it at the next."""

    def __init__(self, by: Actor, stated: Sequence[Mapping[str, Any]]) -> None:
        refs = {one["license"] for one in stated}
        self.items = [item for one in stated for item in one["lines"]]
        self.licenses = {row.ref: row for row in with_lines(licenses_for(by).filter(ref__in=refs))}
        self.lines = {(ref, line.number): line for ref, row in self.licenses.items() for line in row.lines.all()}
        self.clearances = clearances_taken(self.licenses.values())
        self.taken: Counter[Any] = Counter()
        self.worths: dict[tuple[str, str], dict[str, Decimal]] = {}

    def failures(self, stated: Mapping[str, Any], said: Mapping[str, Any]) -> list[dict[str, Any]]:
        """said: of it alone."""
        alone: list[dict[str, Any]] = said["failures"]
        if alone and alone[0]["code"] == "client-reference-used":
            return alone[:1]  # it is asked nothing else
        if not self.taken[stated["license"]]:
            return alone
        others = [one for one in alone if one["code"] not in EXHAUSTED]
        unmatched = {one["pointer"] for one in others}
        return in_order([*others, *self._exhausted(stated, unmatched), *self._clearances(stated["license"])])

    def _exhausted(self, stated: Mapping[str, Any], unmatched: Set[str]) -> list[dict[str, Any]]:
        failures: list[dict[str, Any]] = []
        for index, item in enumerate(stated["lines"]):
            if unmatched & {f"/lines/{index}/license_line", f"/lines/{index}/unit"}:
                continue
            line = self.lines[stated["license"], item["line"]]
            pointer = f"/lines/{index}/quantity"
            about = {"pointer": pointer, "line": line.number, "unit": line.unit}
            taken = self.taken[stated["license"], line.number]
            if failure := exhausted(line, item["quantity"], taken=taken, pointer=pointer):
                failures.append(failure)
            for ceiling in self._ceilings(stated, item):
                room, worth = ceiling.available - self.taken[ceiling.pk], self._worth(ceiling, item)
                if worth <= room:
                    continue
                if ceiling.of_value:
                    left = {"value_remaining": hundredths(max(room, 0)), "currency": ceiling.currency}
                    where = {"pointer": f"/lines/{index}/value/amount"}
                    failures.append(about | where | {"code": "value-exhausted"} | left)
                else:
                    asked = {"remaining": max(room, 0), "asked": item["quantity"]}
                    failures.append(about | {"code": "end-user-exhausted"} | asked)
        return failures

    def _clearances(self, ref: str) -> list[dict[str, Any]]:
        license = self.licenses[ref]
        if not license.clearances_gone(self.clearances[license.pk] + self.taken[ref]):
            return []
        return [{"code": "clearances-exhausted", "pointer": "/license", "max_clearances": license.max_clearances}]

    def _ceilings(self, stated: Mapping[str, Any], item: Mapping[str, Any]) -> list[Any]:
        every = self.lines[stated["license"], item["line"]].ceilings.all()
        return [one for one in every if one.end_user is None or one.end_user.party.ref == stated["end_user"]]

    def take(self, stated: Mapping[str, Any]) -> None:
        self.taken[stated["license"]] += 1
        for item in stated["lines"]:
            self.taken[stated["license"], item["line"]] += item["quantity"]
            for ceiling in self._ceilings(stated, item):
                self.taken[ceiling.pk] += self._worth(ceiling, item)

    def _worth(self, ceiling: Any, item: Mapping[str, Any]) -> int:
        """How much of the ceiling the item takes: its quantity, or its value in hundredths at this month's rate."""
        if not ceiling.of_value:
            return int(item["quantity"])
        pair = item["currency"], ceiling.currency
        if pair not in self.worths:
            values = [one["value"] for one in self.items if one["currency"] == item["currency"]]
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT value, ledger_hundredths(value::numeric, ledger_rate(%s, %s, legal_day(legal_now())))"
                    " FROM unnest(%s) value",
                    [*pair, values],
                )
                self.worths[pair] = dict(cursor.fetchall())
        return int(self.worths[pair][item["value"]])

    def totals(self) -> list[dict[str, Any]]:
        return [
            {
                "license": ref,
                "line": number,
                "code": line.control_item.code,
                "description": line.description,
                "unit": line.unit,
                "left": line.available,
                "asked": self.taken[ref, number],
                "after": line.available - self.taken[ref, number],
            }
            for (ref, number), line in sorted(self.lines.items())
            if self.taken[ref, number]
        ]
