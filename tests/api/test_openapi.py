"""The OpenAPI document tells the truth: real answers of every call, of every status that it lists, are judged by it."""

import json
import re
from datetime import timedelta
from functools import cached_property
from unittest.mock import patch

import pytest
from django.apps import apps
from django.db import OperationalError
from django.test import override_settings
from rest_framework.views import APIView

from core import access, calendar_file, codes, references
from core.api.schema import ErrorOutput
from core.errors import DomainError
from core.idempotency import InProgress
from core.legal_time import legal_now, legal_today, on_the_wire
from licensing.models.balances import Movement
from shipments.actions import bulk, depart
from shipments.models import CustomsMessage, Shipment
from shipments.refusals import problem
from tests import make
from tests.api.document import Document

DOCUMENT = Document.generated()
CALLS = [pytest.param(*call, id=call[2]["operationId"]) for call in DOCUMENT.operations()]
ASSESSMENTS, DEADLINE = "/api/v1/assessments/", "/api/v1/calendar/deadline/"
VERIFY = "/api/v1/verify/{ref}/"
OPEN = {"/api/v1/control-items/", ASSESSMENTS, DEADLINE, VERIFY}
SHIPMENTS, CHECK, CUSTOMS = "/api/v1/shipments/", "/api/v1/shipments/check/", "/api/v1/customs/messages/"
BULK = "/api/v1/shipments/bulk/"
CANCEL, LICENSE = "/api/v1/shipments/{ref}/cancel/", "/api/v1/licenses/{ref}/"
DEPARTURE, DELIVERY = "/api/v1/shipments/{ref}/departure/", "/api/v1/shipments/{ref}/delivery/"


class Caller:
    """Sends a good request of each call, changed as a test wants it."""

    def __init__(self, world, client):
        self.world, self.client = world, client
        calendar_file.fill()
        self.license = world.license(kilograms=100)
        self.shipment = world.shipment(self.license, 1_000)
        self.keys = {
            "exporter": make.key(world.exporter, *make.EXPORTER_SCOPES),
            "customs": make.key(world.customs, "customs:confirm"),
        }

    def message(self, event="cleared", **changes):
        at = legal_now()
        cleared = {"cleared_at": on_the_wire(at + timedelta(seconds=1)), "final": True, "lines": [self.line()]}
        return {
            "message_id": make.unique("GAC-"),
            "event": event,
            "shipment": self.shipment.ref,
            "declaration_no": "530120260000000001",
            "declared_at": on_the_wire(at),
            **(cleared if event == "cleared" else {}),
        } | changes

    def row_of(self, path):
        """The row that an address with a reference is of."""
        if path.startswith(BULK):
            return self.job
        nouns = {"applications": self.license.application, "licenses": self.license, "verify": self.license}
        return nouns.get(path.split("/")[3], self.shipment)

    @cached_property
    def job(self):
        row = bulk.Row(make.unique("row-"), "0" * 64, self.world.request(self.license, 1_000))
        return bulk.order([row], language="en", instance="0" * 32, by=self.world.exporter)

    @staticmethod
    def line():
        return {"license_line": 1, "quantity": "1.000", "unit": "kg"}

    def good_body(self, path):
        if path in (SHIPMENTS, CHECK):
            return self.world.body(self.license, "1.000")
        if path == BULK:
            return [self.world.body(self.license, "1.000") | {"idempotency_key": make.unique("row-")}]
        if path == ASSESSMENTS:
            return {"facts": {"item.control_code": "1C905.a.4", "end_use.code": "CIV_AUTO"}}
        if path in (DEPARTURE, DELIVERY):
            return {"departed_on" if path == DEPARTURE else "delivered_on": legal_today().isoformat()}
        return self.message() if path == CUSTOMS else None

    def send(self, path, method, body="good", key=None, bearer="", query="", ref="", **headers):
        asked = {DEADLINE: "accepted_on=2026-03-02", BULK: "mode=partial", VERIFY: f"code={self.license.verify_code}"}
        query = query or (f"?{asked[path]}" if path in asked else "")
        bearer = bearer or self.keys["customs" if path == CUSTOMS else "exporter"]
        body = self.good_body(path) if body == "good" else body
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        ref = ref or self.row_of(path).ref
        headers = {"HTTP_AUTHORIZATION": f"Bearer {bearer}", "HTTP_IDEMPOTENCY_KEY": key or make.unique("k-")} | headers
        content_type = headers.pop("content_type", "application/json")
        address = path.replace("{ref}", ref) + query
        return self.client.generic(method.upper(), address, data, content_type, **headers)


@pytest.fixture
def caller(world, client):
    return Caller(world, client)


