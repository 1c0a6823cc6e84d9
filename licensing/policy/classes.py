"""Classes of facts: the values that no rule of some editions tells apart, so that few vectors stand for every case.

A vector says every fact. What goes together is one dimension: a code, what it says by itself, and the territory that
may use it; so no vector is made that `facts.whole` would refuse.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain, combinations, product
from math import comb, prod
from operator import and_
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

ITEM = (CODE, LIST, CATEGORY, ELEMENT, TERRITORY)  # which a code says, or goes with
LARGEST = 50_000_000  # vectors that are compared whole
MOST_SETS = 1_000  # of countries
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
COUNTRIES = ("DE", "FR", "KR", *(first + second for first, second in product(_LETTERS, repeat=2)))


@dataclass(frozen=True)
class Class:
    """Values that are told apart by no rule, each as the facts that say it; the first stands for all."""

    values: tuple[Facts, ...]
    failing: tuple[int, ...]  # of each edition, the rules that these values fail
    unlisted: tuple[bool, ...]  # in each edition, whether the item is on no loaded list
    others: bool = False  # and every value that none of the editions names


Way = tuple[int, ...]  # the rules that countries fail, of each key of each edition
Sets = dict[Way, tuple[str, ...]]


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
        self.together = 0  # so many countries at most stand together: more sets of them are told apart; 0: all do
        looked_at = {axis.fact for compiled in editions for axis in compiled.axes}
        alone = (
            Dimension(CODE, tuple(self._classes(self._items(), ITEM))),
            *(Dimension(fact, tuple(self._of_fact(fact))) for fact in FACTS if fact in looked_at and fact not in ITEM),
        )
        most = LARGEST // prod(len(one.classes) for one in alone if one.fact != COUNTRY) - 1  # beside the others
        self.dimensions = tuple(
            Dimension(COUNTRY, (*one.classes, *self._together(one.classes, min(most, MOST_SETS))))
            if one.fact == COUNTRY
            else one
            for one in alone
        )

    @property
    def size(self) -> int:
        return prod(len(dimension.classes) for dimension in self.dimensions)

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
            found.setdefault((failing, unlisted, self._way(said)), []).append(said)
        for (failing, unlisted, _), alike in found.items():
            yield Class(tuple(alike), failing, unlisted, others=rest is not None and rest in alike)

    def _way(self, said: Facts) -> Way:
        """Of countries, which rules fail by which key: one may fit a rule's country and another its group."""
        axes = (axis for compiled in self.editions for axis in compiled.axes if axis.fact == COUNTRY)
        return tuple(axis.fails((said[COUNTRY],)) for axis in axes if COUNTRY in said)

    def _items(self) -> Iterator[Facts]:
        for code in sorted({code for compiled in self.editions for code in compiled.edition.codes}):
            rows = self._rows(code)
            if code not in self.of_others:
                element = {} if len(rows) == len(self.editions) else {ELEMENT: rows[0].element}
                yield {CODE: code, TERRITORY: rows[0].territory} | element
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
                return self._classes([{fact: value} for value in named], [fact], rest=rest)
        return self._classes([{fact: value} for value in values], [fact])

    def _named(self, fact: str) -> set[Any]:
        return {
            value for compiled in self.editions for axis in compiled.axes if axis.fact == fact for value in axis.table
        }

    def _together(self, classes: Iterable[Class], most: int) -> Iterator[Class]:
        """Several countries at once, of different classes; any of them matches, so what no rule names adds nothing.

        Every set that some rule tells apart; where these are more than `most`, the sets of as few as fit, two at least.
        """
        alone: Sets = {self._way(one.values[0]): (one.values[0][COUNTRY],) for one in classes if not one.others}
        sets = _sets(alone, most)
        if sets is None:
            self.together, sets = _few(alone, most)
            sets |= self._with_another(alone, sets, most)
        seen = {one.failing for one in classes}
        for together in sets.values():
            countries = tuple(sorted(together))
            failing = self._failing(countries)
            if failing not in seen:
                seen.add(failing)
                yield Class(({COUNTRY: countries},), failing, unlisted=(False,) * len(failing))

    def _with_another(self, alone: Sets, sets: Sets, most: int) -> Sets:
        """Sets that fit some rule only together, each with one country more, as far as they fit."""
        fits = {names: self._failing(names) for names in alone.values()}
        found: Sets = {}
        for way, names in sets.items():
            apart = tuple(reduce(and_, each) for each in zip(*(fits[name,] for name in names), strict=True))
            if len(names) > 1 and self._failing(names) != apart:
                for other, another in alone.items():
                    together = tuple(map(and_, way, other))
                    if together not in sets and len(sets) + len(found) < most:
                        found[together] = (*names, *another)
        return found

    def _failing(self, countries: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(compiled.failing({COUNTRY: countries}) for compiled in self.editions)


def _sets(alone: Sets, most: int) -> Sets | None:
    """For each way to fail that sets of these countries have, one such set, without a country that changes nothing.

    A set fails what all of it fail: so what one more country makes of the ways so far is all there is. None: too many.
    """
    found = dict(alone)
    for way, name in alone.items():
        for other, names in [*found.items()]:
            found.setdefault(tuple(map(and_, other, way)), names + name)
            if len(found) > most:
                return None
    return found


def _few(alone: Sets, most: int) -> tuple[int, Sets]:
    """The sets of so many countries, of two at least, and how many that is; in each one more than in the last."""
    number, found = 1, dict(alone)
    while number < 2 or len(found) + comb(len(alone), number + 1) <= most:
        number += 1
        for some in combinations(alone.items(), number):
            ways, names = zip(*some, strict=True)
            found.setdefault(tuple(reduce(and_, way) for way in zip(*ways, strict=True)), tuple(chain(*names)))
    return number, found
