"""Each refusal's code is defined once, and each that is defined is raised somewhere."""

import ast
import re
from pathlib import Path

import pytest
from django.utils.translation import override

from core import codes
from core.errors import DomainError, Invalid, Problem, Unreadable

ROOT = Path(__file__).parent.parent.parent
APPS = ("config", "core", "exporters", "licensing", "shipments")
CODE = re.compile(r"[a-z]+(-[a-z]+)*")
REFUSALS = {"DomainError", "Unreadable", "NotSignedIn", "Forbidden", "FourEyes", "WrongState", "Invalid"}
SECOND = {"Problem", "ErrorDetail", "ValidationError", "ReferenceField", "problem"}  # the code is the second argument
FIRST = {"BadQuantity"}


def sources():
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts and path.name != "codes.py":
                yield path, ast.parse(path.read_text(encoding="utf-8"))


def texts(node):
    """The constant texts that an argument may be."""
    return {leaf.value for leaf in ast.walk(node) if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)}


def raised_by(call):
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name in REFUSALS:
        yield from (k.value for k in call.keywords if k.arg == "code")
    if name in SECOND and len(call.args) > 1:
        yield call.args[1]
    if name in FIRST and call.args:
        yield call.args[0]


def raised():
    """Code → where it is raised: in calls, in the default codes of the refusals' classes, in the ledger's guards."""
    found = {}
    for path, tree in sources():
        for node in ast.walk(tree):
            nodes = []
            if isinstance(node, ast.Call):
                nodes = [arg for arg in raised_by(node) if isinstance(arg, ast.Constant | ast.IfExp)]
            elif isinstance(node, ast.ClassDef) and node.name in REFUSALS | {"NotFound"}:
                nodes = [item.value for item in node.body if isinstance(item, ast.Assign)]
            elif isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                nodes = [v for k, v in pairs if getattr(k, "value", "") == "code" and isinstance(v, ast.Constant)]
            for text in {text for value in nodes for text in texts(value)}:
                if text:
                    found.setdefault(text, f"{path.relative_to(ROOT)}:{node.lineno}")
    for path in sorted(ROOT.glob("*/sql/*.sql")):
        for text in re.findall(r"'code', '([a-z-]+)'", path.read_text(encoding="utf-8")):
            found.setdefault(text, str(path.relative_to(ROOT)))
    return found


@pytest.mark.slow
def test_every_code_that_is_raised_is_defined():
    defined = {code.code for code in codes.table()}
    assert {code: where for code, where in raised().items() if code not in defined} == {}


@pytest.mark.slow
def test_every_code_that_is_defined_is_raised():
    written = set(raised())
    for _path, tree in sources():  # codes that travel through a variable stand somewhere as a text of their own
        written |= {text for text in texts(tree) if CODE.fullmatch(text)}
    assert {code.code for code in codes.table()} - written == set()


@pytest.mark.slow
def test_no_refusal_repeats_its_status():
    repeated = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in REFUSALS
        and any(keyword.arg == "status" for keyword in node.keywords)
    ]
    assert repeated == []


def test_each_code_says_cause_and_fix_in_both_languages():
    def words():
        return {code.code: [str(code.cause), str(code.fix), str(codes.TITLES[code.status])] for code in codes.table()}

    with override("en"):
        english = words()
    with override("zh-hans"):
        chinese = words()
    assert [code for code in english if not CODE.fullmatch(code) or not all(english[code])] == []
    han = re.compile("[\u4e00-\u9fff]")
    assert [code for code, said in chinese.items() if not all(han.search(text) for text in said)] == []


def test_a_refusal_has_the_status_of_its_code():
    assert DomainError(code="busy").status == 503
    assert DomainError(code="stale").status == 412
    assert Unreadable(code="forbidden-character").status == 400
    assert Invalid([Problem("/a", "forbidden-character", "")]).status == 422


def test_a_code_that_nobody_defined_is_a_loud_bug():
    with pytest.raises(LookupError, match="no-such-code"):
        DomainError(code="no-such-code")
    with pytest.raises(LookupError, match="no-such-code"):
        Problem("/a", "no-such-code", "")
    with pytest.raises(LookupError, match="status 422"):
        Invalid([Problem("/a", "busy", "")])
    with pytest.raises(LookupError):
        DomainError("without a code")


def test_a_code_is_defined_once():
    with pytest.raises(ValueError, match="busy"):
        codes.register([codes.Code("busy", 503, "again", "no")])
