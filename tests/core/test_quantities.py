"""Quantities are exact, from both sides of each limit."""

import pytest

from core import quantities


@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [
        ("1", "lb", "unknown-unit"),
        ("0" * 40 + ".1", "kg", "too-long"),
        ("-1", "kg", "must-be-positive"),
        ("0", "kg", "must-be-positive"),
        ("1,5", "kg", "use-a-point"),
        ("1e5", "kg", "not-plain-decimal"),
        ("0.0001", "kg", "too-precise"),
        ("1.0", "unit", "too-precise"),
    ],
)
def test_what_is_no_quantity(text, unit, code):
    with pytest.raises(quantities.BadQuantity) as refused:
        quantities.read(text, unit)
    assert refused.value.code == code


def test_the_largest_quantity():
    most = quantities.MAX_BASE
    assert quantities.read(quantities.show(most, "kg"), "kg") == most
    with pytest.raises(quantities.BadQuantity, match="too-long"):
        quantities.read(quantities.show(most + 1, "kg"), "kg")
