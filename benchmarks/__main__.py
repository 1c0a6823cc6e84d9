"""One command: each benchmark that is named, or all; with BENCH_SCALE below 1 those that hold at any size.

Then only ratios and counts decide, and a ratio may be a third of its floor: enough to see what was broken, not what the
machine does meanwhile.
"""

import json
import sys
from importlib import import_module
from typing import Any

from benchmarks.ground import SCALE, raise_

MODULES = (
    "assessments",
    "take_alone",
    "drawdown",
    "api",
    "bulk",
    "sweeps",
    "mixed",
    "growth",
    "cases",
    "certificates",
    "pages",
    "whatif_10k",
    "turn_10k",  # the last, as its rules suspend every license
)
AT_ANY_SIZE = (
    "take_alone_spread",
    "take_alone_hot",
    "drawdown_spread",
    "drawdown_hot",
    "hot_collapse",
    "replay",
    "api_textbook",
    "sweep_expire_1m",
    "mixed",
)
ALLOWANCE = 0.3 if SCALE < 1 else 1


def main(names: list[str]) -> int:
    """0: no figure is below its floor."""
    modules = [import_module(f"benchmarks.{name}") for name in MODULES]
    known = {name: module for module in modules for name in module.MEASURES}
    if unknown := [name for name in names if name not in known]:
        sys.stderr.write(f"No benchmark {', '.join(unknown)}: there is {', '.join(known)}.\n")
        return 2
    world, found, below = raise_(), {}, 0
    for name in names or (known if SCALE >= 1 else AT_ANY_SIZE):
        figures: dict[str, Any] = known[name].MEASURES[name](world)
        found[name] = figures
        targets, floors, ceilings = (_of(known[name], what, name) for what in ("TARGETS", "FLOORS", "CEILINGS"))
        for figure, value in figures.items():
            bad = figure in floors and value < floors[figure] * ALLOWANCE
            bad |= figure in ceilings and value > ceilings[figure] and (SCALE >= 1 or not ceilings[figure])
            below += bad
            said = f"   target {targets[figure]}" if figure in targets else ""
            said += f"   NOT WITHIN {(floors | ceilings)[figure]}" if bad else ""
            sys.stdout.write(f"{name:18} {figure:14} {_said(value)}{said}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{json.dumps(found)}\n")
    return int(bool(below))


def _of(module: Any, what: str, name: str) -> dict[str, float]:
    return dict(getattr(module, what, {}).get(name, {}))


def _said(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_said, value))
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
