"""The trace: what became of each rule for facts on a day, what would change the answer, and when it changes by itself.

It looks through the engine's own tables, so it can't tell another story than the outcome that it explains.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from licensing.policy.editions import Rule
from licensing.policy.engine import DAY, Compiled, Outcome
from licensing.policy.facts import Facts, following_of, named_as
from licensing.policy.vocabulary import CODE, COUNTRY, ELEMENT, END_USE, FACTS, FOLLOWING, NEW, TERRITORY, UNLISTED_CODE

ANY_OTHER = "*"  # stands for every name that no rule tells from the others


class Fate(StrEnum):
    MATCHED = "matched"
    IDLE = "idle"  # it matches, and no rule that matches controls
    OVERRIDDEN = "overridden"  # it counts, but its disposition is taken away
    DROPPED = "dropped"  # exempt, beside something stricter
    UNDETERMINED = "undetermined"
    FAILED = "failed"
    DISABLED = "disabled"
    FOR_OTHERS = "for_others"  # of another audience
    NOT_YET = "not_yet"
    ENDED = "ended"
    PAUSED = "paused"


@dataclass(frozen=True)
class Line:
    """What became of a rule. facts: for want of which, or on which it failed. day: the first day of what is not yet,
    the last one of what ended or is paused (None: without a known end)."""

    rule: str
    fate: Fate
    facts: tuple[str, ...] = ()
    day: date | None = None


def trace(rules: Compiled, facts: Facts, *, on: date, audience: str = NEW) -> tuple[Line, ...]:
    """One line a rule, in the order of their ids. The facts are whole."""
    absent: dict[str, int] = {}
    failed: dict[str, int] = {}
    for axis in rules.axes:
        value = facts.get(axis.fact)
        if value is None:
            absent[axis.fact] = absent.get(axis.fact, 0) | axis.rules
        else:
            failed[axis.fact] = failed.get(axis.fact, 0) | axis.fails(value)
    matched = rules.active(on, audience)
    for mask in (*absent.values(), *failed.values()):
        matched &= ~mask
    outcome = rules.assess(facts, on=on, audience=audience)
    overridden = {name for rule in rules.of(matched) for name in rule.overrides}
    lines = []
    for at, rule in enumerate(rules.rules):
        bit = 1 << at
        if not rules.active(on, audience) & bit:
            lines.append(_resting(rule, on, audience))
        elif wrong := tuple(sorted(name for name, mask in failed.items() if mask & bit)):
            lines.append(Line(rule.id, Fate.FAILED, wrong))
        elif wanting := sorted({named_as(name, facts) for name, mask in absent.items() if mask & bit}):
            lines.append(Line(rule.id, Fate.UNDETERMINED, tuple(wanting)))
        else:
            lines.append(Line(rule.id, _counts(rule, outcome, overridden)))
    return tuple(lines)


def _counts(rule: Rule, outcome: Outcome, overridden: set[str]) -> Fate:
    """What became of a rule that matches."""
    if not outcome.controlled:
        return Fate.IDLE
    if rule.id not in outcome.matched:
        return Fate.DROPPED
    return Fate.OVERRIDDEN if rule.effect.disposition and rule.id in overridden else Fate.MATCHED


def _resting(rule: Rule, on: date, audience: str) -> Line:
    """Why a rule does not count on that day."""
    if not rule.enabled:
        return Line(rule.id, Fate.DISABLED)
    if audience not in rule.audiences:
        return Line(rule.id, Fate.FOR_OTHERS)
    if rule.span.last is not None and rule.span.last < on:
        return Line(rule.id, Fate.ENDED, day=rule.span.last)
    begins = _acts_from(rule, max(on, rule.span.first))
    if on < rule.span.first:
        return Line(rule.id, Fate.NOT_YET, day=begins)
    return Line(rule.id, Fate.PAUSED, day=begins and begins - DAY)


def _acts_from(rule: Rule, day: date) -> date | None:
    """The first day from `day` on that no pause covers; None when there is none in the rule's own time."""
    while pause := next((pause for pause in rule.pauses if pause.covers(day)), None):
        if pause.after is None:
            return None
        day = pause.after
    return day if rule.span.covers(day) else None


