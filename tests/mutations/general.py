"""./run mutate --general [PATTERN] [--seed N] [--sample N] [--resume] [--workers N]

Tries a sample of cosmic-ray's mutants of the modules that decide (mutants.py), each against its module's tests, and
prints how many were noticed.

  PATTERN      only mutants of files in whose name this expression is found
  --seed N     another sample (1)
  --sample N   of that size (400), with every mutant of licensing/policy/engine.py
  --resume     what was killed, and still is the same mutant, stays killed; the rest is tried
  --workers N  that many copies at once

A survivor gets a test, or, when nothing that anybody could see is different, stands in tests/equivalent.toml with the
reason. What ran is a sample, too, when it is stopped: --resume goes on. Outcomes stand in var/mutants.
"""

import argparse
import os
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path

from tests.mutations import rows
from tests.mutations.copies import BROKEN, KILLED, SURVIVED, Copy, copies, spread
from tests.mutations.mutants import Mutant, sampled
from tests.mutations.rows import ROOT

EQUIVALENT, OUTCOMES = ROOT / "tests" / "equivalent.toml", ROOT / "var" / "mutants"
GOAL, SECONDS_MOST = 0.9, 900
Known = set[tuple[str, str, str, str]]

# Tried after those that the list names for the module; the first ones notice most.
TESTS = {
    "core/access.py": "core/test_access core/test_ground core/test_people core/test_offices api/test_keys",
    "core/command.py": "core/test_ground core/test_command core/test_idempotency",
    "core/actions/": "core/test_locks core/test_actions core/test_people core/test_invitations "
    "core/test_offices core/test_selectors core/test_provinces core/test_outbox core/test_ground api/test_keys",
    "core/selectors.py": "core/test_selectors core/test_people core/test_offices core/test_outbox "
    "core/test_files core/test_ground core/test_deliveries licensing/test_selectors",
    "exporters/actions/": "core/test_ground core/test_locks exporters/test_actions exporters/test_actions_refused",
    "exporters/selectors.py": "core/test_ground core/test_access exporters/test_selectors "
    "exporters/test_actions core/test_files",
    "licensing/policy/engine.py": "policy/test_engine policy/test_generated",
    "licensing/policy/": "policy/test_editions policy/test_trace "
    "policy/test_classes policy/test_days policy/test_whole policy/test_strictness policy/test_invariants "
    "policy/test_idle policy/test_comparison policy/test_slips policy/test_twin licensing/test_judging "
    "licensing/test_check api/test_assessments",
    "licensing/ledger.py": "core/test_ground licensing/test_ledger licensing/test_take licensing/test_months "
    "shipments/test_customs",
    "licensing/selectors/verdicts.py": "licensing/test_turns licensing/test_holds",
    "licensing/selectors/": "licensing/test_policy_desk licensing/test_usable licensing/test_granted "
    "licensing/test_selectors licensing/test_decisions licensing/test_limits licensing/test_edit_pages "
    "core/test_ground core/test_lists core/test_files api/test_shipments",
    "licensing/actions/": "core/test_ground core/test_locks licensing/test_actions_refused "
    "licensing/test_decisions licensing/test_limits licensing/test_granted core/test_outbox core/test_deliveries "
    "core/test_forms",
    "licensing/actions/editions.py": "licensing/test_drafts licensing/test_policy_desk",
    "licensing/actions/licenses.py": "licensing/test_turns licensing/test_screenings licensing/test_usable "
    "shipments/test_customs shipments/test_validity licensing/test_take",
    "shipments/actions/": "licensing/test_ledger core/test_locks core/test_ground shipments/test_selectors "
    "shipments/test_customs shipments/test_validity shipments/test_forms licensing/test_limits api/test_shipments "
    "api/test_customs_messages licensing/test_take",
    "shipments/ledger.py": "licensing/test_ledger licensing/test_accounts shipments/test_corrections "
    "shipments/test_customs",
    "shipments/selectors.py": "shipments/test_selectors core/test_ground licensing/test_limits "
    "shipments/test_validity api/test_shipments",
}


