"""./run mutate --sweep [PATTERN] [--workers N] [--seconds N] [--resume] [--tests PATH ...]

Changes every place of the code of core, exporters, licensing and shipments (function bodies), one at a time, and says
which changes no test notices. All of them stand in one copy of the tree, switched off (instrument.py), so that a change
costs a fork and not a start; only tests that feel a change are tried with it, the fastest first.

  PATTERN      only places of files in whose name this expression is found
  --workers N  that many copies at once (as many as there are processors)
  --seconds N  for a place nobody notices, tests that take about so long together (10), three times
               that of those that call it; at least the fastest
  --resume     what is known of each test and place stays; survivors are tried again when given more seconds
  --tests ...  only these tests

What each test met stands in var/sweep/tests.jsonl, what became of each place in outcomes.jsonl, the end in report.txt.
Not run: what starts whole programs or a browser, and the migrations. A place that runs only in a program that a test
starts, or only at import, counts as not reached.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from tests.mutations.copies import BROKEN, KEPT, KILLED, SURVIVED, Copy, copies, spread
from tests.mutations.rows import ROOT
from tests.mutations.sweep.instrument import Place, everything

VAR = ROOT / "var" / "sweep"
UNREACHED, LATE = "not reached", "late"
LEFT_OUT = [
    *("tests/mutations", "tests/browser", "tests/core/test_postgres.py"),
    *(f"tests/config/test_{name}.py" for name in ("launcher", "kills", "supervisor", "machines", "ci", "migrations")),
]
MANY, WORLD_S, RECORDING_S = 10, 0.5, 600
Known = dict[str, Any]


class Worker:
    """A copy whose code has every place, and the process that runs tests of it."""

    def __init__(self, copy: Copy, texts: dict[str, str], tests: list[str]) -> None:
        self.copy, self.tests = copy, tests
        for file, text in texts.items():
            (copy.root / file).write_text(text, encoding="utf-8")
        self.start()

    def start(self) -> None:
        jobs, self.jobs = os.pipe()
        self.answers, answers = os.pipe()
        left_out = [f"--ignore={path}" for path in LEFT_OUT]
        options = ["-q", "--capture=sys", "--tb=native", "-p", "no:cacheprovider", *KEPT, *left_out]
        with open(self.copy.log, "a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pytest", "-p", "tests.mutations.sweep.forked", *options, *self.tests],
                cwd=self.copy.root,
                env=os.environ | {"SWEEP_JOBS": str(jobs), "SWEEP_ANSWERS": str(answers)},
                pass_fds=[jobs, answers],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        os.close(jobs)
        os.close(answers)
        self.reader = os.fdopen(self.answers, encoding="utf-8")
        self.collected = self.answer()

    def answer(self) -> Known:
        line = self.reader.readline()
        if not line:
            raise RuntimeError(f"The tests ended:\n{self.copy.log.read_text(encoding='utf-8')[-3000:]}")
        return dict(json.loads(line))

    def ask(self, changed: int, seconds: dict[str, int]) -> Known:
        with open(self.jobs, "w", closefd=False) as jobs:
            jobs.write(json.dumps({"changed": changed, "tests": seconds}) + "\n")
        try:
            answer = self.answer()
        except RuntimeError as error:
            say(f"Begins again: {error}")
            self.close()
            self.copy.databases.clone(self.copy.database)
            self.start()
            return {"broken": True, "met": [], "status": -1, "last": list(seconds)}
        if any(self.collected["tests"][test] for test in seconds):
            self.copy.databases.clone(self.copy.database)  # what was committed, or emptied
        return answer

    def close(self) -> None:
        os.close(self.jobs)
        self.process.wait()
        self.reader.close()


class Notes:
    """A file of JSON lines that grows as things become known."""

    def __init__(self, name: str, resume: bool) -> None:
        self.path, self.lock = VAR / name, threading.Lock()
        if not resume:
            self.path.unlink(missing_ok=True)

    def read(self) -> list[Known]:
        if not self.path.exists():
            return []
        whole = self.path.read_text(encoding="utf-8").rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def add(self, *rows: Known) -> None:
        with self.lock, self.path.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(row) + "\n" for row in rows))


def main(words: list[str]) -> int:
    raw = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(prog="./run mutate --sweep", description=__doc__, formatter_class=raw)
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--tests", nargs="+", default=["tests"])
    asked = parser.parse_args(words)
    places, texts = everything()
    VAR.mkdir(parents=True, exist_ok=True)
    listed, rows = Notes("places.jsonl", True), [asdict(place) for place in places]
    if asked.resume and listed.read() not in ([], rows):
        say("The code is another than it was: without --resume it begins anew.")
        return 1
    if not asked.resume or not listed.path.exists():
        Notes("places.jsonl", False).add(*rows)
    tests, outcomes = Notes("tests.jsonl", asked.resume), Notes("outcomes.jsonl", asked.resume)
    wanted = [place for place in places if re.search(asked.pattern, place.file)]
    try:
        with copies(asked.workers) as made:
            workers = {copy.database: Worker(copy, texts, asked.tests) for copy in made}
            try:
                record(made, workers, tests)
                kill(made, workers, wanted, Felt(tests.read()), outcomes, asked.seconds)
            finally:
                for worker in workers.values():
                    worker.close()
    except KeyboardInterrupt:
        say("Stopped; --resume goes on.")
    report(wanted, outcomes.read())
    return 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def record(made: list[Copy], workers: dict[str, Worker], notes: Notes) -> None:
    """What each test meets and feels, without any change; some tests of one file at a time."""
    known = {row["test"] for row in notes.read()}
    files: dict[str, list[str]] = {}
    for test in workers[made[0].database].collected["tests"]:
        if test not in known:
            files.setdefault(file_of(test), []).append(test)
    say(f"{len(known)} tests known, {sum(map(len, files.values()))} to run without any change.")

    def one(copy: Copy, tests: list[str]) -> None:
        answer = workers[copy.database].ask(0, dict.fromkeys(tests, RECORDING_S))
        notes.add(*answer["met"])
        failed = [row["test"] for row in answer["met"] if not row["passed"]]
        say(f"{len(answer['met']):4} tests of {file_of(tests[0])}; not passed: {failed or 'none'}")
        if answer["status"]:
            say(f"ended with {answer['status']} in {answer['last']}")

    spread(made, sorted(files.values(), key=len, reverse=True), one)


def file_of(test: str) -> str:
    return test.partition("::")[0]


def varied(tests: list[str]) -> list[str]:
    """In order, but the first of each file before the second of any."""
    turns, turn = Counter[str](), dict[str, int]()
    for test in tests:
        turns[file_of(test)] += 1
        turn[test] = turns[file_of(test)]
    return sorted(tests, key=turn.__getitem__)


class Felt:
    """Which tests that pass feel a place: in their own words, or only in what is set up for them."""

    def __init__(self, rows: list[Known]) -> None:
        self.seconds, self.shared = dict[str, float](), dict[str, float]()
        self.called, self.set_up = dict[int, list[str]](), dict[int, list[str]]()
        self.met = {place for row in rows for how in ("met", "felt", "called") for place in row[how]}
        for row in sorted((row for row in rows if row["passed"]), key=lambda row: row["seconds"] + row["shared"]):
            self.seconds[row["test"]], self.shared[row["test"]] = row["seconds"], row["shared"]
            for of, places in ((self.called, row["called"]), (self.set_up, row["felt"])):
                for place in places:
                    of.setdefault(place, []).append(row["test"])

    def chosen(self, place: int, most: float) -> list[str]:
        """Those that call it, the fastest first, one of each file before a second one of any; then likewise the others.
        A world that is made for a whole file tells much by itself: it comes last, and one is tried whatever it costs.
        """
        called = set(self.called.get(place, []))
        felt = [*varied(self.called.get(place, [])), *varied(self.set_up.get(place, []))]
        worlds = sorted((test for test in felt if self.shared[test] > WORLD_S), key=file_of)
        found = list[str]()
        for tests in ([test for test in felt if self.shared[test] <= WORLD_S], worlds):
            sum_s = 0.0
            for number, test in enumerate(tests):
                sum_s += self.seconds[test]
                if not number or sum_s <= (most * 3 if test in called else most):
                    found.append(test)
        return found

    def patience(self, test: str) -> int:
        return 10 + int(MANY * (self.seconds[test] + self.shared[test]))


def kill(
    made: list[Copy], workers: dict[str, Worker], wanted: list[Place], felt: Felt, notes: Notes, most: float
) -> None:
    known = {row["id"]: row for row in notes.read()}
    left = [
        place
        for place in wanted
        if place.id not in known
        or known[place.id]["outcome"] in (SURVIVED, BROKEN)
        and known[place.id]["seconds"] < most
    ]
    imported = set(workers[made[0].database].collected["met"])
    done = iter(range(1, len(left) + 1))
    say(f"{len(wanted)} places, {len(left)} to try.")

    def one(copy: Copy, place: Place) -> None:
        worker = workers[copy.database]
        tests = [test for test in felt.chosen(place.id, most) if test in worker.collected["tests"]]
        outcome, by = SURVIVED if place.id in felt.met else UNREACHED, ""
        if outcome == UNREACHED and place.id in imported:
            by = "at import only"
        for committing in (False, True):
            some = [test for test in tests if worker.collected["tests"][test] == committing]
            if some and outcome == SURVIVED:
                answer = worker.ask(place.id, {test: felt.patience(test) for test in some})
                if answer.get("broken"):
                    outcome = BROKEN
                elif answer["by"]:
                    outcome, by = LATE if answer["late"] else KILLED, answer["by"]
        notes.add({"id": place.id, "outcome": outcome, "by": by, "tried": len(tests), "seconds": most})
        number = next(done)
        if outcome == SURVIVED or number % 100 == 0:
            say(f"{number:5} {outcome:9} {place.title()}" if outcome == SURVIVED else f"{number:5} of {len(left)}")

    spread(made, left, one)


def report(wanted: list[Place], rows: list[Known]) -> None:
    known = {row["id"]: row for row in rows}
    lines = list(told(wanted, known))
    (VAR / "report.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    say("\n".join(lines))


def told(wanted: list[Place], known: dict[int, Known]) -> Iterator[str]:
    for outcome in (UNREACHED, SURVIVED):
        for place in wanted:
            row = known.get(place.id)
            if row and row["outcome"] == outcome:
                what = row["by"] or f"{row['tried']} tests" if outcome == SURVIVED else row["by"]
                yield f"\n{outcome.upper()} {place.title()}\n  {what}".rstrip()
    count = Counter(known[place.id]["outcome"] if place.id in known else "not tried" for place in wanted)
    figures = ", ".join(
        f"{outcome} {count[outcome]}" for outcome in (UNREACHED, KILLED, LATE, SURVIVED, BROKEN, "not tried")
    )
    yield f"\nplaces {len(wanted)}, {figures}"
