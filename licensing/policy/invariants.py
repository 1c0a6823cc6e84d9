"""Standing invariants: whether what an edition promises of every outcome holds for every vector on every day."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from licensing.policy.classes import Space
from licensing.policy.comparison import Witness
from licensing.policy.days import Situation, When, joined, situations
from licensing.policy.editions import Edition, Effect, Invariant, Rule, Span
from licensing.policy.engine import RANK, Compiled, Outcome
from licensing.policy.vocabulary import AUDIENCES
from licensing.policy.whole import Bools, Box, Whole, grouped


@dataclass(frozen=True)
class Standing:
    """An invariant as it stands: held, or broken, then where, when, by how many vectors, and by one of them."""

    invariant: Invariant
    sampled: bool  # what is held is held by the vectors that were drawn
    boxes: tuple[Box, ...] = ()
    when: When = ()
    count: int = 0
    witness: Witness | None = None

    @property
    def held(self) -> bool:
        return self.witness is None


def keeps(invariant: Invariant, outcome: Outcome) -> bool:
    """Whether an outcome is as the invariant says. What is not controlled can't be otherwise."""
    if not outcome.controlled:
        return True
    asks = invariant.has_channel and outcome.disposition != "prohibited"
    return (
        not invariant.without_channels & set(outcome.channels)
        and (not invariant.at_least or RANK[outcome.disposition] >= RANK[invariant.at_least])
        and outcome.disposition not in invariant.never
        and not (asks and not outcome.channels)
    )


def held(
    invariants: tuple[Invariant, ...], compiled: Compiled, *, since: date = date.min, **sampling: int
) -> tuple[Standing, ...]:
    """Each of these under an edition from that day on: its own, or those of the edition that it follows."""
    whole = Whole(Space(compiled, _conditions(invariants, compiled.edition)), **sampling)
    times = situations((compiled,), since)
    kept = np.stack([_kept(whole, time, invariants) for time in times])  # situation x row x invariant
    concerned = _concerned(whole, invariants)
    return tuple(
        _standing(whole, times, invariant, concerned[at] & ~kept[:, :, at]) for at, invariant in enumerate(invariants)
    )


def _conditions(invariants: tuple[Invariant, ...], edition: Edition) -> Compiled:
    """What the invariants look at, as rules that do nothing: so it is told apart and matched as rules are."""
    nothing = Effect(False, "", frozenset(), frozenset(), frozenset(), False, {})
    always = Span(date.min)
    matches = [match for invariant in invariants for match in invariant.when]
    rules = [
        Rule(f"{at:04}", True, always, (), match, nothing, frozenset(), frozenset(AUDIENCES), {})
        for at, match in enumerate(matches)
    ]
    return Compiled(replace(edition, rules=tuple(rules)))


def _concerned(whole: Whole, invariants: tuple[Invariant, ...]) -> list[Bools]:
    """Of each invariant the rows of which it speaks."""
    bits, at = whole.masks.bits(1, whole.rows), 0
    found: list[Bools] = []
    for invariant in invariants:
        cases = bits[:, at : at + len(invariant.when)]
        found.append(np.asarray(cases.any(1)) if invariant.when else np.ones(len(bits), bool))
        at += len(invariant.when)
    return found


def _kept(whole: Whole, time: Situation, invariants: tuple[Invariant, ...]) -> Bools:
    """Of each row, which invariants its outcome keeps."""
    compiled = whole.space.editions[0]
    told = sum(1 << at for at, rule in enumerate(compiled.rules) if not rule.only_asks)  # papers and limits keep all
    counting = whole.rows & whole.masks.words((time.active[0] & told, 0), (True, False))
    first, which = grouped(counting)
    asked = whole.masks.of(0, counting[first])
    outcomes = [compiled.outcome(mask, unlisted=unlisted) for mask, unlisted in asked]
    kept = np.array([[keeps(invariant, outcome) for invariant in invariants] for outcome in outcomes], bool)
    return kept.reshape(len(outcomes), len(invariants))[which]


def _standing(whole: Whole, times: list[Situation], invariant: Invariant, broken: Bools) -> Standing:
    if not broken.any():
        return Standing(invariant, whole.sampled)
    rows, some = np.flatnonzero(broken.any(0)), [int(at) for at in np.flatnonzero(broken.any(1))]
    when = joined([part for at in some for part in times[at].when])
    last = max(some, key=lambda at: times[at].when[-1][1].first)
    audience, span = times[last].when[-1]
    labels = np.zeros(len(whole.rows), np.int64)
    labels[rows] = 1
    said = whole.space.said(whole.vector(int(broken[last].argmax())))
    return Standing(
        invariant=invariant,
        sampled=whole.sampled,
        boxes=tuple(whole.boxes(labels).of(np.array([False, True]))),
        when=when,
        count=int(whole.counts[rows].sum()),
        witness=Witness(said, span.first, audience),
    )
