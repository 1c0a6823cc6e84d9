"""Rules without effect: taking one of them out changes no outcome anywhere, whatever it says."""

from datetime import date
from functools import lru_cache

from licensing.policy.classes import Space
from licensing.policy.days import situations
from licensing.policy.engine import Compiled
from licensing.policy.strictness import differences
from licensing.policy.whole import Whole, Words, grouped


@lru_cache(maxsize=8)  # (an edition is compared with many drafts)
def idle(compiled: Compiled, *, since: date = date.min, **sampling: int) -> tuple[str, ...]:
    """Rules that count on some day from then on, and without which every outcome would be the same."""
    whole = Whole(Space(compiled), **sampling)
    counting: set[int] = set()
    mattering: set[int] = set()
    for time in situations((compiled,), since):
        rows = whole.rows & whole.masks.words(time.active, [True])
        rows = rows[grouped(rows)[0]]
        bits = whole.masks.bits(0, rows)
        active = {at for at in range(len(compiled.rules)) if time.active[0] >> at & 1}
        counting |= active
        mattering |= {at for at in active - mattering if _matters(whole, rows[bits[:, at]], at)}
    return tuple(compiled.rules[at].id for at in sorted(counting - mattering))


def _matters(whole: Whole, rows: Words, rule: int) -> bool:
    """Whether some of these rows, which the rule is in, would come to another outcome without it."""
    (compiled,) = whole.space.editions
    for row in rows:
        mask, out = whole.masks.of(0, row)
        without = mask & ~(1 << rule)
        if differences(compiled.outcome(mask, unlisted=out), compiled.outcome(without, unlisted=out)):
            return True
    return False
