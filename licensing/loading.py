"""Reference data from the project's own copy, with its provenance. Loading twice changes nothing."""

import csv
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from core.legal_time import day_start
from core.models import Country
from licensing.actions.lists import put_on_lists
from licensing.models import PolicyEdition
from licensing.policy.editions import canonical, digest_of
from licensing.policy.engine import ENGINE

HERE = Path(__file__).parent / "data"
CONTROL_LIST, RULES, INVARIANTS = HERE / "control_list.csv", HERE / "rules.json", HERE / "invariants.json"
COUNTRIES = Path(__file__).parent.parent / "core" / "data" / "countries.csv"


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The records of a CSV file whose first line is its provenance."""
    with path.open(encoding="utf-8", newline="") as source:
        next(source)
        yield from csv.DictReader(source)


def first_edition() -> PolicyEdition:
    """The edition that the files are: named by the day they were compiled and its text's hash, since that day."""
    provenance = CONTROL_LIST.read_text(encoding="utf-8").split("\n", 1)[0]
    day = re.search(r"compiled (\d{4}-\d{2}-\d{2})", provenance)
    assert day, "the control list names the day it was compiled"
    text = canonical(first_document())
    digest = digest_of(text)
    return PolicyEdition(
        code=f"LIST-{day.group(1)}-{digest[:6]}",
        title_en="Rules as loaded at installation",
        title_zh="安装时载入的规则",
        text=text,
        digest=digest,
        engine=ENGINE,
        starts_at=day_start(date.fromisoformat(day.group(1))),
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
        "thresholds": rules["thresholds"],
        "invariants": json.loads(INVARIANTS.read_text(encoding="utf-8"))["invariants"],
    }


def load() -> bool:
    """Countries are as the file says; where no edition is, the first one and its list are as the files say.

    Later editions are made by the ministry: newer files of the product change nothing. False: there was one.
    """
    with transaction.atomic():
        _countries()
        if PolicyEdition.objects.exists():
            return False
        document = first_document()
        put_on_lists(document)
        first_edition().save()
    return True


def _countries() -> None:
    made = [Country(code=r["alpha2"], name_en=r["name_en"], name_zh=r["name_zh"]) for r in rows(COUNTRIES)]
    names = ["name_en", "name_zh"]
    Country.objects.bulk_create(made, update_conflicts=True, unique_fields=["code"], update_fields=names)
