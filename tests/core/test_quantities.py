"""Quantities are exact, from both sides of each limit; as people type them, and as programs send them."""

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


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("12000.5", "12000.5"),
        ("12,000.5", "12000.5"),
        ("12 000", "12000"),
        ("1,234,567.001", "1234567.001"),
        ("1 234 567", "1234567"),
        ("4,200", "4200"),
        ("999", "999"),
        (" 12\u00a0000 ", "12000"),
        ("12\u202f000.5", "12000.5"),
        ("１２，０００．５", "12000.5"),
        ("１２\u3000０００", "12000"),
        ("０", "0"),
    ],
)
def test_groups_of_three_are_thousands_and_full_width_digits_are_digits(typed, read):
    assert quantities.plain(typed) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        *zip("０１２３４５６７８９", "0123456789", strict=True),
        ("1．5", "1.5"),
        *((f"12{between}000", "12000") for between in "，、\u3000\u00a0\u2009\u202f"),
    ],
)
def test_each_character_of_an_input_method_is_read(typed, read):
    assert quantities.plain(typed) == read


@pytest.mark.parametrize(
    ("typed", "readings"),
    [
        ("4,2", ("4.2", "4,200")),
        ("4,25", ("4.25", "4,250")),
        ("1200,500", ("1200.500", "1,200,500")),
        ("0,500", ("0.500", "500")),
        ("1,2,3", ("12.3", "12,300")),
        ("12,34.5", ("12,340.5",)),
        ("４，２", ("4.2", "4,200")),
    ],
)
def test_any_other_comma_is_asked_about(typed, readings):
    with pytest.raises(quantities.UnclearComma) as unclear:
        quantities.plain(typed)
    assert unclear.value.readings == readings


@pytest.mark.parametrize("typed", ["12 00", "1,200 500", "1 200,500", "1e3", "+5", "-4,200", "一千", "1,200,", ""])
def test_what_is_no_number_stays_for_reading_to_refuse(typed):
    assert quantities.plain(typed) == typed
    with pytest.raises(quantities.BadQuantity):
        quantities.read(typed, "kg")


@pytest.mark.parametrize("sent", ["12,000.5", "12 000", "4,2", "１２", " 12", "12\u00a0000"])
def test_programs_write_plainly(sent):
    with pytest.raises(quantities.BadQuantity):
        quantities.read(sent, "kg")
