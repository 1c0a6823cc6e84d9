"""Whom boxes of fact classes concern, in words; and what stands for them, a case with all its facts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.templatetags.lodestone import day
from licensing.policy.classes import Class, Dimension
from licensing.policy.comparison import Witness
from licensing.policy.days import When
from licensing.policy.editions import Edition, Span
from licensing.policy.vocabulary import CODE, COUNTRY, ELEMENT, END_USE, FACTS, JUDGED, TERRITORY, UNLISTED_CODE, Kind
from licensing.policy.whole import Box
from licensing.words import phrases, terms
from licensing.words.differences import code
from licensing.words.phrases import CONDITIONS, FLAGS, PREFIX, both, either, percent
from licensing.words.sentences import audiences

BRIEF = 4  # names in a sentence that is to be short; of more the rest is counted
FEW = 3  # values of so few are told, not which they are not
QUOTES = "“”"
LISTED = {
    "domestic": gettext_lazy("any listed code of exporters in China"),
    "overseas": gettext_lazy("any listed code of exporters overseas"),
}
ASKED_AS = dict(zip(JUDGED, (gettext_lazy("as a new application"), gettext_lazy("as a pending case")), strict=True))


@dataclass(frozen=True)
class WitnessTold:
    """A case that shows it: label and value of each fact, and on which day it is asked as what."""

    facts: tuple[tuple[str, str], ...]
    asked: str


class Whom:
    """Says whom boxes concern, of two editions or of one; countries: names by code."""

    def __init__(self, old: Edition, new: Edition, countries: Mapping[str, str], most: int | None = None) -> None:
        """most: so many names of a kind are told, and how many more there are."""
        self.editions, self.countries, self.most = (new, old), countries, most
        self.codes = {code for edition in self.editions for code in edition.codes}

    def boxes(self, boxes: Sequence[Box]) -> str:
        """In one sentence: all of one box; of several, what they have in common."""
        if len(boxes) == 1:
            return self.box(boxes[0])
        return _("some of these cases: {conditions}").format(conditions=self.box(_around(boxes)))

    def box(self, box: Box) -> str:
        if not box.sides:
            return _("whatever the facts are")
        return phrases.all_of(self.side(dimension, classes) for dimension, classes in box.sides)

    def side(self, dimension: Dimension, classes: Sequence[Class], patterns: Mapping[str, Any] = CONDITIONS) -> str:
        fact = dimension.fact
        if FACTS[fact].kind is Kind.FLAG:
            return str(FLAGS[fact][classes[0].values[0][fact]])
        pattern = patterns.get(fact) or CONDITIONS[PREFIX if fact == CODE else fact]
        return str(pattern).format(values=self.values(dimension, classes))

    def values(self, dimension: Dimension, classes: Sequence[Class]) -> str:
        """The values of these classes; of nearly all, which they are not."""
        match dimension.fact, FACTS[dimension.fact].kind:
            case _, Kind.CODE:
                return either(self._items(dimension, classes))
            case _, Kind.SHARE:
                return either(_ranges(dimension, classes))
            case _, Kind.NAMES:
                return self._countries(dimension, classes)
        return self._named(dimension.fact, classes, [one for one in dimension.classes if one not in classes])

    def value(self, fact: str, of: Any) -> str:
        """By the newer edition, but for an end-use that only the older one knows."""
        if FACTS[fact].kind is Kind.SHARE:
            return percent(of)
        if of == "":
            return _("none")
        known = [one for one in self.editions if fact != END_USE or of in one.end_uses]
        return phrases.value(fact, of, [*known, *self.editions][0], self.countries)

    def _named(self, fact: str, inside: Sequence[Class], outside: Sequence[Class]) -> str:
        told, left = ([of for one in classes for of in _told(fact, one)] for classes in (inside, outside))
        open_ = any(one.others for one in inside)
        if open_ and not left:
            return _("any other")
        closed = not any(one.others for one in outside)
        if open_ or closed and 0 < len(left) < len(told) and len(told) > FEW:
            return _("any but {values}").format(values=self._some([self.value(fact, of) for of in left]))
        return self._some([self.value(fact, of) for of in told])

    def _some(self, words: list[str], told: Callable[[list[str]], str] = either) -> str:
        """Either of them; of many the first ones and how many more."""
        more = len(words) - (self.most or len(words))
        if more < 2:
            return told(words)
        few = (phrases.plainly if told is either else told)(words[: self.most])
        return ngettext("%(told)s or %(number)d more", "%(told)s or %(number)d more", more) % {
            "told": few,
            "number": more,
        }

    # --- destinations -------------------------------------------------------------------------------------
    def _countries(self, dimension: Dimension, classes: Sequence[Class]) -> str:
        """Several at once are told where they do not go as one of them alone."""
        together = {of for one in dimension.classes if isinstance(of := one.values[0][COUNTRY], tuple)}
        alone = [one for one in dimension.classes if one.values[0][COUNTRY] not in together]
        inside, outside = ([one for one in alone if (one in classes) is wanted] for wanted in (True, False))
        mine = {of for one in classes if (of := one.values[0][COUNTRY]) in together}
        names = {of for one in inside for of in _told(COUNTRY, one)}
        expected = {of for of in together if names & set(of)}
        if any(one.others for one in inside):
            expected = {of for of in together if names.issuperset(of)}
        told = [self._named(COUNTRY, inside, outside)] if inside else []
        told += [_("{countries} together").format(countries=self._all(of)) for of in sorted(mine - expected)]
        if expected and not mine:
            return _("{values} alone").format(values=either(told))
        if lost := sorted(expected - mine):
            but = either(_("{countries} together").format(countries=self._all(of)) for of in lost)
            return _("{values} (but not {but})").format(values=either(told), but=but)
        return either(told)

    def _all(self, countries: Iterable[str]) -> str:
        return both(self.value(COUNTRY, one) for one in countries)

    # --- items --------------------------------------------------------------------------------------------
    def _items(self, dimension: Dimension, classes: Sequence[Class]) -> Iterator[str]:
        every, mine = ([of for one in side for of in one.values] for side in (dimension.classes, classes))
        listed, codes = _listed(every), _listed(mine)
        if codes == listed:
            yield _("any listed code")
        else:
            for territory, of in codes.items():
                yield self._codes(territory, of, listed[territory])
        yield from _unlisted(every, mine)

    def _codes(self, territory: str, codes: list[str], listed: list[str]) -> str:
        """Some of the codes that exporters there may use."""
        told, left = _families(codes, listed), _families([one for one in listed if one not in codes], listed)
        if not left:
            return str(LISTED[territory])
        if len(left) < len(told):
            return _("{item} but {codes}").format(item=LISTED[territory], codes=self._some(left, self._beginning))
        return self._some(told, self._beginning)

    def _beginning(self, prefixes: list[str]) -> str:
        return phrases.codes(prefixes, self.codes)

    def item(self, name: str) -> str:
        """A code with its description, the newer one where both editions have one."""
        rows = (row for edition in self.editions for row in edition.document["codes"])
        return code(next(row for row in rows if row["code"] == name))

    # --- a witness ----------------------------------------------------------------------------------------
    def witness(self, witness: Witness) -> WitnessTold:
        said = witness.facts
        facts = [(terms.word(terms.FACTS, fact), self._said(fact, said[fact])) for fact in FACTS if fact in said]
        asked = _("on {day}, {asked}").format(day=day(witness.on), asked=ASKED_AS[witness.audience])
        return WitnessTold(tuple(facts), asked)

    def _said(self, fact: str, of: Any) -> str:
        if fact == CODE and of in self.codes:
            return self.item(of)
        return self._all(of) if isinstance(of, tuple) else self.value(fact, of).strip(QUOTES)


def when(when: When) -> str:
    """For whom on which days; who has the same days stands together."""
    found: dict[tuple[Span, ...], list[str]] = {}
    for audience, spans in when:
        found.setdefault(spans, []).append(audience)
    return phrases.one_by_one(
        _("{audiences}: {days}").format(audiences=audiences(names), days=both(map(phrases.days, spans)))
        for spans, names in found.items()
    )


def _around(boxes: Sequence[Box]) -> Box:
    """One box that holds all of them, and others besides."""
    found: dict[str, tuple[Dimension, list[Class]]] = {}
    for box in boxes:
        for dimension, classes in box.sides:
            _dimension, seen = found.setdefault(dimension.fact, (dimension, []))
            seen += [one for one in classes if one not in seen]
    everywhere = [fact for fact in found if all(fact in {side.fact for side, _ in box.sides} for box in boxes)]
    sides = [
        (dimension, tuple(one for one in dimension.classes if one in seen))
        for fact, (dimension, seen) in found.items()
        if fact in everywhere
    ]
    return Box(tuple(side for side in sides if len(side[1]) < len(side[0].classes)))


def _listed(side: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Codes of the lists, by where their exporters are."""
    found: dict[str, list[str]] = {}
    for of in sorted((of for of in side if of[CODE] != UNLISTED_CODE), key=lambda of: str(of[CODE])):
        found.setdefault(of[TERRITORY], []).append(of[CODE])
    return found


