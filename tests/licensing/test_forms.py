"""Goods on the application's form."""

import pytest

from licensing.selectors import search_items
from licensing.web.forms import LineForm


def errors(code):
    items = {item.code.lower(): item for item in search_items()}
    form = LineForm({"code": code, "description": "Magnets", "quantity": "1"}, items=items)
    return [error["code"] for error in form.errors.get_json_data().get("code", [])]


@pytest.mark.parametrize(("code", "wrong"), [("1C999.z", ["unknown-code"]), ("ANN61-P1", [])])
def test_a_code_is_on_the_lists(code, wrong, reference):
    assert errors(code) == wrong


def test_a_code_is_taken_in_any_case(reference):
    assert errors("1c905.A.4") == []
