"""What a list of the REST door leaves out, and what each row says and does not say."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from config.local import demo
from core.models import ApiKey
from licensing.actions import licenses
from shipments import actions
from shipments.models import Shipment
from tests import make
from tests.make import seen

SHIPMENTS, LICENSES = "/api/v1/shipments/", "/api/v1/licenses/"


@pytest.fixture
def key(world):
    return make.key(world.exporter, *make.EXPORTER_SCOPES)


@pytest.fixture
def get(client, key):
    return lambda path, **query: client.get(path, query, HTTP_AUTHORIZATION=f"Bearer {key}")


def found(answer, name):
    return [row[name] for row in answer.json()["results"]]


def test_shipments_are_narrowed_by_state_license_and_the_exporters_own_reference(world, get):
    one, other = world.license(kilograms=10), world.license(kilograms=10)
    first = world.shipment(one, 1_000, client_reference="PO-A")
    second = world.shipment(other, 1_000, client_reference="PO-B")
    actions.cancel(second.ref, by=world.exporter)
    assert found(get(SHIPMENTS), "reference") == [second.ref, first.ref]
    for query, left in (
        ({"state": "reserved"}, first),
        ({"state": "cancelled"}, second),
        ({"license": one.ref.lower()}, first),
        ({"license": other.ref}, second),
        ({"client_reference": "PO-A"}, first),
        ({"client_reference": "PO-B"}, second),
    ):
        assert found(get(SHIPMENTS, **query), "reference") == [left.ref], query
    assert found(get(SHIPMENTS, state="reserved", license=other.ref), "reference") == []


def test_licenses_are_narrowed_by_state_and_kind(world, get):
    active, other = world.license(kilograms=10), world.license(kilograms=10)
    licenses.suspend(other.ref, seen=seen(other.ref), reason="Inspection", by=world.ministry.decider)
    assert found(get(LICENSES, state="active"), "number") == [active.ref]
    assert found(get(LICENSES, state="suspended"), "number") == [other.ref]
    assert found(get(LICENSES, kind="per_shipment"), "number") == []
    assert set(found(get(LICENSES, kind="annual"), "number")) == {active.ref, other.ref}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (SHIPMENTS, {"state": "gone"}),
        (LICENSES, {"state": "gone"}),
        (LICENSES, {"kind": "gone"}),
        (SHIPMENTS, {"page_size": "0"}),
        (SHIPMENTS, {"page_size": "201"}),
        (SHIPMENTS, {"page_size": "ten"}),
        (SHIPMENTS, {"page_size": "²"}),
        (SHIPMENTS, {"colour": "red"}),
        ("/api/v1/licenses/EL-AAAAAAAAA/", {"page_size": "5"}),
    ],
)
def test_a_parameter_that_can_not_be_meant_is_named(path, query, get):
    answer = get(path, **query).json()
    [name] = query
    assert [(one["pointer"], one["code"]) for one in answer["errors"]] == [(f"/{name}", "invalid-parameter")]


def test_what_is_not_known_of_a_shipment_yet_is_null(world, get):
    row = get(f"{SHIPMENTS}{world.shipment(world.license(kilograms=10), 1_000).ref}/").json()
    assert (row["declaration_no"], row["declared_at"], row["cleared_at"]) == (None, None, None)
    assert "value" not in row["lines"][0]


def test_a_value_that_was_said_is_said_again(world, client, key):
    body = world.body(world.license(kilograms=10), "1.000")
    body["lines"][0]["value"] = {"amount": "1200.50", "currency": "EUR"}
    headers = {"HTTP_AUTHORIZATION": f"Bearer {key}", "HTTP_IDEMPOTENCY_KEY": "k"}
    answer = client.post(SHIPMENTS, json.dumps(body), content_type="application/json", **headers)
    assert answer.json()["lines"][0]["value"] == {"amount": "1200.50", "currency": "EUR"}


def test_what_is_answered_when_it_is_reserved_is_what_is_read_of_it_then(world, client, get, key):
    """Nothing is read again for the answer; of its lines only that says what is left."""
    license = world.license(kilograms=10)
    second = license.lines.get()
    second.pk, second.number = None, 2
    second.save(force_insert=True)
    value = {"amount": "1200.50", "currency": "EUR"}
    line = {"quantity": "1.000", "unit": "kg", "hs_code": second.hs_codes[0].ljust(10, "0"), "value": value}
    body = world.body(license, final=True, lines=[line | {"license_line": 2}, line | {"license_line": 1}])
    headers = {"HTTP_AUTHORIZATION": f"Bearer {key}", "HTTP_IDEMPOTENCY_KEY": "k"}
    answer = client.post(SHIPMENTS, json.dumps(body), content_type="application/json", **headers).json()
    assert [row.pop("available_after") for row in answer["lines"]] == ["9.000", "9.000"]
    assert answer == get(f"{SHIPMENTS}{answer['reference']}/").json()


def test_a_declared_shipment_is_not_cleared_yet(world, get):
    shipment = world.shipment(world.license(kilograms=10), 1_000)
    actions.receive(world.message(shipment.ref, "declared"), by=world.customs)
    row = get(f"{SHIPMENTS}{shipment.ref}/").json()
    assert (row["cleared_at"], row["declared_at"] is None, row["declaration_no"] is None) == (None, False, False)


@pytest.mark.parametrize(("seconds", "written"), [(30, False), (90, True)])
def test_a_keys_last_use_is_exact_to_a_minute(seconds, written, world, get, key):
    assert get(SHIPMENTS).status_code == 200
    row = ApiKey.objects.get(revoked_at=None)
    assert row.last_used_at is not None
    before = timezone.now() - timedelta(seconds=seconds)
    ApiKey.objects.update(last_used_at=before)
    get(SHIPMENTS)
    row.refresh_from_db()
    assert (row.last_used_at != before) is written


def test_the_customs_door_knows_no_parameters_and_keeps_no_silence_about_a_contradiction(world, client, caplog):
    manager = demo.person("port@customs.example", "Port", world.customs.organization, "customs")
    key = make.key(manager, "customs:confirm")
    shipment = world.shipment(world.license(kilograms=10), 1_000)
    message = {
        "message_id": "GAC-1",
        "event": "declared",
        "shipment": shipment.ref,
        "declaration_no": "530120260000000001",
        "declared_at": "2026-11-25T09:30:00+08:00",
    }

    def send(body, query=""):
        path = f"/api/v1/customs/messages/{query}"
        text = json.dumps(body)
        return client.post(path, text, content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {key}")

    assert send(message, "?colour=red").json()["errors"][0]["pointer"] == "/colour"
    assert Shipment.objects.get().state == "reserved"
    assert send([message]).status_code == 207
    assert send(message).status_code == 200, "the same message by itself"
    caplog.clear()
    answer = send(message | {"declaration_no": "530120260000000002"}).json()
    assert answer["errors"][0]["code"] == "message-id-reused"
    assert [(said.message, said.message_id) for said in caplog.records if hasattr(said, "message_id")] == [
        ("customs message contradicts an earlier one", "GAC-1")
    ]
