"""What of goods is an element, and how much of it its usual oxide has (licensing/data/element_factors.csv)."""

import csv
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from licensing.policy.vocabulary import ELEMENTS

FACTORS = Path(__file__).parent / "data" / "element_factors.csv"
HOME = "CN"  # where goods are made, unless somebody says otherwise
MEASURED, DECLARED = "measured", "declared"


@dataclass(frozen=True)
class Oxide:
    """factor: the mass of the element in one of the oxide. version: of the file that says so."""

    name: str
    element: str
    factor: Decimal
    version: str


@cache
def oxides() -> dict[str, Oxide]:
    """The usual oxide of each element that is controlled, by its formula."""
    text = FACTORS.read_text(encoding="utf-8")
    version = hashlib.sha256(text.encode()).hexdigest()[:6]
    _provenance, *lines = text.splitlines()
    found = (
        Oxide(row["oxide"], row["element"], Decimal(row["mass_fraction_element_in_oxide"]), version)
        for row in csv.DictReader(lines)
    )
    return {oxide.name: oxide for oxide in found}


def contents(composition: Mapping[str, str], basis: str, oxide: str) -> dict[str, dict[str, str]]:
    """What of goods counts as which element, and who says so: {symbol: {share, basis}}, as the ledger reads it.

    composition: {symbol: mass fraction}, measured or declared. oxide: the goods are one, by its formula; or nothing.
    """
    said = {symbol: {"share": share, "basis": basis} for symbol, share in composition.items()}
    if oxide:
        it = oxides()[oxide]
        said[it.element] = {"share": str(it.factor), "basis": f"{oxide} {it.version}"}
    return said


def present(share: str) -> bool:
    """What goods have nothing of is not named as a part of them."""
    return Decimal(share) > 0


def possible(shares: Iterable[str]) -> bool:
    """Mass fractions are together no more than everything."""
    return sum(map(Decimal, shares)) <= 1


PART = re.compile(r"([A-Z][a-z]?)[ :=]*((?:0|[1-9][0-9]?)(?:\.[0-9]{1,4})?|100)\s*%?", re.ASCII)


def named_in(text: str) -> set[str]:
    """The symbols of elements in what somebody types, with or without their share so far."""
    return set(re.findall(r"[A-Z][a-z]?", text))


def show_percent(percent: Decimal | None) -> str:
    """Without zeros at its end; nothing of None."""
    return "" if percent is None else f"{percent.normalize():f} %"


class BadComposition(ValueError):
    """No list of elements with their share in percent, or more than everything. args: the part that is wrong."""


def read_percents(text: str) -> dict[str, str]:
    """{symbol: mass fraction} of "Dy 3.5, Tb 0.5", in percent. Raises BadComposition with what is wrong."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[,;，；\n]", text))):
        match = PART.fullmatch(part)
        if match is None or match[1] not in ELEMENTS or match[1] in found or not present(match[2]):
            raise BadComposition(part)
        found[match[1]] = f"{(Decimal(match[2]) / 100).normalize():f}"
    if not possible(found.values()):
        raise BadComposition(text)
    return found


def show_percents(composition: Mapping[str, str]) -> str:
    """What `read_percents` reads: the elements in their order, in percent."""
    return ", ".join(f"{symbol} {(Decimal(share) * 100).normalize():f} %" for symbol, share in composition.items())