def main(words: list[str]) -> int:
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(prog="./run mutate --general", description=__doc__, formatter_class=raw)
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=400)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args(words)
    sample = [mutant for mutant in sampled(asked.seed, asked.sample) if re.search(asked.pattern, mutant.file)]
    outcomes, same = remembered() if asked.resume else {}, equivalents()
    left = [mutant for mutant in sample if mutant.known not in same and outcomes.get(mutant.key) != KILLED]
    say(f"{len(sample)} mutants, {sum(mutant.known in same for mutant in sample)} equivalent; {len(left)} to try.")
    try:
        if left:
            try_each(left, outcomes, asked.workers)
    except KeyboardInterrupt:
        say("Stopped; --resume goes on.")
    return report(sample, outcomes, same)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def remembered() -> dict[str, str]:
    return dict(line.split() for line in OUTCOMES.read_text("utf-8").splitlines()) if OUTCOMES.exists() else {}


def equivalents() -> Known:
    found = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["mutant"]
    return {(row["file"], row["within"], row["old"], row["new"]) for row in found}


def report(sample: list[Mutant], outcomes: dict[str, str], same: Known) -> int:
    count = Counter(outcomes.get(mutant.key, "not tried") for mutant in sample if mutant.known not in same)
    score = count[KILLED] / max(1, count[KILLED] + count[SURVIVED])
    figures = ", ".join(f"{outcome} {count[outcome]}" for outcome in (KILLED, SURVIVED, BROKEN, "not tried"))
    say(f"\nmutants {len(sample)}, equivalent {len(sample) - count.total()}, {figures}, score {score:.3f}")
    return 0 if score >= GOAL else 1


def try_each(left: list[Mutant], outcomes: dict[str, str], workers: int) -> None:
    OUTCOMES.parent.mkdir(parents=True, exist_ok=True)
    named: dict[str, dict[str, None]] = {}
    for row in rows.read():
        named.setdefault(row.file, {}).update(dict.fromkeys(row.tests))
    passing: dict[str, bool] = {}
    with copies(min(workers, len(left))) as made, OUTCOMES.open("a" if outcomes else "w", encoding="utf-8") as written:

        def one(copy: Copy, mutant: Mutant) -> None:
            outcome, by = judged(copy, mutant, stages(list(named.get(mutant.file, [])), mapped(mutant.file)), passing)
            outcomes[mutant.key] = outcome
            written.write(f"{mutant.key} {outcome}\n")
            written.flush()
            say(f"{outcome:8} {mutant.title()} {by}")
            if outcome != KILLED:
                say(f"- {mutant.old}\n+ {mutant.new}")

        spread(made, left, one)


def mapped(file: str) -> list[str]:
    """The tests of the same name, and those that are known to notice most."""
    same = sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob(f"test_{Path(file).stem}*.py"))
    names = [name for start, given in TESTS.items() if file.startswith(start) for name in given.split()]
    return list(dict.fromkeys([*map(str, same), *(f"tests/{name}.py" for name in names)]))


def stages(named: list[str], others: list[str]) -> list[list[str]]:
    """What is run one after the other, until something fails; what goes over everything comes last."""
    marks = ("not slow and not full", "slow and not full", "full")
    return [*([named] if named else []), *(["-m", mark, *others] for mark in marks)]


def judged(copy: Copy, mutant: Mutant, stages: list[list[str]], passing: dict[str, bool]) -> tuple[str, str]:
    """Killed by a test that fails, or gets no ground to stand on, and does not without the mutant; broken when nothing
    starts or nothing ends. And by what."""
    for tests in stages:
        bad = {""}
        while bad:
            without = [f"--deselect={test}" for test, passed in passing.items() if not passed]
            said = copy.tried(mutant, ["-x", *without, *tests], SECONDS_MOST)
            bad = said.named("FAILED") | said.named("ERROR")
            if said.status not in ("0", "1", "5") or (said.status == "1") != bool(bad):
                return BROKEN, said.words[-300:]
            if bad and all(passes(copy, test, passing) for test in bad):
                return KILLED, min(bad)
    return SURVIVED, ""


def passes(copy: Copy, test: str, passing: dict[str, bool]) -> bool:
    """Does it pass without any mutant? One that fails anyway notices nothing, and is left out from then on."""
    if test not in passing:
        passing[test] = copy.pytest([test], SECONDS_MOST).status == "0"
        if not passing[test]:
            copy.databases.clone(copy.database)
            say(f"fails without any mutant: {test}")
    return passing[test]
