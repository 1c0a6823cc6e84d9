"""Rules without effect: taking one of them out changes no outcome anywhere, whatever it says."""

from datetime import date
from functools import lru_cache

import numpy as np

from licensing.policy.classes import Space
from licensing.policy.days import situations
from licensing.policy.editions import Rule
from licensing.policy.engine import Compiled
from licensing.policy.strictness import differences
from licensing.policy.whole import Whole, Words, grouped


@lru_cache(maxsize=8)  # (an edition is compared with many drafts)
def idle(compiled: Compiled, *, since: date = date.min, **sampling: int) -> tuple[str, ...]:
    """Rules that count on some day from then on, and without which every outcome would be the same."""
    whole = Whole(Space(compiled), **sampling)
    times = situations((compiled,), since)
    rows = np.concatenate([whole.rows & whole.masks.words(time.active, [True]) for time in times])
    rows = rows[grouped(rows)[0]]
    bits = whole.masks.bits(0, rows)
    counting = {at for at in range(len(compiled.rules)) if any(time.active[0] >> at & 1 for time in times)}
    return tuple(sorted(compiled.rules[at].id for at in counting if not _matters(whole, rows[bits[:, at]], at)))


def _matters(whole: Whole, rows: Words, rule: int) -> bool:
    """Whether some of these rows, which the rule is in, would come to another outcome without it."""
    (compiled,) = whole.space.editions
    beside = [at for at, other in enumerate(compiled.rules) if not _apart(other, compiled.rules[rule])]
    rows = rows & whole.masks.words((sum(1 << at for at in beside),), [True])
    for mask, out in whole.masks.of(0, rows[grouped(rows)[0]]):
        without = mask & ~(1 << rule)
        if differences(compiled.outcome(mask, unlisted=out), compiled.outcome(without, unlisted=out)):
            return True
    return False


def _apart(other: Rule, rule: Rule) -> bool:
    """Whether the one says nothing but papers and limits of which the other says none: then what the other changes is
    the same with it and without it."""
    one, effect = other.effect, rule.effect
    return other.only_asks and one.require.isdisjoint(effect.require) and one.params.keys().isdisjoint(effect.params)
