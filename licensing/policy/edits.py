"""Changes of an edition's document, a row at a time. Nothing is judged here: `read` says what can't be meant."""

import copy
from collections.abc import Mapping
from typing import Any

KEYS: Mapping[str, tuple[str, ...]] = {  # the parts in the order in which they are told, and what names a row
    "rules": ("id",),
    "windows": ("instrument", "clause", "suspended_from"),
    "instruments": ("id",),
    "codes": ("code",),
    "end_uses": (),
    "groups": (),
    "invariants": ("id",),
    "holds": ("id",),
    "thresholds": ("id",),
}
MAY_BE_ABSENT = {"holds", "thresholds"}  # so that a text without any is one text
NAMED = "name"  # of a row of a part that is a map, what names it


class NoSuchRow(KeyError):
    """The document has no such part, or the part no row of this key."""


class Taken(ValueError):
    """Another row has this name."""


def rows(document: Mapping[str, Any], part: str) -> dict[str, dict[str, Any]]:
    """The rows of a part by their keys, in the document's order. Raises NoSuchRow."""
    return {key_of(part, row): row for row in _listed(document, part)}


def _listed(document: Mapping[str, Any], part: str) -> list[dict[str, Any]]:
    if part not in KEYS:
        raise NoSuchRow(part)
    found = document.get(part, [])
    if isinstance(found, Mapping):
        return [{NAMED: key, **row} for key, row in found.items()]
    return list(found)


def key_of(part: str, row: Mapping[str, Any]) -> str:
    """What names a row of this part: of a window its instrument, clause and first day."""
    return " ".join(str(row.get(name) or "-") for name in KEYS[part] or (NAMED,))


def put(document: Mapping[str, Any], part: str, key: str, row: Mapping[str, Any] | None) -> dict[str, Any]:
    """The document with this row where the one of that key was (key "": one more; row None: without it).

    Raises NoSuchRow when there is no such part, or no row of that key; Taken when another row of a map has the name.
    """
    before = [(key_of(part, old), old) for old in _listed(document, part)]
    names = [name for name, _ in before]
    if key and key not in names:
        raise NoSuchRow(key)
    after = copy.deepcopy(dict(document))
    mapped = isinstance(after.get(part), dict)
    if mapped and row is not None and row[NAMED] != key and row[NAMED] in names:
        raise Taken(row[NAMED])
    at = names.index(key) if key else len(names)
    found = [old for _, old in before[:at]] + [row] + [old for _, old in before[at + 1 :]]
    kept = [dict(one) for one in found if one is not None]
    after[part] = {one.pop(NAMED): one for one in kept} if mapped else kept
    if not kept and part in MAY_BE_ABSENT:
        del after[part]
    return after
