"""The sweep's own ground: rewritten code does what it did, and each place of it something else when it is changed."""

from dataclasses import dataclass

import pytest

from tests.mutations.sweep.active import State
from tests.mutations.sweep.instrument import Place, instrumented

CODE = '''
"""A module."""
LIMIT = [1, 2]

def judge(a, b=1, *names, kind: "str | None" = None):
    """What it says."""
    found = [n for n in names if n != "x"]
    box = type("Box", (), {})()
    box.note = ""
    if not found and kind is None or 0 < a <= b:
        box.note = f"{a + 1}"
    elif a > 10:
        raise ValueError("over 10", 11)
    a += b
    found.append((lambda n: n + 1)(a))
    return {"found": found, "note": getattr(box, "note", None), "which": "many" if len(found) > 2 else "few"}
'''
CALLS = [
    *(((0,), {}), ((5, 5, "x", "y"), {}), ((1, 2), {"kind": "k"}), ((7, 1, "y", "z"), {"kind": "k"})),
    *(((11,), {"kind": "k"}), ((10,), {"kind": "k"}), ((0,), {"kind": "k"}), ((1, 1, "y"), {"kind": "k"})),
    *(((7, 1), {"kind": "k"}), ((7, 1, "y"), {})),
]


@dataclass
class Tried:
    places: list[Place]
    text: str

    def said(self, changed: int = 0) -> list[str]:
        space: dict[str, object] = {}
        State.changed = changed
        exec(compile(self.text, "tried", "exec"), space)  # (the sweep's own imports it from its file)
        return [self.one(space["judge"], *call) for call in CALLS]

    @staticmethod
    def one(judge, words, named):
        try:
            return repr(judge(*words, **named))
        except Exception as error:
            return repr(error)


@pytest.fixture
def tried():
    places: list[Place] = []
    yield Tried(places, instrumented("code.py", CODE, places))
    State.changed = 0


def test_unchanged_it_says_what_it_said(tried):
    assert tried.said() == Tried([], CODE).said()


def test_each_place_that_is_changed_says_something_else(tried):
    plain = tried.said()
    assert [place for place in tried.places if tried.said(place.id) == plain] == []
    assert len(tried.places) > 25
    assert {place.line for place in tried.places} <= set(range(7, 17))


def test_a_place_is_felt_where_its_change_gives_something_else(tried):
    State.felt, State.met = set(), set()
    tried.said()
    assert {place.id for place in tried.places} == State.felt == State.met
