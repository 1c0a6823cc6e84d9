"""The trace: what became of each rule for facts on a day, what would change the answer, and when it changes by itself.

It looks through the engine's own tables, so it can't tell another story than the outcome that it explains.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from licensing.policy.editions import Rule
from licensing.policy.engine import Compiled, Outcome
from licensing.policy.facts import Facts, named_as

DAY = timedelta(days=1)


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


def trace(rules: Compiled, facts: Facts, *, on: date, audience: str = "new") -> tuple[Line, ...]:
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
        if pause.last is None or pause.last == date.max:
            return None
        day = pause.last + DAY
    return day if rule.span.covers(day) else None
