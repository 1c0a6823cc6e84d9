"""The list: one row for each rule that could be taken out, and the tests that must notice.

A folder an app, a TOML file a module. `file` and `tests` at the top of a file hold for its rows that have none.

    file = "exporters/actions/__init__.py"

    [[row]]
    guards = ["code:stale"]                                # what the row accounts for: see guards.py
    old = '''if party.version != version:'''               # stands exactly once in the file
    new = '''if False:'''
    within = "change_party"                                # where it stands several times: once in this (or Class.name)
    tests = ["tests/exporters/test_actions.py::test_x"]    # each of them must fail

Rules that live in the database are taken out of a clone of the test database:

    [[row]]
    drop = "constraint:exporters_party.party_ref_once"     # or trigger:table.name; accounts for itself

    [[row]]
    function = "ledger_take"                               # old stands exactly once in the function as it is stored
    old = '''...'''
    new = '''...'''

    [[row]]
    sql = "GRANT UPDATE ON core_historyline TO PUBLIC"     # anything else
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
LIST = Path(__file__).resolve().parent
KEYS = {"file", "within", "guards", "old", "new", "tests", "drop", "function", "sql"}


class BadRow(Exception):
    """A row that says nothing sensible, or that no longer fits what it mutates."""


@dataclass(frozen=True)
class Row:
    """One mutation. `where` names it: list, number in the list."""

    where: str
    tests: tuple[str, ...]
    guards: tuple[str, ...]
    file: str = ""
    within: str = ""
    old: str = ""
    new: str = ""
    drop: str = ""
    function: str = ""
    sql: str = ""

    @property
    def in_database(self) -> bool:
        return bool(self.drop or self.function or self.sql)

    def title(self) -> str:
        what = self.drop or self.function or self.sql or self.file
        return f"{self.where} {what}: {' '.join(self.guards)}"

    def mutated(self, text: str) -> str:
        """The text with `new` in the place of `old`. Raises BadRow unless that is one place."""
        begins, ends = self._part(text)
        found = text.count(self.old, begins, ends)
        if found != 1:
            place = f"{self.function or self.file} {self.within}".strip()
            raise BadRow(f"{self.where}: `old` stands {found} times in {place}:\n{self.old}")
        return text[:begins] + text[begins:ends].replace(self.old, self.new) + text[ends:]

    def _part(self, text: str) -> tuple[int, int]:
        """Where `within` begins and ends, its decorators included; the whole text when there is none."""
        if not self.within:
            return 0, len(text)
        found = [node for name, node in definitions(parsed(text)) if f".{name}".endswith(f".{self.within}")]
        if len(found) != 1:
            raise BadRow(f"{self.where}: {self.file} has {len(found)} of {self.within}")
        lines, node = text.splitlines(keepends=True), found[0]
        first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
        return len("".join(lines[: first - 1])), len("".join(lines[: node.end_lineno]))

    def matches(self, pattern: str) -> bool:
        return any(re.search(pattern, text) for text in (self.where, self.file, self.function, self.drop, *self.guards))


@lru_cache(maxsize=64)
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


def definitions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """Each function and class below, by its name from there: `change_party`, `Transport.__call__`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield prefix + node.name, node
            yield from definitions(node, f"{prefix}{node.name}.")


def read(folder: Path = LIST) -> list[Row]:
    """Every row of every list below the folder. Raises BadRow naming the first that is not well-formed."""
    return [row for path in sorted(folder.rglob("*.toml")) for row in read_list(path, folder)]


def read_list(path: Path, folder: Path = LIST) -> list[Row]:
    name = path.relative_to(folder).with_suffix("").as_posix()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadRow(f"{name}: {error}") from error
    if set(content) - {"row", "file", "tests"}:
        raise BadRow(f"{name}: there is no {', '.join(sorted(set(content) - {'row', 'file', 'tests'}))} here")
    given = {key: content[key] for key in ("file", "tests") if key in content}
    return [_row(f"{name}#{number}", given, raw) for number, raw in enumerate(content.get("row", []), 1)]


def _row(where: str, given: dict[str, Any], raw: dict[str, Any]) -> Row:
    ways = [way for way in ("drop", "function", "sql") if raw.get(way)]
    merged = given | raw
    tests, guards = merged.pop("tests", []), merged.pop("guards", [raw["drop"]] if "drop" in raw else [])
    if set(raw) - KEYS:
        raise BadRow(f"{where}: unknown {', '.join(sorted(set(raw) - KEYS))}")
    if len(ways) > 1 or not (ways or merged.get("file")):
        raise BadRow(f"{where}: name one of file, drop, function and sql")
    if not tests or not guards:
        raise BadRow(f"{where}: name its tests and its guards")
    if ways in ([], ["function"]) and (not merged.get("old") or merged["old"] == merged.get("new")):
        raise BadRow(f"{where}: `old` is empty, or the same as `new`")
    return Row(where, tuple(tests), tuple(guards), **merged)


def misfits(rows: list[Row], root: Path = ROOT) -> list[str]:
    """What is wrong with the rows that mutate a file of this tree, and with the tests they name."""
    wrong = []
    texts: dict[str, str] = {}

    def text(path: str) -> str:
        if path not in texts:
            texts[path] = (root / path).read_text(encoding="utf-8")
        return texts[path]

    for row in rows:
        for test in row.tests:
            path, _, name = test.partition("::")
            if not (root / path).is_file() or f"def {name.split('[')[0]}(" not in text(path):
                wrong.append(f"{row.where}: there is no test {test}")
        if row.in_database:
            continue
        try:
            row.mutated(text(row.file))
        except (BadRow, OSError) as error:
            wrong.append(str(error))
    return wrong
