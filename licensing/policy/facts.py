"""Facts of one line x end-user, made whole: what nobody said stays absent, what follows from the code is filled in."""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from licensing.policy.editions import Edition, Flaw, Unreadable
from licensing.policy.vocabulary import (
    CATEGORY,
    CODE,
    COUNTRY_PATTERN,
    ELEMENT,
    ELEMENTS,
    END_USE,
    FACTS,
    FOLLOWING,
    LIST,
    OF_UNLISTED,
    TERRITORY,
    UNLISTED_CODE,
    Kind,
)

Facts = Mapping[str, Any]
MOST_COUNTRIES = 50


def whole(said: Facts, edition: Edition) -> dict[str, Any]:
    """These facts by name, each in the one form that the engine reads: countries a tuple, a share a Decimal.

    Left out what is absent; defaults and what the code says filled in. Raises Unreadable with every flaw.
    """
    flaws = [Flaw(name, "unknown-fact") for name in said.keys() - FACTS.keys()]
    flaws += [Flaw(name, "fact-value") for name in said.keys() & FACTS.keys() if not may_be(name, said[name], edition)]
    if flaws:
        raise Unreadable(sorted(flaws, key=lambda flaw: flaw.where))
    facts: dict[str, Any] = {name: fact.default for name, fact in FACTS.items() if fact.default is not None}
    facts |= {name: _read(name, value) for name, value in said.items()}
    follows = following_of(facts.get(CODE), edition)
    contradicted = [
        Flaw(name, "facts-contradict", value) for name, value in follows.items() if _differs(facts, name, value)
    ]
    wrong_side = [Flaw(CODE, "code-of-others", str(facts[TERRITORY]))] if _of_other_side(facts, edition) else []
    if contradicted or wrong_side:
        raise Unreadable([*contradicted, *wrong_side])
    return facts | follows


def as_read(said: Facts, edition: Edition) -> dict[str, Any]:
    """Whole facts, of a case or of a license, by an edition that need not be the one they were said under.

    What it does not list, or lists for others only, is on none of its lists, an end-use of others is unsaid; what a
    code says is the edition's. It raises nothing of facts that some edition could read.
    """
    own = {name: value for name, value in said.items() if name not in FOLLOWING}
    if own[CODE] not in edition.codes or _of_other_side({TERRITORY: FACTS[TERRITORY].default, **own}, edition):
        own[CODE] = UNLISTED_CODE
    return whole({name: own[name] for name in own if name != END_USE or own[name] in edition.end_uses}, edition)


_SHARE = re.compile(r"0(\.\d{1,40})?|1(\.0{1,40})?", re.ASCII)
_COUNTRY = re.compile(COUNTRY_PATTERN, re.ASCII)


def may_be(name: str, value: Any, edition: Edition) -> bool:
    """Whether the fact of this name can have this value under this edition."""
    fact = FACTS[name]
    if fact.kind is Kind.FLAG:
        return isinstance(value, bool)
    if fact.kind is Kind.NAMES and isinstance(value, list | tuple):
        return 0 < len(value) <= MOST_COUNTRIES and all(_word(name, one, edition) for one in value)
    return isinstance(value, str) and _word(name, value, edition)


def _word(name: str, value: Any, edition: Edition) -> bool:
    if not isinstance(value, str):
        return False
    match name:
        case "item.control_code":
            return value == UNLISTED_CODE or value in edition.codes
        case "end_use.code":
            return value in edition.end_uses
        case "item.element":
            return value in ELEMENTS or value == ""
        case "item.list":
            return value == OF_UNLISTED[name] or any(value == code.list for code in edition.codes.values())
        case "item.category":
            return value == OF_UNLISTED[name] or any(value == code.category for code in edition.codes.values())
        case "item.cn_input_value_share":
            return bool(_SHARE.fullmatch(value))
        case "destination.country" | "item.origin":
            return bool(_COUNTRY.fullmatch(value))
    return value in FACTS[name].words


def _read(name: str, value: Any) -> Any:
    kind = FACTS[name].kind
    if kind is Kind.NAMES:
        return (value,) if isinstance(value, str) else tuple(sorted(set(value)))
    return Decimal(value) if kind is Kind.SHARE else value


def following_of(code: str | None, edition: Edition) -> dict[str, str]:
    """What a code says by itself; of "none" the element is a fact of its own."""
    if code is None:
        return {}
    if code == UNLISTED_CODE:
        return {**OF_UNLISTED}
    row = edition.codes[code]
    return {LIST: row.list, CATEGORY: row.category, ELEMENT: row.element}


def _differs(facts: Facts, name: str, value: str) -> bool:
    return name in facts and facts[name] != value


def _of_other_side(facts: Facts, edition: Edition) -> bool:
    """A label of ours under a domestic exporter, or an official code under one abroad."""
    code = facts.get(CODE)
    if code is None or code == UNLISTED_CODE:
        return False
    return bool(edition.codes[code].territory != facts[TERRITORY])


def named_as(name: str, facts: Facts) -> str:
    """Under which name the absence of this fact is told: what a code says by itself is asked for as the code."""
    return CODE if name in FOLLOWING and CODE not in facts else name


def share_of(part: Decimal, value: Decimal) -> str:
    """A part's share of a value, as a fact. Exact where it matters: it is cut off beyond any threshold's last digit."""
    scaled = Fraction(part) * 10**40 // Fraction(value)
    return "1" if scaled == 10**40 else f"0.{scaled:040}"
