"""One command: each benchmark that is named, or all."""

import json
import sys
from importlib import import_module
from typing import Any

from benchmarks.ground import COMMITS, limit, raise_

ALL = ("assessments", "turn_10k", "whatif_10k")


def main(names: list[str]) -> int:
    world, found = raise_(), {}
    for name in names or ALL:
        module, before = import_module(f"benchmarks.{name}"), limit()
        figures: dict[str, Any] = module.measure(world)
        after = limit()
        noisy = abs(before - after) > 0.25 * min(before, after)
        figures |= {"limit_s": [before, after], "ratio": figures["seconds"] / (before + after) * 2, "noisy": noisy}
        found[name] = figures
        for figure, value in figures.items():
            target = module.TARGETS.get(figure)
            said = f"   target {target}" if target else ""
            sys.stdout.write(f"{name:12} {figure:12} {_said(value)}{said}\n")
    sys.stdout.write(f"limit: {COMMITS} commits\n{json.dumps(found)}\n")
    return 0


def _said(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_said, value))
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
