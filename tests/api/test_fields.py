"""Strict fields, and the framework's own refusals in our words."""

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.utils.translation import override
from rest_framework import exceptions, serializers
from rest_framework.utils.formatting import lazy_format

from core.api import fields
from core.api.problems import _refusal, problems_of
from licensing.api.assessments import AssessmentInput
from shipments.api.serializers import MessageInput, ShipmentInput


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
    assert code_of(fields.UnitField(), "KG") == ["unknown-unit"]
    assert fields.UnitField().run_validation("kg") == "kg"


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


@pytest.mark.parametrize(
    ("text", "code"), [("2026-1-1", "not-iso-date"), ("x", "not-iso-date"), ("2026-02-30", "invalid-date")]
)
def test_a_day_is_written_one_way(text, code):
    assert code_of(fields.DayField(), text) == [code]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-01-01", "not-iso-instant"),
        ("2026-01-01T00:00:00", "zone-required"),
        ("2026-01-01T00:00:00.5", "zone-required"),
        ("2026-02-30T00:00:00Z", "invalid-date"),
        ("2026-01-01T00:00:00+99:00", "invalid-date"),
    ],
)
def test_an_instant_is_written_one_way_and_says_its_zone(text, code):
    assert code_of(fields.InstantField(), text) == [code]


class Row(fields.StrictSerializer):
    read_only_members = ("state",)
    name = fields.TextField(max_length=5)
    number = serializers.IntegerField(read_only=True)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "a", "state": "x"}, {"state": ["read-only-field"]}),
        ({"name": "a", "number": 1}, {"number": ["read-only-field"]}),
        ({"name": "a", "colour": 1}, {"colour": ["unknown-field"]}),
        ({"name": "a" * 6}, {"name": ["too-long"]}),
        ({"name": " "}, {"name": ["blank"]}),
        ({"name": "a\n"}, {"name": ["forbidden-character"]}),
        ({"name": 5}, {"name": ["must-be-string"]}),
        ({"name": "a"}, {}),
    ],
)
def test_an_object_has_its_own_members_and_no_others(body, code):
    row = Row(data=body)
    row.is_valid()
    assert {name: [detail.code for detail in found] for name, found in row.errors.items()} == code


def test_one_of_a_class_reads_every_body_and_keeps_nothing_of_it():
    row = fields.reader(Row)
    assert row is fields.reader(Row)
    assert [row.run_validation({"name": name}) for name in ("a", "b")] == [{"name": "a"}, {"name": "b"}]
    assert code_of_member(row, {}) == ["required"]
    assert row.run_validation({"name": "a"}) == {"name": "a"}


def code_of_member(row, body):
    with pytest.raises(serializers.ValidationError) as refused:
        row.run_validation(body)
    return [detail.code for detail in refused.value.detail["name"]]


def every_field(part):
    yield part
    if isinstance(part, serializers.Serializer):
        for field in part.fields.values():
            yield from every_field(field)
    elif child := getattr(part, "child", None):
        yield from every_field(child)


def test_whoever_is_refused_first_does_not_choose_the_language_of_those_after_him():
    """A validator of the framework's puts its words together once. What one of these would refuse, a text of ours has
    refused before."""
    for reader in (ShipmentInput, MessageInput, AssessmentInput):
        for field in every_field(fields.reader(reader)):
            kept = [one for one in field.validators if isinstance(getattr(one, "message", ""), lazy_format)]
            assert not kept or isinstance(field, fields.TextField), (reader, field.field_name)
    said = []
    for language in ("zh-hans", "en", "zh-hans"):
        with override(language), pytest.raises(serializers.ValidationError) as refused:
            fields.reader(Row).run_validation({"name": "a" * 6})
        said.append(str(refused.value.detail["name"][0]))
    assert said == ["最多 5 个字符。", "At most 5 characters.", "最多 5 个字符。"]


def test_a_text_of_a_fixed_form_that_is_too_long_is_told_the_form():
    field = fields.PatternField("[A-Z]{2}", "Two letters.", max_length=2)
    with pytest.raises(serializers.ValidationError) as refused:
        field.run_validation("Denmark")
    assert [(one.code, str(one)) for one in refused.value.detail] == [("too-long", "Two letters.")]


def test_a_text_without_a_limit_of_its_own_has_ours():
    assert fields.TextField().run_validation("a" * 10_000) == "a" * 10_000
    assert code_of(fields.TextField(), "a" * 10_001) == ["too-long"]
    assert fields.TextField().openapi() == {"type": "string", "minLength": 1, "maxLength": 10_000}


def test_a_problem_without_words_of_its_own_says_that_the_role_does_not_open_it():
    assert str(_refusal(PermissionDenied()).detail) == "Your role does not open this."