def conflict(caller, path, method):
    """A 409 of the call."""
    if path == SHIPMENTS:
        return caller.send(path, method, caller.world.body(caller.license, "100.000"))
    if path == BULK:
        with patch.object(bulk, "_booked", raising(InProgress())):
            return caller.send(path, method)
    if path.startswith(BULK):
        empty = bulk.order([], language="en", instance="", by=caller.world.exporter)
        return caller.send(path, method, ref=empty.ref)
    other = caller.world.shipment(caller.license, 1_000)
    if path in (DEPARTURE, DELIVERY):
        return caller.send(path, method, ref=other.ref)
    if path == CANCEL:
        caller.send(path, method, ref=other.ref)
        return caller.send(path, method, ref=other.ref)
    caller.send(path, method, caller.message())
    return caller.send(path, method, caller.message("declared", shipment=other.ref))


def done(caller, path, method):
    """The call does what it is for."""
    if path not in (DEPARTURE, DELIVERY):
        return caller.send(path, method)
    row = caller.world.shipment(caller.license, 1_000)
    caller.world.clear(row.ref, 1_000)
    caller.license.conditions.all().delete()  # of which one asks for a proof
    if path == DELIVERY:
        depart(row.ref, departed_on=legal_today(), by=caller.world.exporter)
    return caller.send(path, method, ref=row.ref)


def raising(error):
    def raise_it(*_args):
        raise error

    return raise_it


def accepted(caller, path, method):
    if path == BULK:
        return caller.send(path, method, ["no object"] * 1_001)
    stray = caller.message(shipment=make.unknown(Shipment.PREFIX))
    return caller.send(path, method, stray)


def each_its_own(caller, path, method):
    if path == BULK:
        return caller.send(path, method, [*caller.good_body(path), "no object"])
    return caller.send(path, method, [caller.message(), {"message_id": 7}, "no object"])


def absent(caller, path, method):
    if "{ref}" in path:
        return caller.send(path, method, ref=make.unknown(caller.row_of(path).PREFIX))
    return caller.send(path, method, caller.good_body(path) | {"license": make.unknown()})


def too_large(caller, path, method):
    return caller.send(path, method, b" " * (9_000_000 if path == BULK else 3_000_000))


def forbidden(caller, path, method):
    if path in OPEN:  # to anyone; only the wire may be refused
        with override_settings(LOCAL=False):
            return caller.send(path, method)
    other = "shipments:read" if path.startswith("/api/v1/licenses") else "licenses:read"
    return caller.send(path, method, bearer=make.key(caller.world.exporter, other))


SAMPLES = {
    200: done,
    201: lambda c, path, method: c.send(path, method),
    202: accepted,
    207: each_its_own,
    400: lambda c, path, method: c.send(path, method, query="?q=%00"),
    401: lambda c, path, method: c.send(path, method, bearer="lk_live_" + "x" * 43),
    403: forbidden,
    404: absent,
    405: lambda c, path, method: c.send(path, "patch"),
    406: lambda c, path, method: c.send(path, method, HTTP_ACCEPT="application/xml"),
    409: conflict,
    411: lambda c, path, method: c.send(path, method, HTTP_TRANSFER_ENCODING="chunked"),
    413: too_large,
    415: lambda c, path, method: c.send(path, method, content_type="text/plain"),
    422: lambda c, path, method: c.send(path, method, query="?nonsense=1"),
    429: lambda c, path, method: c.send(path, method),
    503: lambda c, path, method: c.send(path, method),
}


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method", "operation"), CALLS)
def test_an_answer_of_each_status_is_as_described(path, method, operation, caller, monkeypatch):
    """The client judges body, headers and code. Refusals come first: a good call may end what it is about."""
    for status in sorted(map(int, operation["responses"]), reverse=True):
        before = (Shipment.objects.count(), Movement.objects.count(), CustomsMessage.objects.count())
        with monkeypatch.context() as patched:
            if status in (429, 503):
                beyond = DomainError("Later.", code="throttled", headers={"Retry-After": "3"})
                error = beyond if status == 429 else OperationalError("away")
                patched.setattr(APIView, "check_permissions", raising(error))
            answer = SAMPLES[status](caller, path, method)
        assert answer.status_code == status, answer.content
        if status >= 400 and status != 409:
            assert (Shipment.objects.count(), Movement.objects.count(), CustomsMessage.objects.count()) == before


def test_a_replay_says_so(caller):
    body = caller.good_body(SHIPMENTS)
    assert "Idempotency-Replayed" not in caller.send(SHIPMENTS, "post", body, key="k").headers
    assert caller.send(SHIPMENTS, "post", body, key="k").headers["Idempotency-Replayed"] == "true"


def test_the_client_fails_on_what_is_not_described(caller, monkeypatch):
    from licensing.api import serializers

    said = serializers.license
    monkeypatch.setattr(serializers, "license", lambda *told: said(*told) | {"surprise": 1})
    with pytest.raises(AssertionError, match="surprise"):
        caller.send(LICENSE, "get")
    monkeypatch.setattr(serializers, "license", lambda *told: said(*told) | {"state": "asleep"})
    with pytest.raises(AssertionError, match="asleep"):
        caller.send(LICENSE, "get")