def _told(fact: str, one: Class) -> list[Any]:
    """The values that a class names; what stands for all others is not among them."""
    values = [of[fact] for of in one.values]
    return values[:-1] if one.others else values


def _ranges(dimension: Dimension, classes: Sequence[Class]) -> Iterator[str]:
    """Shares, from each threshold on until below the next one."""
    fact = dimension.fact
    bounds = sorted((of[fact] for one in dimension.classes for of in one.values), key=Decimal)
    mine = {of[fact] for one in classes for of in one.values}
    first = None
    for bound in [*bounds, None]:
        if first is None and bound in mine:
            first = bound
        elif first is not None and bound not in mine:
            yield _range(first, bound)
            first = None


def _range(first: str, below: str | None) -> str:
    if below is None:
        return _("{share} or more").format(share=percent(first))
    if not Decimal(first):
        return _("less than {share}").format(share=percent(below))
    return _("from {first} to less than {below}").format(first=percent(first), below=percent(below))


def _families(codes: Sequence[str], listed: Sequence[str]) -> list[str]:
    """What these codes begin with, where all that begin so are among them."""
    families: dict[str, list[str]] = {}
    for one in listed:
        families.setdefault(one.split(".")[0], []).append(one)
    found = []
    for family, members in families.items():
        mine = [one for one in members if one in codes]
        found += [family] if mine == members else mine
    return found


def _unlisted(every: Sequence[Mapping[str, Any]], mine: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Items on no list, by their element and by where the exporter is, as far as these matter."""
    of_all, of_mine = (_elements(side) for side in (every, mine))
    none = _("on none of these lists")
    if of_mine and of_mine == of_all:
        yield none
        return
    apart = len({tuple(sorted(elements)) for elements in of_mine.values()}) > 1 or len(of_mine) < len(of_all)
    for territory, elements in of_mine.items() if apart else list(of_mine.items())[:1]:
        told = []
        left = of_all[territory] - elements
        if left:
            few = elements if len(elements) <= len(left) else left
            words = either(one or _("none") for one in sorted(few))
            told.append(_("element {element}") if few is elements else _("any element but {element}"))
            told[-1] = told[-1].format(element=words)
        if apart:
            told.append(str(CONDITIONS[TERRITORY]).format(values=terms.word(terms.VALUES[TERRITORY], territory)))
        yield _("{item} ({details})").format(item=none, details=phrases.plainly(told))


def _elements(side: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for of in side:
        if of[CODE] == UNLISTED_CODE:
            found.setdefault(of[TERRITORY], set()).add(of[ELEMENT])
    return found
