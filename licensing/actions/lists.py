"""What can be chosen: the codes, end-uses and instruments that some edition of the rules names."""

from collections.abc import Mapping
from typing import Any

from licensing.models import ControlItem, EndUse, Instrument

# fields of a code that are called as in the document
SAME = [
    *("code", "official", "element", "category", "description_en", "description_zh", "hs_codes", "unit"),
    *("confidence", "source", "note"),
]


def put_on_lists(document: Mapping[str, Any]) -> None:
    """The instruments, end-uses and codes of an edition can be chosen from now on. What was on the lists before stays
    as it was, also where the edition has it no more: who chose it, chose that."""
    _added(
        [
            Instrument(
                id=row["id"],
                title_en=row["title_en"],
                title_zh=row["title_zh"],
                published_on=row["published"],
                effective_from=row["effective_from"],
                clauses=row.get("clauses", {}),
                authority=row["authority"],
                source=row["source"],
                note=row.get("note", ""),
            )
            for row in document["instruments"]
        ]
    )
    last = EndUse.objects.count()
    _added(
        [
            EndUse(code=code, name_en=words["en"], name_zh=words["zh"], position=last + position)
            for position, (code, words) in enumerate(document["end_uses"].items())
        ]
    )
    _added(
        [
            ControlItem(instrument_id=row["instrument"], list_name=row["list"], **{name: row[name] for name in SAME})
            for row in document["codes"]
        ]
    )


def _added(made: list[Any]) -> None:
    """Each row stands there, unless one of its key did. One statement."""
    if made:
        type(made[0])._default_manager.bulk_create(made, ignore_conflicts=True)
