"""Strict fields, and the framework's own refusals in our words."""

import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from rest_framework import exceptions, serializers

from core.api import fields
from core.api.problems import _refusal, problems_of


def code_of(field, value):
    with pytest.raises(serializers.ValidationError) as refused:
        field.run_validation(value)
    return [detail.code for detail in refused.value.detail]


@pytest.mark.parametrize("name", ["DayField", "InstantField"])
def test_what_is_no_text_is_refused_by_every_field(name):
    assert code_of(getattr(fields, name)(), 20260101) == ["must-be-string"]


def test_a_reference_is_a_text():
    assert code_of(fields.ReferenceField("EL"), 5) == ["must-be-string"]


def test_an_amount_has_two_decimals():
    for text in ("5", "5.0", "5.000", "-5.00", "05.00"):
        assert code_of(fields.AmountField(), text) == ["not-plain-decimal"]
    assert str(fields.AmountField().run_validation("5.00")) == "5.00"


def test_a_unit_is_one_of_five():
    assert code_of(fields.UnitField(max_length=10), "KG") == ["unknown-unit"]
    assert fields.UnitField(max_length=10).run_validation("kg") == "kg"


def test_an_instant_lies_between_1990_and_2100():
    for year in (1990, 2100):
        assert fields.InstantField().run_validation(f"{year}-06-01T00:00:00Z").year == year
    for year in (1989, 2101):
        assert code_of(fields.InstantField(), f"{year}-06-01T00:00:00Z") == ["invalid-date"]


def test_null_is_no_value():
    detail = {"a": [exceptions.ErrorDetail("Needed.", "null")]}
    assert [(p.pointer, p.code) for p in problems_of(detail)] == [("/a", "required")]


def test_a_form_that_nothing_else_names_is_invalid():
    detail = {"a": [exceptions.ErrorDetail("No.", "invalid")]}
    assert [(p.pointer, p.code) for p in problems_of(detail)] == [("/a", "invalid")]


def test_each_refusal_of_the_framework_has_its_code():
    assert _refusal(exceptions.PermissionDenied("CSRF Failed: token missing")).code == "csrf-failed"
    assert _refusal(exceptions.PermissionDenied("Not you")).code == "forbidden"
    away = _refusal(OperationalError())
    assert (away.code, away.status, away.headers) == ("unavailable", 503, {"Retry-After": "5"})
    assert _refusal(RequestDataTooBig()).code == "body-too-large"
    assert _refusal(ValueError()) is None
