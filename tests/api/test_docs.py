"""The docs page: every call with its refusals, every code at an anchor of its own."""

import re
from dataclasses import replace

import pytest
from django.urls import resolve

from core import access, codes
from core.api import docs
from core.scopes import scopes_of
from licensing.models.balances import Movement

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
    assert len(calls) == 20
    reserve = re.search(r'id="post-api-v1-shipments".*?</article>', text, re.DOTALL).group()
    for code in ("line-exhausted", "idempotency-key-reused", "not-iso-date", "client-reference-used"):
        assert f'href="#{code}"' in reserve
    listing = re.search(r'id="get-api-v1-licenses".*?</article>', text, re.DOTALL).group()
    assert 'href="#line-exhausted"' not in listing


def test_the_key_of_the_first_steps_has_the_scopes_of_their_calls(client, monkeypatch):
    def named():
        start = re.search(r'<section class="card" id="start".*?</section>', page(client), re.DOTALL).group()
        sent = re.findall(r'curl -s "\$LODESTONE(/[\w/]+)[^"]*"(.*?)</pre>', start, re.DOTALL)
        calls = [(resolve(f"/api/v1{path}").url_name, "POST" if " -d " in more else "GET") for path, more in sent]
        assert len(calls) == 3
        key = re.search(r"Make a key</h3>.*?<pre", start, re.DOTALL).group()
        return set().union(*(access.table()[call].scopes for call in calls)), re.findall("<code>(.*?)</code>", key)

    needed, told = named()
    assert needed == set(told) and len(told) == 3
    row = replace(access.table()["api.shipments", "POST"], scopes=frozenset({"shipments:book"}))
    monkeypatch.setitem(access.table(), ("api.shipments", "POST"), row)
    monkeypatch.setitem(scopes_of("exporter"), "shipments:book", "book shipments")
    assert named()[1] == ["licenses:read", "shipments:read", "shipments:book"]
    assert re.search(r"shipments:book</code>\s*book shipments", page(client))
    row = replace(row, scopes=frozenset({"shipments:book", "shipments:write", "customs:confirm"}))
    monkeypatch.setitem(access.table(), ("api.shipments", "POST"), row)
    assert "<code>shipments:book</code> or <code>shipments:write</code>. It is" in " ".join(page(client).split())


def test_the_table_of_movements_has_each_kind_that_moves_a_balance(client):
    table = re.search(r'<section class="card" id="movements".*?</section>', page(client), re.DOTALL).group()
    assert sorted(re.findall(r'<td><code translate="no">(\w+)</code></td>', table)) == sorted(Movement.Kind.values)


def test_a_call_that_one_of_several_scopes_opens_says_so():
    said = {call["description"][-1] for call in docs.calls("en")}
    assert "Key scope: `customs:confirm` or `licenses:read`." in said


def test_whatever_a_caller_sends_is_explained(client):
    client.get("/api/v1/docs/")
    for call in docs.calls("en"):
        for sent in call["parameters"] + call["takes"]:
            assert sent["about"], (call["method"], call["path"], sent["name"])
        assert bool(call["example"]) == bool(call["takes"]), call["path"]


def test_words_are_listed_where_no_description_has_them(client):
    client.get("/api/v1/docs/")
    calls = {(call["method"], call["path"]): call for call in docs.calls("en")}

    def about(part, name, *call):
        rows = calls[call][part]
        return {one["name"]: one["about"] for one in (rows[0]["members"] if part == "gives" else rows)}[name]

    assert (
        about("parameters", "kind", "GET", "/api/v1/licenses/")
        == "Of this kind only. `per_shipment`, `annual`, `amendment`, `special`"
    )
    assert (
        about("takes", "event", "POST", "/api/v1/customs/messages/")
        == "`declared`, `questioned`, `cleared`, `rejected`, `corrected`, `returned`"
    )
    assert about("gives", "clock", "POST", "/api/v1/assessments/") == "`none`, `untimed`, `45wd`"
    assert about("gives", "state", "GET", "/api/v1/licenses/{ref}/").count("`active`") == 1


def test_each_way_to_send_and_each_answer_is_told(client):
    bulk = re.search(r'id="post-api-v1-shipments-bulk".*?</article>', page(client), re.DOTALL).group()
    for said in ("application/json", "application/x-ndjson", "text/csv", "A job: follow it at its", "stopped_because"):
        assert said in bulk
    calls = {call["path"]: call for call in docs.calls("en") if call["method"] == "POST"}
    assert [one["status"] for one in calls["/api/v1/customs/messages/"]["gives"]] == ["200", "202", "207"]
    delivery = calls["/api/v1/shipments/{ref}/delivery/"]
    assert [(one["name"], one["needed"]) for one in delivery["takes"]] == [("delivered_on", True), ("proof", False)]


def test_rates_are_told_where_there_are_any(client, settings):
    assert "writes a minute" not in page(client)
    settings.RATE_READS, settings.RATE_WRITES = 600, 300
    assert "A key has 600 reads and 300 writes a minute" in page(client)


SCHEMA = {
    "components": {
        "schemas": {
            "Kind": {"enum": ["annual", None, "per_shipment"]},
            "Line": {"properties": {"quantity": {"description": "How much."}, "kind": {"$ref": "#/x/Kind"}}},
            "Place": {"properties": {"port": {"description": "Where."}}, "required": ["port"]},
            "Many": {"oneOf": [{"$ref": "#/x/Place"}, {"type": "array", "items": {"$ref": "#/x/Place"}}]},
        }
    }
}


def test_members_of_members_are_named_from_the_outside():
    body = {
        "properties": {
            "lines": {"type": "array", "items": {"$ref": "#/x/Line"}, "description": "Goods."},
            "place": {"allOf": [{"$ref": "#/x/Place"}], "description": "There."},
            "many": {"$ref": "#/x/Many"},
            "note": {"type": "string"},
        },
        "required": ["lines"],
    }
    assert [(one["name"], one["needed"], one["about"]) for one in docs.members(SCHEMA, body)] == [
        ("lines", True, "Goods."),
        ("lines[].quantity", False, "How much."),
        ("lines[].kind", False, "`annual`, `per_shipment`"),
        ("place", False, "There."),
        ("place.port", True, "Where."),
        ("many", False, ""),
        ("many.port", True, "Where."),
        ("note", False, ""),
    ]
    whole = {"type": "array", "items": {"$ref": "#/x/Place"}}
    assert [one["name"] for one in docs.members(SCHEMA, whole)] == ["port"]


def test_words_that_the_description_has_are_not_said_twice():
    part = {"description": "`annual` or not.", "enum": ["annual", "per_shipment"]}
    assert docs.about(SCHEMA, part) == "`annual` or not. `per_shipment`"
    assert docs.about(SCHEMA, {"description": "One.", "schema": {"enum": ["a"]}}) == "One. `a`"
