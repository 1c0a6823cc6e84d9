"""Reserved shipments: whether they may still be declared on the day that they are planned for."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import F, QuerySet, Sum, TextField
from django.db.models.functions import Cast

from core.legal_time import day_start, on_the_wire
from licensing.models import Kind, PoolMovement, Verdict
from licensing.policy.editions import canonical
from licensing.policy.vocabulary import COUNTRY, END_USE
from licensing.selectors.pools import SIGNED
from licensing.selectors.verdicts import fate, foreseen, there
from licensing.selectors.what_if.known import Both, paged
from licensing.selectors.what_if.tally import Part, Refs, Tally

SIZE = 500
_reserved: list[Callable[[], QuerySet[Any]]] = []


def reads_reserved(rows: Callable[[], QuerySet[Any]]) -> Callable[[], QuerySet[Any]]:
    """Registers whose the shipments are: those that are reserved, with their lines."""
    _reserved[:] = [rows]
    return rows


def reserved_shipments() -> QuerySet[Any]:
    return _reserved[0]()


class Shipments:
    """What becomes of reserved shipments, each by the worst of its lines."""

    def __init__(self, both: Both) -> None:
        self.both, self.tally, self.refs = both, Tally(), Refs()
        self.pools: Counter[tuple[str, str, str]] = Counter()  # by pool and fates, the grams that it counts

    def add_all(self, rows: QuerySet[Any]) -> Iterator[int]:
        for page in paged(rows, SIZE):
            verdicts = {
                (license, party, number): (pk, *rest)
                for license, party, number, pk, *rest in Verdict.objects.filter(
                    line__license__in={one.license_id for one in page}
                )
                .annotate(said=Cast("facts", TextField()), code=F("line__control_item__code"))
                .values_list(
                    "line__license_id",
                    "end_user__party_id",
                    "line__number",
                    "line_id",
                    "said",
                    "code",
                    "line__license__kind",
                    "line__license__issued_at",
                    "line__license__application__contract_on",
                )
            }
            changed = [fates for one in page for fates in self._add(one, verdicts)]
            self._count(changed)
            yield len(page)

    def _count(self, changed: list[tuple[tuple[int, int], str, str]]) -> None:
        """What national quotas count of these lines of shipments, whose fate would be another."""
        fates = {line: (old, new) for line, old, new in changed}
        used = PoolMovement.objects.filter(shipment_id__in={shipment for shipment, _line in fates})
        rows = used.values_list("pool__ref", "shipment_id", "line_number").annotate(content=Sum(SIGNED)).order_by("pk")
        for ref, shipment, line, content in rows:
            if (shipment, line) in fates:
                self.both.rests_on(ref, shipment, line, content)
                self.pools[ref, *fates[shipment, line]] += content

    def _add(self, shipment: Any, verdicts: Any) -> Iterator[tuple[tuple[int, int], str, str]]:
        """Its lines whose fate would be another."""
        at = max(self.both.starts_at, day_start(shipment.planned_on))
        parts = []
        for line in shipment.lines.all():
            found = verdicts.get((shipment.license_id, shipment.end_user_id, line.line_number))
            if found is None:
                continue
            pk, said, code, kind, issued_at, contract = found
            facts = there(json.loads(said), shipment.destination)
            text = canonical(facts)
            words = {"since": issued_at, "contract": contract, "special": kind == Kind.SPECIAL}
            old, new = (
                fate(foreseen(editions, self.both.alike(text), **words), shipment.created_at, at)
                for editions in (self.both.old, self.both.new)
            )
            quantity = (line.unit, line.held)
            parts.append(Part(pk, code, tuple(facts[COUNTRY]), facts.get(END_USE, ""), *quantity, old, new))
            self.both.rests_on(shipment.ref, on_the_wire(at), on_the_wire(shipment.created_at), text, *quantity)
            if old != new:
                self.refs.add(new, shipment.ref)
                yield (shipment.pk, line.line_number), old, new
        self.tally.add(parts)

    def told(self) -> dict[str, Any]:
        pools = [
            {"pool": ref, "old": old, "new": new, "content": content}
            for (ref, old, new), content in sorted(self.pools.items())
            if content
        ]
        return {**self.tally.told(), "refs": self.refs.told(), "pools": pools}
