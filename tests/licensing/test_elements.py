"""What goods contain, as people type it."""

import pytest

from licensing.elements import BadComposition, read_percents, show_percents


def test_a_composition_is_read_from_percents_and_shown_again():
    assert read_percents("Dy 3.5, Tb 0.5") == {"Dy": "0.035", "Tb": "0.005"}
    assert read_percents("Dy: 3.50 %；Tb=0.25；") == {"Dy": "0.035", "Tb": "0.0025"}
    assert read_percents("Dy 60\nTb 40") == {"Dy": "0.6", "Tb": "0.4"}
    assert read_percents("Dy 100") == {"Dy": "1"}
    assert show_percents({"Dy": "0.035", "Tb": "1"}) == "Dy 3.5 %, Tb 100 %"
    assert read_percents("") == {}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Xx 3", "Xx 3"),
        ("Dy 3, Dy 4", "Dy 4"),
        ("Dy 0", "Dy 0"),
        ("Dy 60, Tb 41", "Dy 60, Tb 41"),
        ("Dy", "Dy"),
        ("Dy 101", "Dy 101"),
        ("Dy 3.12345", "Dy 3.12345"),
        ("Dy -1", "Dy -1"),
        ("Dy ３", "Dy ３"),
    ],
)
def test_what_is_no_composition_is_refused_with_the_part_that_is_wrong(text, part):
    with pytest.raises(BadComposition) as error:
        read_percents(text)
    assert error.value.args == (part,)
