"""Workers of the web, each on a processor of its own where there is one for each."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.local.launcher import WEB
from tests.http import ROOT

HERE = sorted(os.sched_getaffinity(0))
needs_two = pytest.mark.skipif(
    len(HERE) < 2 and not os.environ.get("CI"),
    reason="which worker stays where shows on two processors only; the gate has two, and never skips",
)
EMPTY = "tests.config.test_gunicorn:nothing"


def nothing(environ: dict[str, str], start: Callable[..., None]) -> list[bytes]:
    start("204 No Content", [])
    return []


@contextmanager
def workers(number: int, processors: list[int]) -> Iterator[Callable[[], list[int]]]:
    """gunicorn with so many workers, who may use these; gives what says who they are."""
    words = [word if word != "config.wsgi:application" else EMPTY for word in WEB]
    process = subprocess.Popen(
        [sys.executable, *words, "--workers", str(number), "--bind", "127.0.0.1:0", "--log-level", "error"],
        cwd=ROOT,
        preexec_fn=lambda: os.sched_setaffinity(0, processors),
    )

    def children() -> list[int]:
        """As many as there are to be, once each has its threads."""
        for _ in range(300):
            found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            if len(found) == number:
                time.sleep(0.5)
                return list(map(int, found))
            time.sleep(0.1)
        raise AssertionError("no workers")

    try:
        yield children
    finally:
        process.terminate()
        process.wait()


@pytest.mark.slow
@needs_two
def test_each_worker_stays_on_a_processor_of_its_own_and_so_does_who_comes_after_it() -> None:
    with workers(2, HERE[:2]) as now:
        kept, gone = now()
        for _ in range(3):  # who came last goes
            assert sorted(map(tuple, map(os.sched_getaffinity, (kept, gone)))) == [(HERE[0],), (HERE[1],)]
            os.kill(gone, signal.SIGKILL)
            time.sleep(1)
            (gone,) = set(now()) - {kept}


@needs_two
def test_a_worker_that_has_more_processors_than_workers_may_use_each() -> None:
    with workers(1, HERE[:2]) as now:
        assert [os.sched_getaffinity(one) for one in now()] == [set(HERE[:2])]


@pytest.mark.slow
@needs_two
def test_more_workers_than_processors_share_them() -> None:
    with workers(4, HERE[:2]) as now:
        assert sorted(min(os.sched_getaffinity(one)) for one in now()) == [HERE[0], HERE[0], HERE[1], HERE[1]]
