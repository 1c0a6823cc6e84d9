"""The general tool: which mutants there are, which of them are known to change nothing, and what counts as noticed."""

import subprocess
import sys
import tomllib

import pytest

from tests.mutations.copies import KILLED, SURVIVED, Said
from tests.mutations.rows import ROOT


def test_each_equivalent_mutant_is_of_a_line_that_stands_and_has_its_reason():
    for row in tomllib.loads((ROOT / "tests" / "equivalent.toml").read_text())["mutant"]:
        assert set(row) == {"file", "within", "old", "new", "why"}
        assert row["old"] in (ROOT / row["file"]).read_text(), row
        assert row["why"].strip() and row["old"] != row["new"]


@pytest.fixture
def mutants():
    pytest.importorskip("cosmic_ray")  # installed by ./run mutate --general
    from tests.mutations import mutants

    return mutants


@pytest.fixture
def tree(mutants, tmp_path, monkeypatch):
    """Two modules: the one whose mutants are in every sample, and another; and a test, which is none."""
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    for file in ("licensing/policy/engine.py", "core/access.py", "tests/policy/plain.py"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text("def f(a: int | None, *, b=0):\n    return not a\n")
    mutants.Module.of.cache_clear()
    yield
    mutants.Module.of.cache_clear()


def test_each_mutant_is_python_that_says_something_else(mutants, tree):
    found = {(mutant.file, mutant.within, mutant.old, mutant.new) for mutant in mutants.sampled(1, 9)}
    changes = [
        ("def f(a: int | None, *, b=0):", "def f(a: int | None, *, b= 1):"),
        ("def f(a: int | None, *, b=0):", "def f(a: int | None, *, b= -1):"),
        ("return not a", "return  a"),
    ]
    assert found == {(file, "f", *change) for file in mutants.files() for change in changes}


def test_a_sample_has_all_of_policy_and_is_the_same_for_a_seed(mutants, tree):
    sample = mutants.sampled(1, 4)
    assert [mutant.file for mutant in sample] == ["licensing/policy/engine.py"] * 3 + ["core/access.py"]
    assert sample == mutants.sampled(1, 4)
    assert len({mutants.sampled(seed, 4)[-1].new for seed in range(9)}) > 1


def test_a_mutant_keeps_its_place_and_its_name_while_other_code_comes_and_goes(mutants, tree, tmp_path):
    before = mutants.sampled(1, 6)
    other = tmp_path / "core/access.py"
    other.write_text("def g(c):\n    return not c\n\n\n" + other.read_text())
    mutants.Module.of.cache_clear()
    after = mutants.sampled(1, 9)
    assert {mutant.key for mutant in before} < {mutant.key for mutant in after}
    kept = [mutant for mutant in after if mutant.within != "g"]
    assert [mutant.key for mutant in kept] == [mutant.key for mutant in before]


class FakeCopy:
    """Says of each run what it was given, in turn."""

    databases, database = type("D", (), {"clone": lambda self, name: None})(), "d"

    def __init__(self, *said):
        self.said, self.asked = list(said), []

    def pytest(self, words, seconds):
        self.asked.append(list(words))
        return self.said.pop(0)

    def tried(self, mutant, words, seconds):
        return self.pytest(words, seconds)


def test_what_fails_without_the_mutant_too_has_noticed_nothing(mutants):
    from tests.mutations import general

    passed, fails, other = Said("0", ""), Said("1", "FAILED a.py::bad - no"), Said("1", "FAILED a.py::good - no")
    copy, passing = FakeCopy(fails, fails, other, passed), {}
    assert general.judged(copy, None, [["a.py"]], passing) == (KILLED, "a.py::good")
    assert "--deselect=a.py::bad" in copy.asked[2]
    assert general.judged(FakeCopy(passed, passed), None, [["a.py"], ["b.py"]], passing) == (SURVIVED, "")
    assert general.judged(FakeCopy(Said("2", "x")), None, [["a.py"]], passing)[0] == "broken"


def test_each_test_of_a_module_is_tried_whatever_its_mark(mutants, tmp_path):
    from tests.mutations import general

    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  slow\n  full\n")
    marks = ("", "@pytest.mark.slow", "@pytest.mark.full", "@pytest.mark.slow\n@pytest.mark.full")
    tests = "\n".join(f"{mark}\ndef test_{n}(): pass\n" for n, mark in enumerate(marks))
    (tmp_path / "test_it.py").write_text(f"import pytest\n{tests}")
    command = [sys.executable, "-m", "pytest", "-p", "no:django", "--collect-only", "-q"]
    named, *others = (
        subprocess.run([*command, *words], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for words in general.stages(["test_it.py"], ["test_it.py"])
    )
    assert [named.count("::")] == [sum(said.count("::") for said in others)] == [len(marks)]
