"""Classes of facts: the values that no rule of some editions tells apart, so that few vectors stand for every case.

A vector says every fact. What goes together is one dimension: a code, what it says by itself, and the territory that
may use it; so no vector is made that `facts.whole` would refuse.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from math import prod
from typing import Any

from licensing.policy.editions import Edition
from licensing.policy.engine import Compiled
from licensing.policy.facts import Facts, whole
from licensing.policy.vocabulary import (
    CATEGORY,
    CODE,
    COUNTRY,
    ELEMENT,
    ELEMENTS,
    END_USE,
    FACTS,
    LIST,
    TERRITORY,
    UNLISTED_CODE,
    Kind,
)

ITEM = (CODE, LIST, CATEGORY, ELEMENT, TERRITORY)
MOST_TOLD_APART = 4  # of so many kinds of countries every set is a class; of more, the sets of two
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
COUNTRIES = ("DE", "FR", "KR", *(first + second for first, second in product(_LETTERS, repeat=2)))


@dataclass(frozen=True)
class Class:
    """Values that are told apart by no rule, each as the facts that say it; the first stands for all."""

    values: tuple[Facts, ...]
    failing: tuple[int, ...]  # of each edition, the rules that these values fail
    unlisted: tuple[bool, ...]  # in each edition, whether the item is on no loaded list
    others: bool = False  # and every value that none of the editions names


@dataclass(frozen=True)
class Dimension:
    """A fact (the item's: its code and what goes with it) and its classes."""

    fact: str
    classes: tuple[Class, ...]


def known(said: Facts, edition: Edition) -> dict[str, Any]:
    """These facts as this edition reads them.

    A code that only another edition lists is an item on no list; an end-use of another edition is one that no rule of
    this one names.
    """
    said = dict(said)
    if said.get(CODE) in edition.codes:
        said.pop(ELEMENT, None)
    elif CODE in said:
        said[CODE] = UNLISTED_CODE
    other = {name: said.pop(name) for name in (END_USE,) if name in said and said[name] not in edition.end_uses}
    return whole(said, edition) | other


class Space:
    """Every definite vector, as classes, that these editions tell apart. The size is known before a vector is made."""

    def __init__(self, *editions: Compiled) -> None:
        self.editions = editions
        looked_at = {axis.fact for compiled in editions for axis in compiled.axes}
        self.dimensions = (
            Dimension(CODE, tuple(self._classes(self._items(), ITEM))),
            *(Dimension(fact, tuple(self._of_fact(fact))) for fact in FACTS if fact in looked_at and fact not in ITEM),
        )

    @property
    def size(self) -> int:
        return prod(len(dimension.classes) for dimension in self.dimensions)

    @property
    def paired(self) -> bool:
        """Countries stand together by twos only: there are too many kinds of them for every set."""
        kinds = (one for dimension in self.dimensions if dimension.fact == COUNTRY for one in dimension.classes)
        alone = [one for one in kinds if isinstance(one.values[0][COUNTRY], str) and not one.others]
        return len(alone) > MOST_TOLD_APART

    def said(self, vector: Iterable[int]) -> dict[str, Any]:
        """The facts that stand for a vector, given by the places of its classes."""
        found: dict[str, Any] = {}
        for dimension, at in zip(self.dimensions, vector, strict=True):
            found |= dimension.classes[at].values[0]
        return found

    @cached_property
    def of_others(self) -> tuple[str, ...]:
        """Codes that one edition gives to exporters here and another to those abroad: no vector says them in both."""
        codes = {code for compiled in self.editions for code in compiled.edition.codes}
        return tuple(sorted(code for code in codes if len({row.official for row in self._rows(code)}) > 1))

    def _rows(self, code: str) -> list[Any]:
        return [compiled.edition.codes[code] for compiled in self.editions if code in compiled.edition.codes]

    def _classes(self, values: Iterable[Facts], facts: Iterable[str], *, rest: Facts | None = None) -> Iterator[Class]:
        """Values that the same rules fail are one class; `rest` stands for all that is not among the values."""
        names = frozenset(facts)
        found: dict[tuple[Any, ...], list[Facts]] = {}
        for said in (*values, *([rest] if rest else [])):
            read = [
                {name: value for name, value in known(said, compiled.edition).items() if name in names}
                for compiled in self.editions
            ]
            failing = tuple(compiled.failing(one) for compiled, one in zip(self.editions, read, strict=True))
            unlisted = tuple(one.get(LIST) == UNLISTED_CODE for one in read)
            by_key = tuple(self._by_key(compiled, one) for compiled, one in zip(self.editions, read, strict=True))
            found.setdefault((failing, unlisted, by_key), []).append(said)
        for (failing, unlisted, _by_key), alike in found.items():
            yield Class(tuple(alike), failing, unlisted, others=rest is not None and rest in alike)

    @staticmethod
    def _by_key(compiled: Compiled, read: Facts) -> tuple[int, ...]:
        """Of countries, which rules fail by which key: one may fit a rule's country and another its group."""
        return tuple(axis.fails(read[COUNTRY]) for axis in compiled.axes if axis.fact == COUNTRY and COUNTRY in read)

    def _items(self) -> Iterator[Facts]:
        for code in sorted({code for compiled in self.editions for code in compiled.edition.codes}):
            rows = self._rows(code)
            if code not in self.of_others:
                element = {} if len(rows) == len(self.editions) else {ELEMENT: rows[0].element}
                yield {CODE: code, TERRITORY: "domestic" if rows[0].official else "overseas"} | element
        for territory, symbol in product(FACTS[TERRITORY].words, (*sorted(ELEMENTS), "")):
            yield {CODE: UNLISTED_CODE, ELEMENT: symbol, TERRITORY: territory}

    def _of_fact(self, fact: str) -> Iterable[Class]:
        match fact, FACTS[fact].kind:
            case _, Kind.FLAG:
                values: list[Any] = [False, True]
            case _, Kind.WORD:
                values = list(FACTS[fact].words)
            case _, Kind.SHARE:
                values = ["0", *(format(value, "f") for value in sorted(self._named(fact)))]
            case "end_use.code", _:
                values = sorted({use for compiled in self.editions for use in compiled.edition.end_uses})
            case _:
                named = sorted(self._named(fact))
                rest = {fact: next(country for country in COUNTRIES if country not in named)}
                classes = list(self._classes([{fact: value} for value in named], [fact], rest=rest))
                return [*classes, *self._together(classes)] if fact == COUNTRY else classes
        return self._classes([{fact: value} for value in values], [fact])

    def _named(self, fact: str) -> set[Any]:
        return {
            value for compiled in self.editions for axis in compiled.axes if axis.fact == fact for value in axis.table
        }

    def _together(self, classes: list[Class]) -> Iterator[Class]:
        """Several countries at once, of different classes; any of them matches, so what no rule names adds nothing."""
        named = [one for one in classes if not one.others]
        many = len(named) if len(named) <= MOST_TOLD_APART else 2
        seen = {one.failing for one in classes}
        for together in (group for size in range(2, many + 1) for group in combinations(named, size)):
            said = {COUNTRY: tuple(one.values[0][COUNTRY] for one in together)}
            failing = tuple(compiled.failing(said) for compiled in self.editions)
            if failing not in seen:
                seen.add(failing)
                yield Class((said,), failing, together[0].unlisted)
