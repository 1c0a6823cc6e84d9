"""./run mutate [PATTERN] [--changed] [--workers N], ./run mutate --general (see general.py), or --sweep (see sweep/)

Takes each rule of the list out, one at a time, on copies of the tree, and runs the tests that must notice.

  PATTERN      only rows in whose list, file, function or guard this expression is found
  --changed    at most 40 rows: first those of what changed in the last 30 commits, then others
  --workers N  that many copies at once (as many as there are processors)

Ends with an error when a rule went unnoticed (survived), or when a row fits nothing or breaks the tests (broken).
"""

import argparse
import os
import random
import subprocess
import sys
import time

import django

import tests.servers  # noqa: F401 (starts them, before anything reads where they are)
from tests.mutations.copies import BROKEN, KILLED, SURVIVED, Copy, Verdict, copies, spread
from tests.mutations.rows import ROOT, BadRow, Row, misfits, read

SAMPLE, COMMITS = 40, 30


def main(words: list[str]) -> int:
    if "--general" in words:
        from tests.mutations import general  # its packages are installed only when it is asked for

        return general.main([word for word in words if word != "--general"])
    if "--sweep" in words:
        from tests.mutations.sweep import command

        return command.main([word for word in words if word != "--sweep"])
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(prog="./run mutate", description=__doc__, formatter_class=raw)
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--changed", action="store_true")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args(words)
    try:
        rows = [row for row in everything() if row.matches(asked.pattern)]
        if asked.changed:
            rows = sample(rows)
        wrong = misfits(rows)
    except BadRow as error:
        rows, wrong = [], [str(error)]
    if wrong:
        say("\n".join(wrong))
        return 1
    if not rows:
        say(f"No row has {asked.pattern!r}.")
        return 1
    began = time.monotonic()
    verdicts = judged(rows, asked.workers)
    count = {outcome: sum(v.outcome == outcome for v in verdicts) for outcome in (KILLED, SURVIVED, BROKEN)}
    for verdict in verdicts:
        if verdict.outcome != KILLED:
            say(f"\n{verdict.outcome.upper()} {verdict.row.title()}\n{verdict.said}")
            say("".join(f"- {line}\n" for line in verdict.row.old.splitlines()))
            say("".join(f"+ {line}\n" for line in verdict.row.new.splitlines()))
    figures = ", ".join(f"{outcome} {number}" for outcome, number in count.items())
    say(f"\nrows {len(rows)}, {figures}, {time.monotonic() - began:.0f} s")
    return 0 if count[KILLED] == len(rows) else 1


def everything() -> list[Row]:
    """What the lists name, and what follows for every verb from its declarations."""
    django.setup()
    from tests.mutations import derived

    listed = read()
    return listed + derived.rows({guard for row in listed for guard in row.guards})


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def sample(rows: list[Row]) -> list[Row]:
    """At most 40: first those whose file, or whose list, changed lately; the rest by lot, another at each commit."""
    command = ["git", "log", f"-{COMMITS}", "--name-only", "--format="]
    changed = set(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lot = random.Random(head)
    return sorted(rows, key=lambda row: (not {row.file, listed(row)} & changed, lot.random()))[:SAMPLE]


def listed(row: Row) -> str:
    return f"tests/mutations/{row.where.partition('#')[0]}.toml"


def judged(rows: list[Row], workers: int) -> list[Verdict]:
    """What became of each row, in order; each worker has a copy and takes the next row that nobody took."""
    with copies(min(workers, len(rows))) as made:
        passing = pass_first(rows, made)

        def one(copy: Copy, row: Row) -> Verdict:
            if not set(row.tests) <= passing:
                failing = ", ".join(sorted(set(row.tests) - passing))
                return Verdict(row, BROKEN, 0, f"fails without any mutation: {failing}")
            verdict = copy.judge(row)
            say(f"{verdict.outcome:8} {verdict.seconds:5.1f} s  {row.title()}")
            return verdict

        return spread(made, rows, one)


def pass_first(rows: list[Row], made: list[Copy]) -> set[str]:
    """The tests that pass as things stand; a test that fails anyway notices nothing."""
    tests = sorted({test for row in rows for test in row.tests})
    say(f"{len(rows)} rows; {len(tests)} tests without any mutation first, on {len(made)} copies.")
    shares = [set(tests[number :: len(made)]) for number in range(len(made))]
    return set().union(*spread(made, shares, Copy.passing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
