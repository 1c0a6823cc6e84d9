"""Whose the cases, licenses and shipments of a what-if are, for those who may read cases."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.access import Actor
from licensing.selectors.applications import applications_for
from licensing.selectors.licenses import licenses_for
from licensing.selectors.what_if.shipments import reserved_shipments
from licensing.selectors.what_if.tally import GROUPS, LINES


def names_of(found: Mapping[str, Any], actor: Actor) -> dict[str, str]:
    """By number the company, of those that this reader may open; a reserved shipment is its license's. For whoever may
    read no case there are none."""
    refs, licenses = set(_refs(found)), licenses_for(actor)
    shipments = reserved_shipments().filter(license__in=licenses.values("pk")).select_related("exporter__organization")
    rows = (applications_for(actor), licenses, shipments)
    return {row.ref: str(row.exporter.organization) for some in rows for row in some.filter(ref__in=refs)}


def _refs(found: Mapping[str, Any]) -> Iterator[str]:
    for part in found.values():
        if isinstance(part, Mapping):
            for name in GROUPS:
                for refs in part.get(name, {}).values():
                    yield from refs
            for name in LINES:
                for one in part.get(name, ()):
                    yield from one["refs"]
