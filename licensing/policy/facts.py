"""Facts of one line x end-user, made whole: what nobody said stays absent, what follows from the code is filled in."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from licensing.policy.editions import Edition, Flaw, Unreadable
from licensing.policy.vocabulary import (
    CATEGORY,
    CODE,
    ELEMENT,
    ELEMENTS,
    END_USE,
    FACTS,
    FOLLOWING,
    LIST,
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
    flaws = [flaw for name, value in said.items() for flaw in _of(name, value, edition)]
    if flaws:
        raise Unreadable(sorted(flaws, key=lambda flaw: flaw.where))
    facts: dict[str, Any] = {name: fact.default for name, fact in FACTS.items() if fact.default is not None}
    facts |= {name: _read(name, value) for name, value in said.items()}
    follows = _following(facts.get(CODE), edition)
    contradicted = [
        Flaw(name, "contradicts-code", value) for name, value in follows.items() if _differs(facts, name, value)
    ]
    wrong_side = [Flaw(CODE, "other-territory", str(facts[TERRITORY]))] if _of_other_side(facts, edition) else []
    if contradicted or wrong_side:
        raise Unreadable([*contradicted, *wrong_side])
    return facts | follows


def _of(name: str, value: Any, edition: Edition) -> Iterator[Flaw]:
    fact = FACTS.get(name)
    if fact is None:
        yield Flaw(name, "unknown-fact")
    elif fact.kind is Kind.FLAG:
        if not isinstance(value, bool):
            yield Flaw(name, "no-flag")
    elif fact.kind is Kind.NAMES:
        listed = value if isinstance(value, list | tuple) else [value]
        if not 0 < len(listed) <= MOST_COUNTRIES:
            yield Flaw(name, "how-many", str(MOST_COUNTRIES))
        elif not all(_country(one) for one in listed):
            yield Flaw(name, "no-country", next(str(one)[:20] for one in listed if not _country(one)))
    elif not isinstance(value, str):
        yield Flaw(name, "no-text")
    elif fact.kind is Kind.SHARE:
        if _share(value) is None:
            yield Flaw(name, "no-share")
    elif not _known(name, value, edition):
        yield Flaw(name, "unknown-value", value[:60])


def _country(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha() and value.isupper()


def _share(text: str) -> Decimal | None:
    try:
        share = Decimal(text) if len(text) <= 40 and text.isascii() and "_" not in text else None
    except InvalidOperation:
        return None
    return share if share is not None and share.is_finite() and 0 <= share <= 1 else None


def _known(name: str, value: str, edition: Edition) -> bool:
    if name == CODE:
        return value == UNLISTED_CODE or value in edition.codes
    if name == END_USE:
        return value in edition.end_uses
    if name == ELEMENT:
        return value in ELEMENTS or value == ""
    if name in (LIST, CATEGORY):
        return value == "none" or any(value in (code.list, code.category) for code in edition.codes.values())
    return value in FACTS[name].words if FACTS[name].words else _country(value)


def _read(name: str, value: Any) -> Any:
    kind = FACTS[name].kind
    if kind is Kind.NAMES:
        return (value,) if isinstance(value, str) else tuple(sorted(set(value)))
    return _share(value) if kind is Kind.SHARE else value


def _following(code: str | None, edition: Edition) -> dict[str, str]:
    """What a code says by itself; of "none" the element is a fact of its own."""
    if code is None:
        return {}
    if code == UNLISTED_CODE:
        return {LIST: "none", CATEGORY: "none"}
    row = edition.codes[code]
    return {LIST: row.list, CATEGORY: row.category, ELEMENT: row.element}


def _differs(facts: Facts, name: str, value: str) -> bool:
    return name in facts and facts[name] != value


def _of_other_side(facts: Facts, edition: Edition) -> bool:
    """A label of ours under a domestic exporter, or an official code under one abroad."""
    code = facts.get(CODE)
    if code is None or code == UNLISTED_CODE:
        return False
    abroad: bool = facts[TERRITORY] == "overseas"
    return edition.codes[code].official == abroad


def named_as(name: str, facts: Facts) -> str:
    """Under which name the absence of this fact is told: what a code says by itself is asked for as the code."""
    return CODE if name in FOLLOWING and CODE not in facts else name
