"""What a query may carry."""

import pytest
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from core.api.pagination import read_query
from core.errors import Invalid


def test_a_parameter_stands_once():
    with pytest.raises(Invalid) as refused:
        read_query(Request(APIRequestFactory().get("/?state=active&state=active")), "state")
    assert [(e.pointer, e.code) for e in refused.value.errors] == [("/state", "invalid-parameter")]


def test_known_parameters_are_read():
    request = Request(APIRequestFactory().get("/?state=active&page_size=200"))
    assert read_query(request, "state", paged=True) == {"state": "active"}
