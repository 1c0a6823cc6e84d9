"""Goods on the application's form."""

import pytest

from licensing.web.forms import LineForm


@pytest.mark.parametrize(("code", "wrong"), [("1C999.z", ["unknown-code"]), ("ANN61-P1", ["not-official"])])
def test_a_code_is_on_the_lists_and_official(code, wrong, reference):
    form = LineForm({"code": code, "description": "Magnets", "quantity": "1"})
    assert [error["code"] for error in form.errors.get_json_data()["code"]] == wrong


def test_an_official_code_is_taken_in_any_case(reference):
    form = LineForm({"code": "1c905.A.4", "description": "Magnets", "quantity": "1"})
    form.is_valid()
    assert "code" not in form.errors
