"""What became of a row, by what pytest said."""

import pytest

from tests.mutations.copies import BROKEN, KILLED, SURVIVED, Said, _verdict
from tests.mutations.rows import Row

FAILED, ERROR = "FAILED a.py::one - no", "ERROR a.py::one - no"


@pytest.mark.parametrize(
    ("status", "words", "outcome"),
    [
        ("0", [], SURVIVED),
        ("1", [FAILED], KILLED),
        ("1", ["FAILED a.py::one[two] - no"], KILLED),
        ("1", ["FAILED a.py::oneself - no"], SURVIVED),
        ("1", ["IndentationError: expected an indented block"], BROKEN),
        ("1", [ERROR], BROKEN),
        ("1", [FAILED, ERROR], KILLED),
        ("1", [FAILED, "ERROR a.py::two - no"], BROKEN),
        ("1", [FAILED, "ERROR a.py - no"], BROKEN),
        ("2", [FAILED], BROKEN),
        ("late", [FAILED], BROKEN),
    ],
)
def test_an_error_is_no_failure_but_after_one_of_the_same_test_it_takes_nothing_away(status, words, outcome):
    row = Row("list#1", ("a.py::one",), ("rule:a",))
    assert _verdict(row, Said(status, "\n".join(words)), 0).outcome == outcome
