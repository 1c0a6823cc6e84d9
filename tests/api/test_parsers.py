"""What a body may be, from both sides of each limit."""

import io

import pytest

from core.api.parsers import StrictJSONParser, read
from core.errors import DomainError


def code_of(raw):
    with pytest.raises(DomainError) as refused:
        read(raw)
    return refused.value.code


def nested(depth):
    return b"[" * depth + b"]" * depth


def test_a_body_nests_20_deep_and_not_21():
    assert str(read(nested(20))) == nested(20).decode()
    assert code_of(nested(21)) == "too-deep"


def test_brackets_in_a_text_are_not_depth():
    assert read(b'["' + b"[" * 30 + b'"]') == ["[" * 30]


def test_a_number_has_at_most_20_digits():
    assert read(b"9" * 20) == int("9" * 20)
    assert code_of(b"9" * 21) == "invalid-json"


def test_a_byte_order_mark_is_named():
    with pytest.raises(DomainError, match="byte order mark") as refused:
        read(b"\xef\xbb\xbf{}")
    assert refused.value.code == "invalid-json"


def test_a_field_name_hides_nothing():
    assert code_of('{"a\u202eb": 1}'.encode()) == "forbidden-character"


def test_a_body_beyond_the_limit_is_refused_by_the_parser_too(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert StrictJSONParser().parse(io.BytesIO(b'"12345678"')) == "12345678"
    with pytest.raises(DomainError) as refused:
        StrictJSONParser().parse(io.BytesIO(b'"123456789"'))
    assert refused.value.code == "body-too-large"


def test_what_is_closed_again_is_not_depth():
    assert read(b"[" + b",".join([b"[]"] * 30) + b"]") == [[]] * 30
    assert read(b'{"a": {}, "b": ' + nested(19) + b"}")["a"] == {}


def test_an_escaped_quote_does_not_end_a_text():
    assert read(rb'["\"' + b"[" * 30 + b'"]') == ['"' + "[" * 30]
    assert code_of(rb'["\\",' + nested(20) + b"]") == "too-deep"


def test_a_key_stands_once_in_an_object():
    assert code_of(b'{"a": 1, "a": 1}') == "duplicate-key"
    assert read(b'[{"a": 1}, {"a": 1}]') == [{"a": 1}] * 2


@pytest.mark.parametrize(
    "media", ["application/json", "application/json; charset=UTF-8", 'application/json;charset="utf8"']
)
def test_a_body_may_say_that_it_is_utf_8(media):
    assert StrictJSONParser().parse(io.BytesIO(b"1"), media) == 1


def test_a_body_in_another_charset_is_refused():
    with pytest.raises(DomainError) as refused:
        StrictJSONParser().parse(io.BytesIO(b"1"), "application/json; charset=gb18030")
    assert refused.value.code == "unsupported-charset"


@pytest.mark.parametrize("raw", [b"", b" \n"])
def test_an_empty_body_is_named(raw):
    with pytest.raises(DomainError) as refused:
        StrictJSONParser().parse(io.BytesIO(raw), None)
    assert refused.value.code == "empty-body"
