"""cosmic-ray's mutants of the modules that decide: made by its operators, run by ours (copies.py)."""

import ast
import hashlib
import pickle
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from cosmic_ray.ast import Visitor, ast_nodes, get_ast
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider

from tests.mutations.rows import ROOT, definitions

MODULES = [
    *("*/policy/*.py", "*/ledger.py", "*/actions.py", "*/actions/*.py", "*/selectors.py", "*/selectors/*.py"),
    *("core/command.py", "core/access.py"),
]
ALL_OF = "licensing/policy/engine.py"  # each of its mutants is in every sample

# The filter: for an operator its neighbors and opposites, not all eleven others (`==` for `is`, `**` for `+`), which
# nobody writes by mistake and any test notices; and no invented variables.
COMPARED = {
    "Eq": ["NotEq"],
    "NotEq": ["Eq"],
    "Lt": ["LtE", "GtE"],
    "LtE": ["Lt", "Gt"],
    "Gt": ["GtE", "LtE"],
    "GtE": ["Gt", "Lt"],
    "Is": ["IsNot"],
    "IsNot": ["Is"],
}
COMPUTED = {
    "Add": ["Sub"],
    "Sub": ["Add"],
    "Mul": ["FloorDiv"],
    "FloorDiv": ["Mul"],
    "Div": ["Mul"],
    "Mod": ["Mul"],
    "Pow": ["Mul"],
    "BitOr": ["BitAnd"],
    "BitAnd": ["BitOr"],
}
NAMES = [
    *(f"ReplaceComparisonOperator_{this}_{other}" for this, others in COMPARED.items() for other in others),
    *(f"ReplaceBinaryOperator_{this}_{other}" for this, others in COMPUTED.items() for other in others),
    *("ReplaceUnaryOperator_Delete_Not", "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak"),
    *("ExceptionReplacer", "NumberReplacer", "RemoveDecorator", "ZeroIterationForLoop"),
]
OPERATORS: dict[str, Operator] = {name: OperatorProvider()[name]() for name in NAMES}


@dataclass(frozen=True)
class Mutant:
    """One module with one thing changed. For a copy it is what a row of the list is."""

    file: str
    operator: str
    line: int
    within: str
    old: str
    new: str
    text: str
    in_database = False

    @property
    def key(self) -> str:
        """Names it as long as the definition that it is in stays as it is."""
        return named(self.file, self.within, definition(self.text, self.within) or f"{self.old}\n{self.new}")

    @property
    def known(self) -> tuple[str, str, str, str]:
        """What names it while the lines above it come and go."""
        return self.file, self.within, self.old, self.new

    def title(self) -> str:
        return f"{self.file}:{self.line} {self.within} {self.operator}"

    def mutated(self, _text: str) -> str:
        return self.text


def sampled(seed: int, size: int) -> list[Mutant]:
    """All of one module and, in an order drawn by the seed, others: as many of them as ran are a sample, too.

    Each once; none that is no Python (a `*` before keyword arguments is no product), or changes annotations only.
    """
    always, others = places(ALL_OF), [place for file in files() if file != ALL_OF for place in drawn(seed, file)]
    others = [place for _, place in sorted(others)]
    found, seen = [], {(file, meaning(Module.of(file).source)) for file in files()}
    for file, name, occurrence, line in [*always, *others]:
        if len(found) >= size and file != ALL_OF:
            break
        text = Module.of(file).changed(OPERATORS[name], occurrence)
        means = file, meaning(text)
        if means[1] and means not in seen and "not not " not in text:  # (that is: `not` taken out)
            seen.add(means)
            source = Module.of(file).source
            found.append(Mutant(file, name, line, inside(source, line), *difference(source, text), text))
    return found


def drawn(seed: int, file: str) -> Iterator[tuple[str, tuple[str, str, int, int]]]:
    """The places of a file, each with its number in the draw: by its own words, so that it stays when others come."""
    lines, met = Module.of(file).source.splitlines(), Counter[str]()
    for _, name, occurrence, line in places(file):
        words = f"{name} {lines[line - 1]}"
        met[words] += 1
        yield named(str(seed), file, words, str(met[words])), (file, name, occurrence, line)


def named(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


def files() -> list[str]:
    found = {path.relative_to(ROOT).as_posix() for name in MODULES for path in ROOT.glob(name)}
    return sorted(file for file in found if not file.startswith("tests/"))


def places(file: str) -> list[tuple[str, str, int, int]]:
    """Where each operator has something to change: file, operator, which of its places there, line."""
    nodes = list(ast_nodes(Module.of(file).tree()))
    return [
        (file, name, occurrence, line)
        for name, operator in OPERATORS.items()
        for occurrence, line in enumerate(line for node in nodes for (line, _), _ in operator.mutation_positions(node))
    ]


class Module:
    """A module's text and, as a parse takes longer, its tree as bytes."""

    def __init__(self, file: str) -> None:
        self.source = (ROOT / file).read_text(encoding="utf-8")
        self.pickled = pickle.dumps(get_ast(self.source))

    @staticmethod
    @cache
    def of(file: str) -> "Module":
        return Module(file)

    def tree(self) -> Any:
        return pickle.loads(self.pickled)

    def changed(self, operator: Operator, occurrence: int) -> str:
        return OneChange(operator, occurrence).walk(self.tree()).get_code()


class OneChange(Visitor):
    """cosmic-ray's own visitor comes with its plugins and their packages."""

    def __init__(self, operator: Operator, occurrence: int) -> None:
        self.operator, self.left = operator, occurrence

    def visit(self, node):
        for index, _ in enumerate(self.operator.mutation_positions(node)):
            self.left -= 1
            if self.left == -1:
                return self.operator.mutate(node, index)
        return node


def meaning(text: str) -> str:
    """What it says without its annotations; nothing when it is no Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return ""
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if getattr(node, name, None):
                setattr(node, name, ast.Constant(0))
    return ast.dump(tree)


def inside(source: str, line: int) -> str:
    """The innermost function or class around the line, its decorators included."""
    around = [name for name, first, last in spans(source) if first <= line <= last]
    return max(around, key=lambda name: name.count("."), default="")


def definition(source: str, name: str) -> str:
    """The text of the function or class of this name; nothing of what stands in none."""
    lines = source.splitlines()
    return next(("\n".join(lines[first - 1 : last]) for found, first, last in spans(source) if found == name), "")


@cache
def spans(source: str) -> list[tuple[str, int, int]]:
    return [
        (name, min([node.lineno, *(mark.lineno for mark in node.decorator_list)]), node.end_lineno or 0)
        for name, node in definitions(ast.parse(source))
    ]


def difference(source: str, text: str) -> tuple[str, str]:
    """The lines that were and those that stand there now."""
    old, new = source.splitlines(), text.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return "\n".join(old).strip(), "\n".join(new).strip()
