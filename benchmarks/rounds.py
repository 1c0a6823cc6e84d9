"""Something measured between its limits, several times: ratios move less than the machine does."""

from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks.ground import SCALE

ROUNDS = 5 if SCALE >= 1 else 3
SECONDS = max(1, round(3 * SCALE))


def compared(work: Callable[[], float], **limits: Callable[[], float]) -> dict[str, Any]:
    """rate: the median of what `work` says; for each limit its own median, and `per_…`, the median of the ratios to the
    mean of the limit just before and just after. noisy: a limit that moved by more than a quarter meanwhile."""
    before, rates, seen = {name: limit() for name, limit in limits.items()}, [], []
    for _ in range(ROUNDS):
        rates.append(work())
        after = {name: limit() for name, limit in limits.items()}
        seen.append((before, after))
        before = after
    figures: dict[str, Any] = {"rate": median(rates), "noisy": ""}
    for name in limits:
        pairs = [(first[name], then[name]) for first, then in seen]
        every = [pairs[0][0], *(then for _, then in pairs)]
        figures[name] = median(every)
        figures[f"per_{name}"] = median(
            rate * 2 / (first + then) for rate, (first, then) in zip(rates, pairs, strict=True)
        )
        if max(every) > 1.25 * min(every):
            figures["noisy"] += f"{name} "
    return figures
