"""A copy of the tree with a test database of its own, in which one mutation at a time is tried."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

import psycopg2
import psycopg2.errors

from tests.mutations.rows import ROOT, BadRow, Row
from tests.servers import database_of

if TYPE_CHECKING:
    from tests.mutations.mutants import Mutant

Thing, Made = TypeVar("Thing"), TypeVar("Made")
KILLED, SURVIVED, BROKEN = "killed", "survived", "broken"
SECONDS_MOST = 120
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", ".*_cache", ".hypothesis", "staticfiles")
KEPT = ["-p", "tests.mutations.kept", "--reuse-db"]
PYTEST = ["-q", "-rfE", "--tb=no", "--color=no", "-p", "no:cacheprovider", *KEPT]


@dataclass(frozen=True)
class Verdict:
    row: Row
    outcome: str
    seconds: float
    said: str = ""


@dataclass(frozen=True)
class Said:
    """What pytest said: its exit status (1: tests failed), or "late"; and its words."""

    status: str
    words: str

    def named(self, word: str) -> set[str]:
        return set(re.findall(rf"^{word} (.+?)(?: - .*)?$", self.words, re.MULTILINE))


class Databases:
    """The template that each copy's database is made from, and makes them."""

    def __init__(self, folder: Path) -> None:
        self.base = os.environ["DATABASE_OWNER_URL"].rsplit("/", 1)[0]
        self.template = database_of(folder)

    def run(self, database: str, *statements: str) -> None:
        with self.cursor(database) as cursor:
            for statement in statements:
                cursor.execute(statement)

    @contextmanager
    def cursor(self, database: str) -> Iterator[psycopg2.extensions.cursor]:
        session = psycopg2.connect(f"{self.base}/{database}")
        session.autocommit = True
        try:
            yield session.cursor()
        finally:
            session.close()

    def make_template(self) -> None:
        """As a test run makes it, once."""
        code = (
            "import django; django.setup()\n"
            "from django.db import connection\n"
            f"connection.settings_dict['TEST']['NAME'] = {self.template!r}\n"
            "connection.creation.create_test_db(verbosity=0, autoclobber=True)\n"
        )
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)

    def clone(self, name: str) -> None:
        self.drop(name)
        self.run("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"')

    def drop(self, *names: str) -> None:
        """They are gone. Another role's last session, which we may not end, is waited for."""
        for name in names:
            for patience in range(40, -1, -1):
                try:
                    self.run("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                    break
                except psycopg2.errors.InsufficientPrivilege:
                    if not patience:
                        raise
                    time.sleep(0.25)


class Copy:
    """One worker's tree and database; both are as they were after each row."""

    def __init__(self, folder: Path, databases: Databases) -> None:
        self.root, self.databases = folder, databases
        shutil.copytree(ROOT, folder, ignore=LEFT_OUT, symlinks=True)
        self.database = database_of(folder)
        self.databases.clone(self.database)
        self.log = folder.parent / "log"
        self.warm = subprocess.Popen(
            [sys.executable, "-m", "tests.mutations.warm"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        assert self.warm.stdin
        self.warm.stdin.close()
        self.warm.wait()

    def passing(self, tests: set[str]) -> set[str]:
        """Those of the tests that pass while nothing is mutated. Fills the caches of bytecode, too."""
        if not tests:
            return set()
        said = self.pytest(sorted(tests), seconds=SECONDS_MOST * 10, bytecode=True)
        self.databases.clone(self.database)
        bad = said.named("FAILED") | said.named("ERROR")
        if said.status not in ("0", "1"):
            raise BadRow(f"The tests do not start without any mutation:\n{said.words[-3000:]}")
        return {test for test in tests if not _among(test, bad)}

    def judge(self, row: Row) -> Verdict:
        began = time.monotonic()
        try:
            said = self.tried(row, row.tests)
        except (BadRow, psycopg2.Error, OSError) as error:
            return Verdict(row, BROKEN, time.monotonic() - began, str(error).strip())
        return _verdict(row, said, time.monotonic() - began)

    def tried(self, row: "Row | Mutant", words: Iterable[str], seconds: int = SECONDS_MOST) -> Said:
        """What pytest says of these tests (or other words of its command) while the row is applied."""
        with self._mutated(row):
            said = self.pytest(words, seconds)
        if said.status != "0" and not row.in_database:
            self.databases.clone(self.database)  # what failed may have left something behind
        return said

    def pytest(self, tests: Iterable[str], seconds: int = SECONDS_MOST, bytecode: bool = False) -> Said:
        asked = {"words": [*PYTEST, *tests], "log": str(self.log), "seconds": seconds, "bytecode": bytecode}
        assert self.warm.stdin and self.warm.stdout
        self.warm.stdin.write(json.dumps(asked) + "\n")
        self.warm.stdin.flush()
        status = self.warm.stdout.readline().strip()
        return Said(status, self.log.read_text(encoding="utf-8"))

    @contextmanager
    def _mutated(self, row: "Row | Mutant") -> Iterator[None]:
        if row.in_database:
            try:
                with self.databases.cursor(self.database) as cursor:
                    cursor.execute(statement(row, cursor))
                yield
            finally:
                self.databases.clone(self.database)
            return
        path = self.root / row.file
        text, times = path.read_text(encoding="utf-8"), path.stat()
        try:
            path.write_text(row.mutated(text), encoding="utf-8")
            os.utime(path, (times.st_atime, times.st_mtime + 10))  # else Python may take the old bytecode for it
            yield
        finally:
            path.write_text(text, encoding="utf-8")
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@contextmanager
def copies(number: int) -> Iterator[list[Copy]]:
    """So many copies, gone at the end with their databases."""
    with tempfile.TemporaryDirectory(prefix="lodestone-mutate-") as name:
        folder = Path(name).resolve()
        databases, made = Databases(folder), list[Copy]()
        try:
            databases.make_template()
            for at in range(number):
                made.append(Copy(folder / str(at) / "lodestone", databases))
            yield made
        finally:
            for copy in made:
                copy.close()
            databases.drop(*(copy.database for copy in made), databases.template)


def spread(made: list[Copy], things: Iterable[Thing], do: Callable[[Copy, Thing], Made]) -> list[Made]:
    """What was done with each thing, in order: each on the first copy that is free."""
    free: SimpleQueue[Copy] = SimpleQueue()
    for copy in made:
        free.put(copy)

    def one(thing: Thing) -> Made:
        copy = free.get()
        try:
            return do(copy, thing)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(made)) as pool:
        return list(pool.map(one, things))


def statement(row: Row, cursor: psycopg2.extensions.cursor) -> str:
    """The SQL that takes the rule out. Raises BadRow when the database has no such rule."""
    if row.sql:
        return row.sql
    if row.function:
        return row.mutated(_one(row, cursor, _FUNCTION, [row.function, row.function]))
    kind, _, name = row.drop.partition(":")
    if kind not in _DROPS:
        raise BadRow(f"{row.where}: drop names constraint:table.name or trigger:table.name")
    table, _, rule = name.partition(".")
    return _one(row, cursor, _DROPS[kind], {"table": table, "rule": rule})


def _one(row: Row, cursor: psycopg2.extensions.cursor, query: str, values: object) -> str:
    cursor.execute(query, values)
    found = [text for (text,) in cursor.fetchall()]
    if len(found) != 1:
        raise BadRow(f"{row.where}: the database has {len(found)} of {row.drop or row.function}")
    return str(found[0])


# pgtrigger adds five digits of a hash to the name of a trigger and of its function
_FUNCTION = """
    SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'public' AND (p.proname = %s OR p.proname ~ ('^pgtrigger_' || %s || '_[0-9a-f]{5}$'))
"""
_DROPS = {
    "constraint": """
        SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I CASCADE', %(table)s, conname) FROM pg_constraint
        WHERE conrelid = to_regclass(%(table)s) AND conname = %(rule)s
        UNION ALL
        SELECT format('DROP INDEX %%I', relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid = to_regclass(%(table)s) AND i.indisunique AND relname = %(rule)s
          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x'))
    """,
    "trigger": """
        SELECT format('DROP TRIGGER %%I ON %%I', tgname, %(table)s) FROM pg_trigger
        WHERE tgrelid = to_regclass(%(table)s) AND NOT tgisinternal
          AND (tgname = %(rule)s OR tgname ~ ('^pgtrigger_' || %(rule)s || '_[0-9a-f]{5}$'))
    """,
}


def _verdict(row: Row, said: Said, seconds: float) -> Verdict:
    """Killed when each named test failed. An error (of a fixture, an import) is no failure: the row is broken, unless
    it is of a test that failed by itself, which a fixture looked at after it. So is one that let no test begin."""
    failed = said.named("FAILED")
    if said.named("ERROR") - failed or said.status != ("1" if failed else "0"):
        return Verdict(row, BROKEN, seconds, f"{said.words[-1500:].strip()} ({said.status})")
    kept = [test for test in row.tests if not _among(test, failed)]
    if kept:
        return Verdict(row, SURVIVED, seconds, "passed all the same: " + ", ".join(kept))
    return Verdict(row, KILLED, seconds)


def _among(test: str, names: set[str]) -> bool:
    return any(name == test or name.startswith((test + "[", test + "::")) for name in names)