# --- what would change it ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """Were this one fact one of these values instead, the answer would be that outcome."""

    fact: str
    values: tuple[Any, ...]
    outcome: Outcome


def changes(rules: Compiled, facts: Facts, *, on: date, audience: str = NEW) -> tuple[Change, ...]:
    """Each change of one fact that gives another disposition or other channels, in the order of the facts' list.

    Values that give the same stand together.
    """
    now = _said(rules.assess(facts, on=on, audience=audience))
    found: dict[tuple[str, Any], list[Any]] = {}
    outcomes: dict[tuple[str, Any], Outcome] = {}
    for fact in FACTS:
        for value in _other_values(rules, facts, fact):
            outcome = rules.assess(_changed(rules, facts, fact, value), on=on, audience=audience)
            if _said(outcome) != now:
                found.setdefault((fact, _said(outcome)), []).append(value)
                outcomes.setdefault((fact, _said(outcome)), outcome)
    return tuple(Change(key[0], tuple(values), outcomes[key]) for key, values in found.items())


def _said(outcome: Outcome) -> tuple[str, tuple[str, ...]]:
    return outcome.disposition, outcome.channels


def _changed(rules: Compiled, facts: Facts, fact: str, value: Any) -> dict[str, Any]:
    """These facts with another value; another code brings what follows from it."""
    if fact == COUNTRY:
        return {**facts, COUNTRY: (value,)}
    if fact == CODE:
        kept = {name: facts[name] for name in facts if name not in FOLLOWING}
        return kept | {CODE: value} | following_of(value, rules.edition)
    return {**facts, fact: value}


def _other_values(rules: Compiled, facts: Facts, fact: str) -> Iterator[Any]:
    """What the fact could be instead, as far as rules tell its values apart."""
    now = facts.get(fact)
    for value in _values(rules, facts, fact):
        if value != now and (value,) != now:
            yield value


def _values(rules: Compiled, facts: Facts, fact: str) -> Iterable[Any]:
    axes = [axis for axis in rules.axes if axis.fact == fact]
    listed = facts.get(CODE, UNLISTED_CODE) != UNLISTED_CODE
    if fact == CODE:
        codes = rules.edition.codes.items()
        return [*(code for code, row in codes if row.territory == facts[TERRITORY]), UNLISTED_CODE]
    if not axes or fact in FOLLOWING and (listed or fact != ELEMENT) or fact == TERRITORY and listed:
        return ()  # no rule asks, or the code answers
    if fact == END_USE:
        return sorted(rules.edition.end_uses)
    if axes[0].thresholds:
        return (Decimal(0), *axes[0].thresholds)
    words = FACTS[fact].words or sorted({value for axis in axes for value in axis.table})
    return [*words, ANY_OTHER] if _open(fact) else words


def _open(fact: str) -> bool:
    """Are there names that no rule mentions?"""
    return fact in (COUNTRY, ELEMENT, "item.origin")


# --- when it changes by itself ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Period:
    """From this day on (None: always before the next) the rules say this of the facts."""

    first: date | None
    outcome: Outcome


@dataclass(frozen=True)
class Stretch:
    """The days that an edition judges, from `first` (None: however early) to the next stretch; the facts as it reads
    them."""

    first: date | None
    rules: Compiled
    facts: Facts


def periods(stretches: Sequence[Stretch], audience: str = NEW) -> tuple[Period, ...]:
    """All that is said of these facts, one day after the other; a new period where something else is said."""
    found: list[Period] = []
    for stretch, following in zip_longest(stretches, stretches[1:]):
        begins, ends = stretch.first or date.min, following.first if following else None
        turns = [day for day in stretch.rules.turns(audience) if begins < day and (ends is None or day < ends)]
        for day in [begins, *turns] if begins != ends else ():
            outcome = stretch.rules.assess(stretch.facts, on=day, audience=audience)
            if not found or _whole(outcome) != _whole(found[-1].outcome):
                found.append(Period(day if found else None, outcome))
    return tuple(found)


def _whole(outcome: Outcome) -> tuple[Any, ...]:
    """All of an outcome but by which rules: others may say the same."""
    return (*_said(outcome), outcome.controlled, outcome.requires, outcome.clock, outcome.missing, outcome.params)
