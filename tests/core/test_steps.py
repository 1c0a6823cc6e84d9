"""What a page carries of the version that it showed."""

import pytest
from django.http import QueryDict

from core.web.steps import seen_in


@pytest.mark.parametrize(
    ("text", "seen"),
    [("0", 0), ("17", 17), ("999999999", 999_999_999), ("1000000000", -1), ("", -1), ("-1", -1), ("x", -1)],
)
def test_whatever_is_no_number_was_never_seen(text, seen):
    data = QueryDict(mutable=True)
    data["seen"] = text
    assert seen_in(data) == seen
    assert seen_in(QueryDict()) == -1


def test_a_superscript_is_a_digit_and_no_number():
    data = QueryDict("seen=%C2%B2")
    assert data["seen"].isdigit()
    assert seen_in(data) == -1
