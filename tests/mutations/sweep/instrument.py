"""Rewrites a module so that each place of its function bodies can be changed while it runs (active.py).

Left alone: what runs at import, docstrings, annotations, decorators, defaults, f-strings, patterns, what is raised,
what is translated or logged.
"""

import ast
import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from tests.mutations.rows import ROOT

APPS = ("core", "exporters", "licensing", "shipments")
MODULE = "tests.mutations.sweep.active"
SIGNS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
OTHERS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    sign: next(other for other, (text, _) in SIGNS.items() if text == pair[1]) for sign, pair in SIGNS.items()
}
BOUNDARIES = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
NARROWING = {"filter", "exclude", "distinct", "order_by", "select_for_update"}
QUERIES = NARROWING | {
    *("get", "update", "create", "values", "values_list", "annotate", "aggregate", "Q", "get_queryset", "bulk_create"),
    *("get_or_create", "update_or_create", "select_related", "prefetch_related"),
}
TRANSLATORS = {"_", *("gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext")}
AROUND = 40  # letters
LOGGERS = {"log", "logger", "logging"}
STORED = (ast.Attribute, ast.Subscript)
LEFT_ALONE = (ast.Raise, ast.Assert, ast.JoinedStr, ast.Delete, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Place:
    id: int
    file: str
    line: int
    within: str
    kind: str
    old: str
    new: str

    def title(self) -> str:
        return f"{self.file}:{self.line} {self.within} {self.kind}\n- {self.old}\n+ {self.new}"


def files() -> list[str]:
    found = (path.relative_to(ROOT) for app in APPS for path in (ROOT / app).rglob("*.py"))
    return sorted(path.as_posix() for path in found if "migrations" not in path.parts)


def everything() -> tuple[list[Place], dict[str, str]]:
    """Every place, numbered from 1, and the text of each file that asks for its places."""
    places: list[Place] = []
    texts = {file: instrumented(file, (ROOT / file).read_text(encoding="utf-8"), places) for file in files()}
    return places, texts


def instrumented(file: str, text: str, places: list[Place]) -> str:
    tree = ast.parse(text)
    known = len(places)
    Instrument(file, places).visit(tree)
    if len(places) == known:
        return text
    first = next((at for at, node in enumerate(tree.body) if not _opening(node)), len(tree.body))
    tree.body[first:first] = ast.parse(f"from {MODULE.rpartition('.')[0]} import active as _sweep").body
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _opening(node: ast.stmt) -> bool:
    """A docstring, or an import from the future: what must stay first."""
    return _docstring(node) or isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def call(name: str, *values: ast.expr | int | bool | str) -> ast.Call:
    given = [value if isinstance(value, ast.expr) else ast.Constant(value) for value in values]
    return ast.Call(ast.Attribute(ast.Name("_sweep", ast.Load()), name, ast.Load()), given, [])


@dataclass
class Instrument(ast.NodeTransformer):
    """inside: of a function's body. whole: nodes that are all of a condition. truth: nodes whose truth alone counts.
    fixed: displays that are taken apart by position, so that each shorter one is noticed."""

    file: str
    places: list[Place]
    names: list[str] = field(default_factory=list)
    inside: bool = False
    whole: set[int] = field(default_factory=set)
    truth: set[int] = field(default_factory=set)
    fixed: set[int] = field(default_factory=set)

    def place(self, node: ast.AST, kind: str, old: ast.AST | str, new: ast.AST | str) -> int:
        was, becomes = _close(*(text if isinstance(text, str) else ast.unparse(text) for text in (old, new)))
        within, line = ".".join(self.names), getattr(node, "lineno", 0)
        self.places.append(Place(len(self.places) + 1, self.file, line, within, kind, was, becomes))
        return len(self.places)

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, LEFT_ALONE):
            return node
        if self.inside or isinstance(node, ast.ClassDef | ast.FunctionDef | ast.Lambda):
            return super().visit(node)
        return self.generic_visit(node)  # what runs at import may hold a function

    # --- bodies -----------------------------------------------------------------------------------------------
    def within(self, name: str, inside: bool, nodes: Sequence[ast.AST]) -> list[Any]:
        before, self.inside = self.inside, inside
        self.names.append(name)
        made = [self.visit(node) for node in nodes]
        self.names.pop()
        self.inside = before
        return made

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = self.within(node.name, False, node.body)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.body = self.within(node.name, True, node.body)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        (node.body,) = self.within("lambda", True, [node.body])
        return node

    # --- conditions -------------------------------------------------------------------------------------------
    def condition(self, test: ast.expr, kind: str, shown: str = "") -> ast.expr:
        if isinstance(test, ast.Constant) or isinstance(test, ast.Name) and test.id == "TYPE_CHECKING":
            return test
        self.whole.add(id(test))
        self.truth.add(id(test))
        old = (shown or kind + " {}").format(ast.unparse(test))
        always, never = (
            self.place(test, f"{kind} {word}", old, (shown or kind + " {}").format(value))
            for word, value in (("always", "True"), ("never", "False"))
        )
        return call("condition", always, never, self.visit(test))

    def visit_If(self, node: ast.If | ast.While) -> ast.AST:
        test, node.test = node.test, ast.Constant(True)
        self.generic_visit(node)
        node.test = self.condition(test, "if" if isinstance(node, ast.If) else "while")
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        return self.visit_If(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        shown = f"{_braced(node.body)} if {{}} else {_braced(node.orelse)}"
        node.test = self.condition(node.test, "ternary", shown)
        node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.iter, node.ifs = self.visit(node.iter), [self.condition(test, "comprehension if") for test in node.ifs]
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        node.guard = node.guard and self.condition(node.guard, "case if")
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if not isinstance(node.op, ast.Not):
            return self.generic_visit(node)
        self.truth.add(id(node.operand))
        number = 0 if id(node) in self.whole else self.place(node, "not dropped", node, node.operand)
        self.generic_visit(node)
        return call("negated", number, node.operand) if number else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        numbers = {}
        for at, sign in enumerate(node.ops):
            if id(node) not in self.whole or isinstance(sign, BOUNDARIES):
                numbers[at] = self.place(node, "comparison", node, _compared(node, at))
        self.generic_visit(node)
        if len(node.ops) == 1 and numbers:
            return call("compared", numbers[0], *SIGNS[type(node.ops[0])], node.left, node.comparators[0])
        made: ast.expr = node
        for at, number in numbers.items():
            made = ast.IfExp(call("on", number), _compared(node, at), made)
        return made

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        word = "and" if isinstance(node.op, ast.And) else "or"
        truth, last = id(node) in self.truth, len(node.values) - 1
        if truth:
            self.truth.update(id(value) for value in node.values)
        numbers = [self.place(node, f"{word} operand", node, _without(node, at)) for at in range(last + 1)]
        self.generic_visit(node)
        shorter = copy.deepcopy(_without(node, last))
        for at, number in enumerate(numbers):
            if at < last or truth:
                node.values[at] = call("operand", number, word == "and", node.values[at])
        return node if truth else ast.IfExp(call("on", numbers[last]), shorter, node)

    # --- statements -------------------------------------------------------------------------------------------
    def skipped(self, node: ast.stmt, kind: str, wanted: bool) -> ast.stmt:
        number = self.place(node, kind, node, "pass") if wanted else 0
        self.generic_visit(node)
        return ast.If(call("off", number), [node], []) if wanted else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        wanted = isinstance(node.value, ast.Call) and not _quiet(node.value)
        return self.skipped(node, "call skipped", wanted)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        return self.skipped(node, "augmented assignment skipped", True)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        leaves = [leaf for target in node.targets for leaf in (target.elts if _tuple(target) else [target])]
        if any(_tuple(target) for target in node.targets):
            self.fixed.add(id(node.value))
        return self.skipped(node, "assignment skipped", all(isinstance(leaf, STORED) for leaf in leaves))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        wanted = node.value is not None and isinstance(node.target, STORED)
        number = self.place(node, "assignment skipped", node, "pass") if wanted else 0
        node.value = node.value and self.visit(node.value)
        return ast.If(call("off", number), [node], []) if wanted else node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, bool):
            number = self.place(node, "return flipped", node, f"return {not node.value.value}")
            node.value = call("flipped", number, node.value)
            return node
        self.fixed.add(id(node.value))
        return self.generic_visit(node)

    # --- values -----------------------------------------------------------------------------------------------
    def visit_Call(self, node: ast.Call) -> ast.AST:
        if _quiet(node):
            return node
        name, asked = _name(node.func), _name(node.func) in QUERIES
        count, numbers = len(node.args) + len(node.keywords), dict[int, int]()
        several = isinstance(node.func, ast.Attribute) and name in NARROWING | {"Q"} and count > 1
        for at, given in enumerate([*node.args, *node.keywords]):
            if asked and (several if isinstance(given, ast.expr) else given.arg) and not isinstance(given, ast.Starred):
                numbers[at] = self.place(given, "argument dropped", node, _called_without(node, at))
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        narrows = 0
        if receiver and name in NARROWING:
            narrows = self.place(node, f"{name} dropped", node, receiver)
        self.generic_visit(node)
        if narrows and isinstance(node.func, ast.Attribute):
            node.func = call("method", narrows, node.func.value, name)
        for at, number in numbers.items():
            if at < len(node.args):
                node.args[at] = ast.Starred(call("element", number, node.args[at]), ast.Load())
            else:
                word = node.keywords[at - len(node.args)]
                pair = ast.Dict([ast.Constant(word.arg)], [word.value])
                word.arg, word.value = None, call("pair", number, pair)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if type(node.value) is not int:
            return node
        return call("number", self.place(node, "integer", node, str(node.value + 1)), node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.fixed.add(id(node.slice))
        if (
            not isinstance(node.ctx, ast.Load)
            or isinstance(node.value, ast.Call)
            and _name(node.value.func) == "fetchone"
        ):
            node.value = self.visit(node.value)
            return node
        return self.generic_visit(node)

    def visit_Slice(self, node: ast.Slice) -> ast.AST:
        node.lower, node.upper = node.lower and self.visit(node.lower), node.upper and self.visit(node.upper)
        return node

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        self.fixed.add(id(node.value))
        return self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> ast.AST:
        self.fixed.add(id(node.elt))
        return self.generic_visit(node)

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        return self.visit_ListComp(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return self.visit_ListComp(node)

    def visit_Tuple(self, node: ast.Tuple | ast.List | ast.Set) -> ast.AST:
        loaded = isinstance(node, ast.Set) or isinstance(node.ctx, ast.Load)
        numbers = {}
        if loaded and len(node.elts) > 1 and id(node) not in self.fixed:
            for at, element in enumerate(node.elts):
                if not isinstance(element, ast.Starred):
                    numbers[at] = self.place(element, "element dropped", node, _shorter(node, at))
        self.generic_visit(node)
        for at, number in numbers.items():
            node.elts[at] = ast.Starred(call("element", number, node.elts[at]), ast.Load())
        return node

    def visit_List(self, node: ast.List) -> ast.AST:
        return self.visit_Tuple(node)

    def visit_Set(self, node: ast.Set) -> ast.AST:
        return self.visit_Tuple(node)

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        numbers = {}
        for at, key in enumerate(node.keys if len(node.keys) > 1 else []):
            if key is not None:
                numbers[at] = self.place(key, "pair dropped", node, _dict_without(node, at))
        self.generic_visit(node)
        for at, number in numbers.items():
            node.values[at] = call("pair", number, ast.Dict([node.keys[at]], [node.values[at]]))
            node.keys[at] = None
        return node


def _close(old: str, new: str) -> tuple[str, str]:
    """Of long texts what differs, with some words around it."""
    if max(len(old), len(new)) <= AROUND * 4:
        return old, new
    begins = len(os.path.commonprefix([old, new]))
    ends = min(len(os.path.commonprefix([old[::-1], new[::-1]])), min(len(old), len(new)) - begins)
    first, last = max(0, begins - AROUND), max(0, ends - AROUND)
    return old[first : len(old) - last], new[first : len(new) - last]


def _braced(node: ast.expr) -> str:
    return ast.unparse(node).replace("{", "{{").replace("}", "}}")


def _tuple(node: ast.expr) -> TypeGuard[ast.Tuple | ast.List]:
    return isinstance(node, ast.Tuple | ast.List)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _quiet(node: ast.Call) -> bool:
    """A call that translates or logs."""
    logs = isinstance(node.func, ast.Attribute) and _name(node.func.value) in LOGGERS
    return logs or _name(node.func) in TRANSLATORS


def _compared(node: ast.Compare, at: int) -> ast.Compare:
    made = copy.deepcopy(node)
    made.ops[at] = OTHERS[type(node.ops[at])]()
    return made


def _without(node: ast.BoolOp, at: int) -> ast.expr:
    rest = [value for number, value in enumerate(node.values) if number != at]
    return rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _shorter(node: ast.Tuple | ast.List | ast.Set, at: int) -> ast.AST:
    made = copy.deepcopy(node)
    del made.elts[at]
    return made


def _dict_without(node: ast.Dict, at: int) -> ast.AST:
    made = copy.deepcopy(node)
    del made.keys[at], made.values[at]
    return made


def _called_without(node: ast.Call, at: int) -> ast.AST:
    made = copy.deepcopy(node)
    if at < len(made.args):
        del made.args[at]
    else:
        del made.keywords[at - len(made.args)]
    return made
