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


def test_only_a_parameter_that_repeats_may_stand_twice():
    request = Request(APIRequestFactory().get("/?tolled=a&tolled=b&on=c"))
    assert read_query(request, "tolled", "on", repeats=("tolled",)) == {"tolled": "b", "on": "c"}
    request = Request(APIRequestFactory().get("/?tolled=a&on=b&on=c"))
    with pytest.raises(Invalid) as refused:
        read_query(request, "tolled", "on", repeats=("tolled",))
    assert [e.pointer for e in refused.value.errors] == ["/on"]


def test_each_value_of_a_parameter_that_repeats_is_short():
    request = Request(APIRequestFactory().get(f"/?tolled=a&tolled={'b' * 101}"))
    with pytest.raises(Invalid) as refused:
        read_query(request, "tolled", repeats=("tolled",))
    assert [e.pointer for e in refused.value.errors] == ["/tolled"]
