"""The walk: every guard that the product has, found where it stands, so that none is without a row.

code:four-eyes                    a refusal code
transition:application.approve    a move of a graph
constraint:table.name             a CHECK, UNIQUE or EXCLUDE of the database
trigger:table.name                a trigger of the database
right:table                       a table that the application's role may not change
door:end_answers()                a function that it may call, which has its owner's rights
access:class                      a class of rows of the access table (tests/who.toml)
mail:exporter.verify              somebody is told
lock:exporters.verify             a verb, or a function of the database, that locks a row
scope:exporters.verify            a verb that takes a row of those that its actor sees
seen:exporters.verify             a verb that decides only on what was seen
day:shipments.reservations.X      a limit of time: a constant, or a function that compares instants or days
"""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection

from tests.mutations.rows import ROOT

APPS = ("core", "exporters", "licensing", "shipments")


def every() -> set[str]:
    """All of them, by name. Needs the test database."""
    return (
        codes()
        | access()
        | transitions()
        | constraints()
        | triggers()
        | rights()
        | doors()
        | mails()
        | locks()
        | scopes()
        | seen()
        | days()
    )


@cache
def modules() -> dict[str, ast.Module]:
    """Our code, parsed, by dotted name."""
    found = {}
    for app in (*APPS, "config"):
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts and "local" not in path.parts:
                found[dotted(path)] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def forget() -> None:
    """The code is read again next time."""
    for read in (modules, functions, verbs):
        read.cache_clear()


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def codes() -> set[str]:
    """The registry's; that each code which is raised stands there is tests/core/test_codes.py."""
    from core.codes import table

    return {f"code:{code.code}" for code in table()}


def name_of(node: ast.AST) -> str:
    """The last word of what is called or named: `b` of `a.b`."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def access() -> set[str]:
    """The classes; that each row of the table is in one is tests/core/test_who.py."""
    return {f"access:{name}" for name in tomllib.loads((ROOT / "tests" / "who.toml").read_text(encoding="utf-8"))}


def transitions() -> set[str]:
    from core.graphs import graph

    moving = [model for model in apps.get_models() if model._meta.app_label in APPS and has_graph(model)]
    moves = {f"{model._meta.model_name}.{move.verb}" for model in moving for move in graph(model)}
    return {f"{kind}:{move}" for move in moves for kind in ("transition", "who")}


def has_graph(model: Any) -> bool:
    return any(hasattr(field, "get_all_transitions") for field in model._meta.get_fields())


def rows_of(sql: str) -> set[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [f"^({'|'.join(APPS)})_"])
        return set(cursor.fetchall())


def constraints() -> set[str]:
    """Those of partitions are their parents'; a UNIQUE with a condition is an index only."""
    found = rows_of("""
        SELECT t.relname, c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
        WHERE c.contype IN ('c', 'u', 'x') AND c.conparentid = 0 AND NOT t.relispartition AND t.relname ~ %s
    """) | rows_of("""
        SELECT t.relname, x.relname FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
        JOIN pg_class x ON x.oid = i.indexrelid
        WHERE i.indisunique AND NOT t.relispartition AND t.relname ~ %s
          AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
    """)
    return {f"constraint:{table}.{name}" for table, name in found}


PGTRIGGER = re.compile(r"^pgtrigger_(?=.*_[0-9a-f]{5}$)|(?<=.)_[0-9a-f]{5}$")


def triggers() -> set[str]:
    found = rows_of("""
        SELECT t.relname, g.tgname FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
        WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND t.relname ~ %s
    """)
    return {f"trigger:{table}.{PGTRIGGER.sub('', name)}" for table, name in found}


def rights() -> set[str]:
    from core.guards import narrowed

    return {f"right:{table}" for table in narrowed()}


def doors() -> set[str]:
    """The registry's; that each function of the catalog stands there is tests/core/test_grants.py."""
    from core.guards import doors

    return {f"door:{signature}" for signature in doors()}


def mails() -> set[str]:
    from core import deliveries

    return {f"mail:{kind}.{verb}" for kind, verb in deliveries._writers}


@cache
def functions() -> tuple[tuple[str, ast.FunctionDef], ...]:
    """(dotted name, node) of each function of the apps."""
    return tuple(
        (f"{module}.{node.name}", node)
        for module, tree in modules().items()
        if module.split(".")[0] in APPS
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    )


def locks() -> set[str]:
    """The commands that lock a row, themselves or in what they call (by name), and the database's functions."""
    calls = {name: {name_of(n) for n in ast.walk(node) if isinstance(n, ast.Call)} for name, node in functions()}
    locking, words = set(), {"select_for_update"}
    while more := {name for name, called in calls.items() if called & words} - locking:
        locking |= more
        words |= {name.rpartition(".")[2] for name in more if not is_verb(name)}
    verbs = {f"lock:{name.replace('.actions', '')}" for name in locking if is_verb(name)}
    sql = "SELECT proname, '' FROM pg_proc WHERE prosrc ~* 'for (no key )?update' AND proname !~ %s"
    return verbs | {f"lock:{name}" for name, _ in rows_of(sql)}


def scopes() -> set[str]:
    """The commands of one row that is looked for among those of their actor. Every administrator sees all officers."""
    named = {name for name, node in functions() if is_verb(name) and node.args.args and scope_of(node)}
    return {f"scope:{name.replace('.actions', '')}" for name in named if not name.startswith("core.actions.officers.")}


def scope_of(verb: ast.FunctionDef) -> ast.Call | None:
    """What gives the rows: `licenses_for(by)` of `lock(licenses_for(by), ref=ref)`, or a way of its own to take one,
    `lock_with_exporter(ref, by)`."""
    for call in ast.walk(verb):
        if isinstance(call, ast.Call) and name_of(call).startswith(("lock", "_lock")) and call.args:
            rows = call.args[0] if isinstance(call.args[0], ast.Call) else call
            if "by" in {name_of(given) for given in rows.args}:
                return rows
    return None


def seen() -> set[str]:
    """The commands that ask which version of the row their caller saw."""
    asking = {name for name, node in functions() if "seen" in {argument.arg for argument in node.args.kwonlyargs}}
    return {f"seen:{name.replace('.actions', '')}" for name in asking & verbs()}


@cache
def verbs() -> set[str]:
    marks = {"command", "command_of_one_statement"}
    return {name for name, node in functions() if marks & {name_of(mark) for mark in node.decorator_list}}


def is_verb(name: str) -> bool:
    return name in verbs()


LIMIT = re.compile(r"(^|_)(DAYS|HOURS|MINUTES|SECONDS|MONTHS)(_|$)")
MOMENT = re.compile(r"(_on|_at|_until|_from|^today|^moment|^at|^now|_today|_now|_day)$")


def days() -> set[str]:
    """Constants whose name says a length of time; functions that compare days or instants, or add a fixed span."""
    found = {name for name, node in functions() if any(timed(part) for part in ast.walk(node))}
    for module, tree in modules().items():
        for node in tree.body:
            if isinstance(node, ast.Assign) and any(LIMIT.search(name_of(target)) for target in node.targets):
                found.add(f"{module}.{name_of(node.targets[0])}")
    judging = {name for name in found if name.split(".")[0] in APPS and "templatetags" not in name}
    return {f"day:{name.replace('.actions', '')}" for name in judging}


def timed(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare) and any(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in node.ops):
        return any(MOMENT.search(name_of(side)) for side in (node.left, *node.comparators))
    if isinstance(node, ast.keyword):
        return bool(re.search(r"(_on|_at|_until|_from)__(lt|lte|gt|gte)$", node.arg or ""))
    return False