def test_the_document_is_openapi_3_1_with_its_keys(client):
    served = client.get("/api/v1/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json")
    text = json.loads(served.content)
    assert text["openapi"].startswith("3.1")
    assert set(text["components"]["securitySchemes"]) == {"key", "session"}
    assert text["paths"] == DOCUMENT.text["paths"]


def test_each_call_of_the_door_is_in_the_document():
    from config.api import urlpatterns

    routes = {f"/api/v1/{str(p.pattern).replace('<str:ref>', '{ref}')}": p.name for p in urlpatterns}
    asked = {
        (path, method.lower())
        for path, name in routes.items()
        for (row, method) in access.table()
        if row == name and name not in ("api.schema", "api.docs", "api.explorer")
    }
    assert {(path, method) for path, method, _operation in DOCUMENT.operations()} == asked


def test_each_code_of_an_answer_is_one_that_is_defined_for_its_status():
    for _path, _method, operation in DOCUMENT.operations():
        for status, answer in operation["responses"].items():
            for part in answer["content"].values():
                names = part["schema"].get("allOf", [{}, {}])[-1].get("properties", {}).get("code", {}).get("enum", [])
                for name in names:
                    assert int(status) in (codes.find(name).status, *codes.find(name).also)


def test_examples_are_what_their_schemas_say():
    checked = 0
    for path, method, operation in DOCUMENT.operations():
        parts = [operation.get("requestBody", {}), *operation["responses"].values()]
        for part in parts:
            for content in part.get("content", {}).values():
                shown = [example["value"] for example in content.get("examples", {}).values()]
                for value in shown + ([content["example"]] if "example" in content else []):
                    assert DOCUMENT.wrong(content["schema"], value) == [], (path, method)
                    checked += 1
    assert checked >= 8


def test_each_reference_that_is_shown_is_one_that_we_would_read():
    """A programmer tries them, and a wrong check character is 422."""
    prefixes = "|".join({model.PREFIX for model in apps.get_models() if hasattr(model, "PREFIX")})
    shown = re.findall(rf"\b({prefixes})-(\w+)", json.dumps(DOCUMENT.text))
    assert {"AP", "EL", "PTY", "SH"} <= {prefix for prefix, _rest in shown}
    for prefix, rest in shown:
        assert references.read(rest, prefix) == f"{prefix}-{rest}"


def test_each_call_is_told_in_both_languages():
    chinese = {o["operationId"]: o for _path, _method, o in Document.generated("zh-hans").operations()}
    for _path, _method, operation in DOCUMENT.operations():
        other = chinese[operation["operationId"]]
        for name in ("summary", "description"):
            assert any("\u4e00" <= character <= "\u9fff" for character in other[name]), other["operationId"]
            assert operation[name] != other[name]


@pytest.mark.slow
@pytest.mark.django_db
def test_the_language_of_schema_and_docs_is_the_readers(client):
    def ask(path, language):
        return client.get(path, HTTP_ACCEPT_LANGUAGE=language).content.decode()

    for path in ("/api/v1/schema/", "/api/v1/docs/"):
        for _ in range(2):  # neither is remembered in the language of whoever asked first
            assert "Reserve quota for a shipment" in ask(path, "en")
            assert "Reserve quota for a shipment" not in ask(path, "zh-Hans")


@pytest.mark.parametrize("path", [LICENSE, CANCEL, CUSTOMS])
def test_only_lists_take_the_parameters_of_pages(path, caller):
    answer = caller.send(path, "get" if path == LICENSE else "post", query="?page_size=2")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-parameter")
    assert Shipment.objects.get().state == "reserved"
    assert CustomsMessage.objects.count() == 0


def test_an_address_tells_nothing_by_options(caller):
    answer = caller.send(LICENSE, "options")
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")


def test_what_is_sent_has_no_member_that_is_not_described():
    schemas = DOCUMENT.text["components"]["schemas"]
    sent = {name: schema.get("additionalProperties") for name, schema in schemas.items() if name.endswith("Input")}
    assert set(sent) >= {"ShipmentInput", "ShipmentLineInput", "MessageInput", "ClearedLineInput", "MoneyInput"}
    assert set(sent.values()) == {False}


def test_what_an_error_has_is_described():
    """No reservation of the document's tests runs out of a national quota."""
    failure = {"pointer": "/lines/0/quantity", "code": "quota-exhausted", "pool": "Q-1", "state": "blocked"}
    said = problem(failure | {"remaining": 1, "unit": "kg"}).as_dict()
    assert {"remaining", "pool"} < set(said) <= set(ErrorOutput().fields)


def test_only_what_anyone_may_call_needs_no_key():
    free = {path for path, _method, operation in DOCUMENT.operations() if {} in operation["security"]}
    assert free == OPEN
