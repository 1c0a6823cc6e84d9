"""A pytest plugin: collects, and then runs tests in a forked process for each job that it is sent.

A job is {"changed": place, "tests": {test: the most seconds it may take}}; place 0 is none. Its process stands as
collecting and a few tests left it, with the code's caches empty and no connection open, so that nothing that a test or
a fixture of a module made is shared between jobs. The answer to a change is {"by": test or "", "late": whether}; to
none, what each test met, felt, and felt in its own words (called).
"""

import contextlib
import gc
import json
import os
import resource
import select
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from typing import IO, Any

import pytest
from _pytest.runner import runtestprotocol
from django.db import connections
from django.template import engines
from django.template.backends.django import DjangoTemplates
from hypothesis import Phase, settings

from core.postgres.watch import watch
from tests.mutations.sweep.active import State
from tests.mutations.sweep.instrument import APPS

Said = dict[str, Any]
MEMORY, WARMING = 4 << 30, 6
COMMITS = {"transactional_db", "live_server"}


def pytest_configure() -> None:
    """Failures are not made small, nor kept for later; and each run draws the same."""
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("sweep", phases=phases, database=None, derandomize=True, deadline=None)
    settings.load_profile("sweep")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    if session.testsfailed:
        raise session.Failed("some tests cannot be collected")
    warm([item for item in session.items if {"client", "world"} <= names(item) and not commits(item)])
    jobs = os.fdopen(int(os.environ["SWEEP_JOBS"]))
    answers = os.fdopen(int(os.environ["SWEEP_ANSWERS"]), "w")
    items = {item.nodeid: item for item in session.items}
    caches = [one for one in gc.get_objects() if type(one) is _lru_cache_wrapper and one.__module__.startswith(APPS)]
    answer = {"tests": {item.nodeid: commits(item) for item in session.items}, "met": sorted(State.met)}
    gc.collect()
    gc.freeze()
    while True:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        line = jobs.readline()
        if not line:
            return True
        with tempfile.TemporaryFile("w+") as said:
            answer = forked(Job(json.loads(line), items, caches, said))


def commits(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    return bool(mark and mark.kwargs.get("transaction")) or bool(COMMITS & names(item))


def names(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


def warm(items: list[pytest.Item]) -> None:
    """A few tests have run here, so that no job has to import and read what all of them want. Nothing is left open."""
    for item in list({item.path: item for item in reversed(items)}.values())[:WARMING]:
        runtestprotocol(item, log=False, nextitem=None)
    connections.close_all()
    for engine in engines.all():
        if isinstance(engine, DjangoTemplates):
            for loader in engine.engine.template_loaders:
                loader.reset()
    watch._pid = 0
    for thread in threading.enumerate():
        if thread.name == "postgres-watch":
            thread.join()


class Job:
    def __init__(self, asked: Said, items: dict[str, pytest.Item], caches: list[Any], said: IO[str]) -> None:
        self.changed, self.seconds, self.caches, self.said = asked["changed"], asked["tests"], caches, said
        self.items = [items[test] for test in asked["tests"]]
        self.wide: dict[str, tuple[float, set[int]]] = {}  # what fixtures of many tests felt, and how long they took

    def run(self) -> None:
        State.changed = self.changed
        os.environ["SWEEP_CHANGED"] = str(self.changed)  # for what the tests start
        self.items[0].config.pluginmanager.register(self)
        for item, following in zip(self.items, [*self.items[1:], None], strict=True):
            self.say(began=item.nodeid)
            for cache in self.caches:
                cache.cache_clear()
            State.met, State.felt, self.called = set(), set(), set[int]()
            signal.alarm(self.seconds[item.nodeid])
            began, before = time.monotonic(), set(self.wide)
            reports = runtestprotocol(item, log=False, nextitem=following)
            signal.alarm(0)
            took = time.monotonic() - began - sum(self.wide[name][0] for name in set(self.wide) - before)
            passed = all(not report.failed for report in reports) and any(report.passed for report in reports[1:2])
            if self.changed:
                continue
            used = [self.wide[name] for name in names(item) if name in self.wide]
            felt, shared = State.felt.union(*(felt for _, felt in used)), sum(seconds for seconds, _ in used)
            met = {"called": sorted(self.called), "felt": sorted(felt - self.called), "met": sorted(State.met - felt)}
            self.say(test=item.nodeid, seconds=took, shared=shared, passed=passed, **met)

    def say(self, **what: Any) -> None:
        self.said.write(json.dumps(what) + "\n")
        self.said.flush()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        if fixturedef.scope == "function":
            return (yield)
        before, State.felt, began = State.felt, set(), time.monotonic()
        try:
            return (yield)
        finally:
            self.wide[fixturedef.argname] = time.monotonic() - began, State.felt
            State.felt = before

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        before, State.felt = State.felt, set()
        try:
            return (yield)
        finally:
            self.called = State.felt
            State.felt = before | self.called

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """A change is noticed by the first test that fails: nobody waits for the words that it would say."""
        failed = call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception)
        if self.changed and failed and not item.get_closest_marker("xfail"):
            os._exit(1)


def forked(job: Job) -> Said:
    child = os.fork()
    if not child:
        status = 2
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))  # a loop without an end takes no more
            job.run()
            status = 0
        finally:
            os._exit(status)
    end = os.pidfd_open(child)
    late = not select.select([end], [], [], sum(job.seconds.values()) + 10)[0]
    if late:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(end)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what it started
    job.said.seek(0)
    said = [json.loads(line) for line in job.said]
    began = [one["began"] for one in said if "began" in one]
    if not job.changed:
        return {"met": [one for one in said if "test" in one], "status": status, "last": began[-1:]}
    return {"by": "" if status == 0 else began[-1], "late": late or status == -signal.SIGALRM}
