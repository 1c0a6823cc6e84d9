"""Reference data from the project's own copy, with its provenance. Loading twice changes nothing."""

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from core.models import Country
from licensing.models import ControlItem, EndUse, Instrument, InstrumentSuspension, PolicyEdition

HERE = Path(__file__).parent / "data"
CONTROL_LIST, RULES = HERE / "control_list.csv", HERE / "rules.json"
COUNTRIES = Path(__file__).parent.parent / "core" / "data" / "countries.csv"


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The records of a CSV file whose first line is its provenance."""
    with path.open(encoding="utf-8", newline="") as source:
        next(source)
        yield from csv.DictReader(source)


def edition_of_files() -> PolicyEdition:
    """The edition that the files are: named by the day they were compiled and a hash of their content."""
    content = CONTROL_LIST.read_bytes() + RULES.read_bytes()
    provenance = CONTROL_LIST.read_text(encoding="utf-8").split("\n", 1)[0]
    day = re.search(r"compiled (\d{4}-\d{2}-\d{2})", provenance)
    assert day, "the control list names the day it was compiled"
    digest = hashlib.sha256(content).hexdigest()
    return PolicyEdition(
        code=f"LIST-{day.group(1)}-{digest[:6]}",
        title="Control list as loaded at installation",
        content_hash=digest,
        in_force_from=date.fromisoformat(day.group(1)),
    )


def first_document() -> dict[str, Any]:
    """What the files say, as an edition's document (licensing/policy/shape.py)."""
    rules = json.loads(RULES.read_text(encoding="utf-8"))
    return {
        "instruments": rules["instruments"],
        "windows": rules["suspensions"],
        "rules": rules["rules"],
        "codes": [
            {
                "code": r["control_code"],
                "official": r["official_code"] == "1",
                "list": r["list"],
                "instrument": r["instrument"],
                "element": r["element"],
                "category": r["category"],
                "description_en": r["description_en"],
                "description_zh": r["description_zh"],
                "hs_codes": [code for code in r["hs_codes"].split(";") if code],
                "unit": r["unit"],
                "confidence": r["confidence"],
                "source": r["source"],
                "note": r["note"] or "",
            }
            for r in rows(CONTROL_LIST)
        ],
        "end_uses": rules["end_uses"],
        "groups": {},
    }


def load() -> bool:
    """Countries, instruments, suspensions, end-uses and the control list are as the files say. False: they were."""
    edition = edition_of_files()
    if PolicyEdition.objects.filter(code=edition.code).exists():
        return False
    with transaction.atomic():
        _countries()
        _rules(json.loads(RULES.read_text(encoding="utf-8")))
        _control_list()
        edition.save()
    return True


def _filed(made: list[Any], *key: str) -> None:
    """Each row stands as it is given: made, or written over the one of the same key. One statement."""
    model = type(made[0])
    facts = [f.name for f in model._meta.concrete_fields if not f.primary_key and f.name not in key]
    model._default_manager.bulk_create(made, update_conflicts=True, unique_fields=key, update_fields=facts)


def _countries() -> None:
    _filed(
        [Country(code=r["alpha2"], name_en=r["name_en"], name_zh=r["name_zh"]) for r in rows(COUNTRIES)],
        "code",
    )


def _rules(rules: dict[str, Any]) -> None:
    _filed(
        [
            Instrument(
                id=entry["id"],
                title_en=entry["title_en"],
                title_zh=entry["title_zh"],
                published_on=entry["published"],
                effective_from=entry["effective_from"],
                clauses=entry.get("clauses", {}),
                authority=entry["authority"],
                source=entry.get("source", ""),
                note=entry.get("note", ""),
            )
            for entry in rules["instruments"]
        ],
        "id",
    )
    _filed(
        [
            InstrumentSuspension(
                instrument_id=entry["instrument"],
                clause=entry["clause"] or "",
                suspended_from=entry["suspended_from"],
                suspended_until=entry["suspended_until"],
                by=entry["by"],
            )
            for entry in rules["suspensions"]
        ],
        "instrument",
        "clause",
        "suspended_from",
    )
    _filed(
        [
            EndUse(code=code, name_en=words["en"], name_zh=words["zh"], position=position)
            for position, (code, words) in enumerate(rules["end_uses"].items())
        ],
        "code",
    )


def _control_list() -> None:
    _filed(
        [
            ControlItem(
                code=r["control_code"],
                official=r["official_code"] == "1",
                list_name=r["list"],
                instrument_id=r["instrument"],
                element=r["element"],
                category=r["category"],
                description_en=r["description_en"],
                description_zh=r["description_zh"],
                hs_codes=[code for code in r["hs_codes"].split(";") if code],
                unit=r["unit"],
                confidence=r["confidence"],
                source=r["source"],
                note=r["note"] or "",
            )
            for r in rows(CONTROL_LIST)
        ],
        "code",
    )
