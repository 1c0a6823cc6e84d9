"""The engine: what an edition says of facts on a day. Source: `combination` in licensing/data/rules.json.

An edition is compiled once. Every rule is a bit; of each key that rules look at, a table says which of them a value
fails. So one case is a few look-ups and two numbers (which rules match, which are undetermined), sets of cases share
the work of equal numbers, and what follows from the numbers is written once.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from licensing.policy.editions import Edition, Hold, Rule, Span
from licensing.policy.facts import Facts, following_of, named_as
from licensing.policy.vocabulary import (
    CODE,
    DISPOSITIONS,
    FACTS,
    FOLLOWING,
    LIST,
    LOOKS_AT,
    NEEDS_FACTS,
    NEW,
    NO_CLOCK,
    SPECIAL,
    TIMED,
    TOLERANCES,
    UNLISTED_CODE,
    UNTIMED,
    Kind,
)

ENGINE = 1  # whoever changes what any edition says of any facts counts on
DAY = timedelta(days=1)
RANK = {disposition: rank for rank, disposition in enumerate(DISPOSITIONS)}


@dataclass(frozen=True)
class Outcome:
    """What the rules say. controlled None: it can't be said before `missing` is known."""

    controlled: bool | None
    disposition: str
    channels: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    clock: str = NO_CLOCK
    matched: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def final(self) -> bool:
        return not self.missing


@dataclass(frozen=True)
class Axis:
    """A key that rules look at: which of them look (`rules`), and which of these a value fails."""

    key: str
    fact: str
    rules: int
    table: Mapping[Any, int]
    thresholds: tuple[Decimal, ...] = ()  # of a share: from each on, the table's mask of that threshold

    def fails(self, value: Any) -> int:
        if FACTS[self.fact].kind is Kind.NAMES:  # any of them matches: a rule fails when all of them fail it
            failed = self.rules
            for one in value:
                failed &= self.table.get(one, self.rules)
            return failed
        if self.thresholds:
            at = bisect_right(self.thresholds, value)
            return self.table[self.thresholds[at - 1]] if at else self.rules
        return self.table.get(value, self.rules)


