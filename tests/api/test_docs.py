"""The docs page: every call with its refusals, every code at an anchor of its own."""

import re

import pytest

from core import codes

pytestmark = pytest.mark.django_db


def page(client):
    return client.get("/api/v1/docs/").content.decode()


def test_each_code_has_an_anchor_with_cause_fix_and_whether_to_try_again(client):
    rows = dict(re.findall(r'<tr id="([a-z-]+)">(.*?)</tr>', page(client), re.DOTALL))
    assert set(rows) == {code.code for code in codes.table()}
    cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td>(.*?)</td>", rows["busy"], re.DOTALL)]
    busy = codes.find("busy")
    assert cells == ["busy", "503", str(busy.cause), str(busy.fix), "yes"]


def test_each_call_links_to_the_codes_that_it_may_refuse_with(client):
    text = page(client)
    calls = re.findall(r'<article class="call" id="([^"]+)".*?</article>', text, re.DOTALL)
    assert len(calls) == 10
    reserve = re.search(r'id="post-api-v1-shipments".*?</article>', text, re.DOTALL).group()
    for code in ("line-exhausted", "idempotency-key-reused", "not-iso-date", "client-reference-used"):
        assert f'href="#{code}"' in reserve
    listing = re.search(r'id="get-api-v1-licenses".*?</article>', text, re.DOTALL).group()
    assert 'href="#line-exhausted"' not in listing
