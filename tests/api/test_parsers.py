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