class Compiled:
    """An edition, ready to be asked."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.rules = edition.rules
        self.all = (1 << len(self.rules)) - 1
        self.controlling = self._mask(rule.effect.control for rule in self.rules)
        self.exempting = self._mask(rule.effect.disposition == "exempt" for rule in self.rules)
        self.axes = tuple(self._axes())
        self.days = tuple(sorted(set(self._change_days())))  # other rules may count from each on
        self._said = lru_cache(maxsize=20_000)(self._outcome)
        self._active = lru_cache(maxsize=1_000)(self._active_between)

    def forget(self) -> None:
        """What it remembers of cases is let go: that of a whole space takes 10 MB, and is not asked for again."""
        self._said.cache_clear()

    def _mask(self, bits: Iterable[bool]) -> int:
        return sum(1 << at for at, bit in enumerate(bits) if bit)

    def _axes(self) -> Iterator[Axis]:
        for key in sorted({key for rule in self.rules for key in rule.match}):
            fact, looks = LOOKS_AT.get(key, key), self._mask(key in rule.match for rule in self.rules)
            values = tuple(self._values(key))
            table = {
                value: self._mask(
                    key in rule.match and not self._fits(key, rule.match[key], value) for rule in self.rules
                )
                for value in values
            }
            yield Axis(key, fact, looks, table, values if FACTS[fact].kind is Kind.SHARE else ())

    def _values(self, key: str) -> Iterable[Any]:
        """Every value that some rule tells from the others."""
        asked = [rule.match[key] for rule in self.rules if key in rule.match]
        match key, FACTS[LOOKS_AT.get(key, key)].kind:
            case "destination.group", _:
                return sorted({one for groups in asked for group in groups for one in self.edition.groups[group]})
            case _, Kind.CODE:
                return self.edition.codes
            case _, Kind.FLAG:
                return True, False
            case _, Kind.SHARE:
                return sorted({Decimal(bound["gte"]) for bound in asked})
        return sorted({value for values in asked for value in values})

    def _fits(self, key: str, wanted: Any, value: Any) -> bool:
        match key, FACTS[LOOKS_AT.get(key, key)].kind:
            case "destination.group", _:
                return any(value in self.edition.groups[group] for group in wanted)
            case _, Kind.CODE:
                return str(value).startswith(tuple(wanted))
            case _, Kind.FLAG:
                return bool(wanted is value)
            case _, Kind.SHARE:
                return bool(value >= Decimal(wanted["gte"]))
        return value in wanted

    # --- days ---------------------------------------------------------------------------------------------
    def _change_days(self) -> Iterator[date]:
        for rule in self.rules:
            yield from _ends((rule.span, *rule.pauses) if rule.enabled else ())

    def active(self, on: date, audience: str) -> int:
        """The rules that count on that day for that audience."""
        return self._active(bisect_right(self.days, on), audience)

    def _active_between(self, at: int, audience: str) -> int:
        day = self.days[at - 1] if at else date.min
        return self._mask(audience in rule.audiences and rule.active(day) for rule in self.rules)

    def turns(self, audience: str) -> list[date]:
        """The days on which other rules begin to count for that audience, in order."""
        return [day for day in self.days if self.active(day, audience) != self.active(day - DAY, audience)]

    # --- one case -----------------------------------------------------------------------------------------
    def assess(self, facts: Facts, *, on: date, audience: str = NEW) -> Outcome:
        """What the rules say of whole facts on that day."""
        failed, absent = self.all & ~self.active(on, audience) | self.failing(facts), 0
        open_ = [axis for axis in self.axes if facts.get(axis.fact) is None]
        for axis in open_:
            absent |= axis.rules
        undetermined = absent & ~failed
        said = self._said(self.all & ~failed & ~absent, undetermined, facts.get(LIST) == UNLISTED_CODE)
        if not undetermined:
            return said
        wanting = undetermined if said.controlled else undetermined & self.controlling
        missing = tuple(sorted({named_as(axis.fact, facts) for axis in open_ if axis.rules & wanting}))
        return Outcome(**{**said.__dict__, "missing": missing}) if missing else said

    def failing(self, facts: Facts) -> int:
        """The rules that some of these facts fail. An absent fact fails none."""
        failed = 0
        for axis in self.axes:
            value = facts.get(axis.fact)
            if value is not None:
                failed |= axis.fails(value)
        return failed

    def matching(self, facts: Facts, *, on: date, audience: str) -> int:
        """The rules that match, whether one of them controls or not."""
        absent = 0
        for axis in self.axes:
            absent |= axis.rules if facts.get(axis.fact) is None else 0
        return self.active(on, audience) & ~self.failing(facts) & ~absent

    def prohibiting(self, facts: Facts, *, on: date, audience: str, special: bool = False) -> tuple[Rule, ...]:
        """The rules that match and prohibit and that no other one overrides, in the order of their ids.

        special: nothing prohibits what was granted under special circumstances where these rules leave that way open.
        """
        matched = list(self.of(self.matching(facts, on=on, audience=audience)))
        overridden = {name for rule in matched for name in rule.overrides}
        if special and SPECIAL in _open(matched):
            return ()
        return tuple(rule for rule in matched if rule.effect.disposition == "prohibited" and rule.id not in overridden)

    # --- holds --------------------------------------------------------------------------------------------
    def holding(self, facts: Facts, *, on: date) -> tuple[Hold, ...]:
        """The holds that stand on that day for these whole facts: all that one looks at is known, and fits."""
        return tuple(hold for hold, missing in self.holds(facts, on=on) if not missing)

    def holds(self, facts: Facts, *, on: date) -> tuple[tuple[Hold, tuple[str, ...]], ...]:
        """Each hold of that day that no fact speaks against, and for want of which facts it does not stand."""
        of_day = [hold for hold in self.edition.holds if hold.span.covers(on)]
        found = [(hold, {key: self.fits(hold, key, facts) for key in hold.match}) for hold in of_day]
        return tuple(
            (hold, tuple(sorted({named_as(LOOKS_AT.get(key, key), facts) for key in fit if fit[key] is None})))
            for hold, fit in found
            if False not in fit.values()
        )

    def fits(self, hold: Hold, key: str, facts: Facts) -> bool | None:
        """Whether these facts are what a key of the hold's match looks for; None: nobody said."""
        fact = LOOKS_AT.get(key, key)
        value = facts.get(fact)
        if value is None:
            return None
        values = value if FACTS[fact].kind is Kind.NAMES else (value,)
        return any(self._fits(key, hold.match[key], one) for one in values)

    def named(self, match: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
        """The countries of the groups that a match names, and the listed codes that fit what it says of the item."""
        groups = (self.edition.groups[group] for group in match.get("destination.group", ()))
        of_item = [key for key in match if LOOKS_AT.get(key, key) in (CODE, *FOLLOWING)]
        codes = self.edition.codes if of_item else ()
        said = {code: {CODE: code, **following_of(code, self.edition)} for code in codes}
        fitting = (
            code
            for code in said
            if all(self._fits(key, match[key], said[code][LOOKS_AT.get(key, key)]) for key in of_item)
        )
        return frozenset().union(*groups), frozenset(fitting)

    @property
    def hold_turns(self) -> list[date]:
        """The days on which other holds begin to stand, in order."""
        return sorted(set(_ends(hold.span for hold in self.edition.holds)))

    def outcome(self, matched: int, *, unlisted: bool) -> Outcome:
        """What follows where every fact is known and these rules match."""
        return self._said(matched, 0, unlisted)

    def of(self, mask: int) -> Iterator[Rule]:
        """The rules of a mask, in the order of their ids."""
        while mask:
            yield self.rules[(mask & -mask).bit_length() - 1]
            mask &= mask - 1

    def _outcome(self, matched: int, undetermined: int, unlisted: bool) -> Outcome:
        if not matched & self.controlling:
            if undetermined & self.controlling:
                return Outcome(None, NEEDS_FACTS)
            return Outcome(False, "unlisted" if unlisted else "not_controlled")
        disposition = self._disposition(list(self.of(matched)))
        rules = list(self.of(matched if disposition == "exempt" else matched & ~self.exempting))
        channels = _open(rules)
        if disposition in LEAVES:
            channels &= LEAVES[disposition]
        untimed = any(rule.effect.untimed for rule in rules)
        return Outcome(
            controlled=True,
            disposition=disposition,
            channels=tuple(sorted(channels)),
            requires=tuple(sorted({paper for rule in rules for paper in rule.effect.require})),
            clock=NO_CLOCK if disposition == "exempt" else UNTIMED if untimed else TIMED,
            matched=tuple(rule.id for rule in rules),
            params=strictest(rule.effect.params for rule in rules),
        )

    @staticmethod
    def _disposition(rules: list[Rule]) -> str:
        """The strictest that is not overridden; a presumption of approval lowers a standard review and nothing more.

        Where none is left to say how, what is controlled gets a standard review.
        """
        overridden = {name for rule in rules for name in rule.overrides}
        said = {rule.effect.disposition for rule in rules if rule.id not in overridden} - {""}
        highest = max(said, key=RANK.__getitem__, default="standard_review")
        lowered = highest == "standard_review" and "presumption_of_approval" in said
        return "presumption_of_approval" if lowered else highest


def _ends(spans: Iterable[Span]) -> Iterator[date]:
    """The first day of each, and the first one after it."""
    for span in spans:
        yield span.first
        if span.after:
            yield span.after


def _open(rules: Collection[Rule]) -> set[str]:
    """The channels that some of these rules open and none closes."""
    granted = {name for rule in rules for name in rule.effect.grant}
    return granted - {name for rule in rules for name in rule.effect.remove}


LEAVES = {"exempt": {"exempt_report"}, "prohibited": {SPECIAL}}


def strictest(given: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Of each parameter the value that allows least; null allows most. Conditions add up."""
    all_of: dict[str, list[Any]] = {}
    for params in given:
        for name, value in params.items():
            all_of.setdefault(name, []).append(value)
    found: dict[str, Any] = {}
    for name, values in sorted(all_of.items()):
        match name:
            case "conditions":
                found[name] = sorted({one for value in values for one in value})
            case "qty_tolerance_mode":
                found[name] = min(values, key=TOLERANCES.index)
            case "qty_tolerance_pct":
                found[name] = min(values, key=Decimal)
            case _:
                found[name] = min((value for value in values if value is not None), default=None)
    return found
