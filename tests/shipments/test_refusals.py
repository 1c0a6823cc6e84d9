"""A refusal in words: how much is left, or that nothing is."""

import pytest

from shipments.refusals import problem, refusal

LEFT = {
    "line-exhausted": ("remaining", "At most 0.001 kg.", "Nothing is left of this line."),
    "end-user-exhausted": ("remaining", "At most 0.001 kg for this end-user.", "Nothing is left for this end-user."),
    "value-exhausted": (
        "value_remaining",
        "The value left on this line is 0.01 CNY.",
        "No value is left on this line.",
    ),
}


@pytest.mark.parametrize("code", LEFT)
def test_where_nothing_is_left_that_is_said_and_no_figure(code):
    name, some, nothing = LEFT[code]
    least, none = ("0.01", "0.00") if name == "value_remaining" else (1, 0)
    failure = {"code": code, "pointer": "/lines/0/quantity", "unit": "kg", "currency": "CNY"}
    assert problem(failure | {name: least}).message == some
    said = problem(failure | {name: none}).message
    assert said.startswith(nothing) and "0" not in said


def test_a_sentence_says_quantities_as_pages_do_and_the_field_beside_it_as_programs_read_them():
    failure = {"code": "line-exhausted", "pointer": "/lines/0/quantity", "unit": "kg", "line": 1}
    said = refusal([failure | {"remaining": 5_860_000, "asked": 12_000_500}])
    assert said.detail == "Line 1 has 5,860 kg left; asked: 12,000.5 kg."
    assert said.errors[0].message == "At most 5,860 kg."
    assert said.errors[0].extra == {"remaining": "5860.000"}
    assert problem(failure | {"remaining": 1, "unit": "unit"}).message == "At most 1 piece."
