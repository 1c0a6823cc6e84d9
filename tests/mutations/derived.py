"""Rows that are the same for every verb, made from the code: where it may start, who may, lock, whose row, what was
seen, mail.

A guard that a list names has its row there; what follows from a declaration alone needs none.
"""

import ast
import inspect
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.mutations.rows import ROOT, Row

GRAPH = "tests/core/test_graphs.py::test_the_graph_is_the_workflow_table[{noun}]"
WHO = "tests/core/test_graphs.py::test_each_move_is_open_to_whom_the_workflow_tables_say[{noun}]"
CLASSES = "tests/core/test_who.py::test_every_row_of_the_access_table_is_in_one_class_and_opens_to_just_these"
TAKES = "tests/core/test_locks.py::test_each_verb_takes_its_rows_first_and_then_reads_the_clock"
SCOPE = "tests/core/test_locks.py::test_each_verb_finds_only_the_rows_of_whom_it_is_done_by"
SEEN = "tests/core/test_locks.py::test_each_verb_that_decides_refuses_an_old_page"
TOLD = "tests/core/test_deliveries.py::test_everybody_who_prepares_or_signs_is_told_of_each_step_and_viewers_are_not"


def rows(named: set[str]) -> list[Row]:
    """A row for each such guard that no list names."""
    made = (*_access(), *_moves(), *_verbs(), *_mails())
    return [row for row in made if not set(row.guards) & named]


def _row(guard: str, file: str, within: str, old: str, new: str, test: str) -> Row:
    return Row(f"derived {guard}", (test,), (guard,), file=file, within=within, old=old, new=new)


def _access() -> Iterator[Row]:
    """Of each class of people: its first address, closed to the last of its roles, or to its keys."""
    file = "core/access.csv"
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    for name, who in tomllib.loads((ROOT / "tests" / "who.toml").read_text(encoding="utf-8")).items():
        first = f"{who.get('post', '')} {who.get('get', '')}".split()[0]
        line = next(line for line in lines if line.startswith(f"{first},"))
        name_, methods, scopes, *rest = line.split(",")
        if "Y" in rest:
            rest[len(rest) - 1 - rest[::-1].index("Y")] = ""
        else:
            scopes = ""
        closed = ",".join((name_, methods, scopes, *rest))
        yield _row(f"access:{name}", file, "", line, closed, CLASSES)


def _moves() -> Iterator[Row]:
    from django.apps import apps

    from tests.mutations import guards

    for model in apps.get_models():
        if model._meta.app_label not in guards.APPS or not guards.has_graph(model):
            continue
        path, text = _source(model)
        noun = model._meta.model_name
        for method in _body(text, model.__name__):
            mark = next((m for m in method.decorator_list if guards.name_of(m) == "transition"), None)
            if mark is None:
                continue
            given = {word.arg: word.value for word in mark.keywords}
            verb = _verb_of(given, method.name)
            within = f"{model.__name__}.{method.name}"
            source, may = (_keyword(text, given[name], name) for name in ("source", "permission"))
            yield _row(f"transition:{noun}.{verb}", path, within, source, 'source="*"', GRAPH.format(noun=noun))
            open_to_all = "a_consequence" in may
            anybody = f"permission=lambda row, actor: {not open_to_all}"
            yield _row(f"who:{noun}.{verb}", path, within, may, anybody, WHO.format(noun=noun))


def _verb_of(given: dict[str | None, ast.expr], name: str) -> str:
    """The verb's name in the workflow tables, as core.graphs.verb_name reads it."""
    custom = given["custom"]
    assert isinstance(custom, ast.Dict)
    said = dict(zip(map(ast.unparse, (key for key in custom.keys if key)), custom.values, strict=True))
    verb = said.get("'verb'")
    return str(verb.value) if isinstance(verb, ast.Constant) else name


def _verbs() -> Iterator[Row]:
    from tests.mutations import guards

    scopes = guards.scopes()
    for name, node in guards.functions():
        if not guards.is_verb(name):
            continue
        module, verb = name.rpartition(".")[0], name.replace(".actions", "")
        path = _path(module)
        text = (ROOT / path).read_text(encoding="utf-8")
        for call in (n for n in ast.walk(node) if isinstance(n, ast.Call) and guards.name_of(n) == "lock"):
            old = ast.get_source_segment(text, call) or ""
            rows_ = ast.get_source_segment(text, call.args[0])
            words = ", ".join(ast.get_source_segment(text, word) or "" for word in call.keywords)
            yield _row(f"lock:{verb}", path, node.name, old, f"{rows_}.get({words})", TAKES)
        scope = guards.scope_of(node)
        if scope and not guards.name_of(scope).startswith("lock") and f"scope:{verb}" in scopes:
            rows_ = ast.get_source_segment(text, scope) or ""
            yield _row(f"scope:{verb}", path, node.name, f"({rows_}", f"({rows_}.model._default_manager.all()", SCOPE)
        if "seen" in {argument.arg for argument in node.args.kwonlyargs}:
            old = "seen=seen" if "seen=seen" in (ast.get_source_segment(text, node) or "") else "require_seen("
            new = "" if old == "seen=seen" else "(lambda *_: None)("
            yield _row(f"seen:{verb}", path, node.name, old, new, SEEN)


def _mails() -> Iterator[Row]:
    from core.web import steps
    from tests.core.test_deliveries import ELSEWHERE

    for noun, table in steps._steps.items():
        for verb, step in table.items():
            if step.mail and f"{noun}.{verb}" not in ELSEWHERE:  # a list names the tests of these
                path = f"{step.app}/web/steps.py"
                text = (ROOT / path).read_text(encoding="utf-8")
                call = _step(text, noun, verb)
                old = ast.get_source_segment(text, call) or ""
                mail = next(word for word in call.keywords if word.arg == "mail")
                new = old.replace(ast.get_source_segment(text, mail) or "", 'mail=""')
                yield _row(f"mail:{noun}.{verb}", path, "", old, new, TOLD)


def _step(text: str, noun: str, verb: str) -> ast.Call:
    for call in ast.walk(ast.parse(text)):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "register" and call.args[1].value == noun:
            for step in call.args[2].elts:
                if step.args[0].value == verb:
                    return step
    raise LookupError(f"{noun}.{verb} is in no STEPS table")


def _source(model: Any) -> tuple[str, str]:
    path = Path(inspect.getsourcefile(model) or "").resolve().relative_to(ROOT).as_posix()
    return path, (ROOT / path).read_text(encoding="utf-8")


def _body(text: str, name: str) -> list[ast.FunctionDef]:
    found = next(n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ClassDef) and n.name == name)
    return [node for node in found.body if isinstance(node, ast.FunctionDef)]


def _keyword(text: str, value: ast.expr, name: str) -> str:
    return f"{name}={ast.get_source_segment(text, value)}"


def _path(module: str) -> str:
    path = module.replace(".", "/")
    return f"{path}.py" if (ROOT / f"{path}.py").is_file() else f"{path}/__init__.py"
