"""The reports of a shipment over REST: days in JSON, a proof in a form, a key of their own."""

import json

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from config import api
from config.local import demo
from core.files import EICAR
from core.legal_time import legal_today
from core.models import Document
from shipments.models import Shipment
from tests import make

PROOF = demo.pdf("Received")
TOKEN = "a" * 32
BOUNDARY = "multipart/form-data; boundary=x"


@pytest.fixture
def cleared(world, license):
    row = world.shipment(license, 1_000)
    world.clear(row.ref, 1_000)
    return row


@pytest.fixture
def door(world, client):
    return Door(client, {"HTTP_AUTHORIZATION": f"Bearer {make.key(world.exporter, *make.EXPORTER_SCOPES, days=90)}"})


class Door:
    def __init__(self, client, auth):
        self.client, self.auth = client, auth

    def json(self, ref, verb, body, key="k", **extra):
        headers = self.auth | {"HTTP_IDEMPOTENCY_KEY": key} | extra
        return self.client.post(path(ref, verb), json.dumps(body), content_type="application/json", **headers)

    def form(self, ref, fields, key="p", **extra):
        return self.client.post(path(ref, "delivery"), fields, **self.auth, HTTP_IDEMPOTENCY_KEY=key, **extra)

    def raw(self, ref, body, content_type=BOUNDARY, key="r"):
        headers = self.auth | {"HTTP_IDEMPOTENCY_KEY": key}
        return self.client.post(path(ref, "delivery"), body, content_type=content_type, **headers)


def path(ref, verb):
    return f"/api/v1/shipments/{ref}/{verb}/"


def proof(content=PROOF, name="received.pdf"):
    return SimpleUploadedFile(name, content)


def said(answer):
    body = answer.json()
    return answer.status_code, body["code"], [one["pointer"] for one in body.get("errors", [])]


def state(row):
    return Shipment.objects.get(pk=row.pk).state


@pytest.fixture
def departed(cleared, door):
    assert door.json(cleared.ref, "departure", {"departed_on": legal_today().isoformat()}).status_code == 200
    return cleared


def test_departure_and_delivery_are_reported_and_read_again(cleared, door, client):
    today = legal_today().isoformat()
    read = client.get(f"/api/v1/shipments/{cleared.ref}/", **door.auth).json()
    due = Shipment.objects.get(pk=cleared.pk).report_due_on.isoformat()
    assert [read[name] for name in ("report_due_on", "departed_on", "delivered_on")] == [due, None, None]
    left = door.json(cleared.ref.lower(), "departure", {"departed_on": today})
    assert [left.json()[name] for name in ("state", "report_due_on", "departed_on")] == ["departed", due, today]
    made = door.form(cleared.ref, {"delivered_on": today, "proof": proof()})
    assert [made.json()[name] for name in ("state", "report_due_on", "delivered_on")] == ["delivered", None, today]
    assert bytes(Document.objects.get(name="received.pdf").content) == PROOF
    assert client.get(f"/api/v1/shipments/{cleared.ref}/", **door.auth).json() == made.json()


def test_what_may_be_called_instead_is_named_as_it_is_called(cleared, world, license, door):
    today = legal_today().isoformat()
    refused = door.json(cleared.ref, "delivery", {"delivered_on": today}).json()
    assert (refused["code"], refused["state"], refused["allowed"]) == ("wrong-state", "cleared", ["departure"])
    assert door.json(cleared.ref, *refused["allowed"], {"departed_on": today}, key="left").status_code == 200
    again = door.json(cleared.ref, "departure", {"departed_on": today}, key="again").json()
    assert (again["state"], again["allowed"]) == ("departed", ["delivery"])
    reserved = world.shipment(license, 1_000)
    early = door.json(reserved.ref, "departure", {"departed_on": today}, key="early").json()
    assert (early["state"], early["allowed"]) == ("reserved", ["cancel"])


def test_each_call_about_a_shipment_is_named_by_its_verb_and_no_other():
    moves = Shipment._meta.get_field("state").get_all_transitions(Shipment)
    named = {transition.custom["call"] for transition in moves if "call" in transition.custom}
    addresses = [str(one.pattern) for one in api.urlpatterns if str(one.pattern).startswith("shipments/<str:ref>/")]
    assert {address.split("/")[2] for address in addresses} - {""} == named


def test_the_same_key_gets_the_same_answer_and_another_file_none(departed, door):
    today = legal_today().isoformat()
    first, again = (door.form(departed.ref, {"delivered_on": today, "proof": proof()}) for _ in range(2))
    assert (again.status_code, again.content, again.headers["Idempotency-Replayed"]) == (200, first.content, "true")
    other = door.form(departed.ref, {"delivered_on": today, "proof": proof(PROOF + b"\n")})
    assert said(other)[:2] == (422, "idempotency-key-reused")
    assert Document.objects.filter(name="received.pdf").count() == 1
    later = door.form(departed.ref, {"delivered_on": today, "proof": proof()}, key="another")
    assert said(later)[:2] == (409, "wrong-state")
    body = {"departed_on": today}
    assert door.json(departed.ref, "departure", body).headers["Idempotency-Replayed"] == "true"


def test_a_proof_that_a_condition_asks_for_is_needed(departed, door):
    today = legal_today().isoformat()
    assert said(door.json(departed.ref, "delivery", {"delivered_on": today}, key="d")) == (422, "required", ["/proof"])
    assert said(door.form(departed.ref, {"delivered_on": today})) == (422, "required", ["/proof"])
    assert state(departed) == "departed"
    departed.license.conditions.all().delete()
    assert door.json(departed.ref, "delivery", {"delivered_on": today}, key="d").json()["state"] == "delivered"


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"proof": proof(EICAR)}, (422, "file-unsafe", ["/proof"])),
        ({"proof": proof(b"no pdf")}, (422, "file-not-pdf", ["/proof"])),
        ({"proof": proof(b"GIF89a", "a.gif")}, (422, "file-name", ["/proof"])),
        ({"proof": proof(b"%PDF-" + b"0" * 10 * 1024 * 1024)}, (422, "file-too-large", ["/proof"])),
        ({"proof": "a text"}, (422, "file-name", ["/proof"])),
        ({"proof": proof(), "delivered_on": "yesterday"}, (422, "not-iso-date", ["/delivered_on"])),
        ({"proof": proof(), "delivered_on": "2999-01-01"}, (422, "date-out-of-range", ["/delivered_on"])),
        ({"proof": proof(), "more": "x"}, (422, "unknown-field", ["/more"])),
        ({"proof": proof(), "delivered_on": "2026\u202e"}, (422, "forbidden-character", ["/delivered_on"])),
        ({"proof": [proof(), proof()]}, (400, "duplicate-key", [])),
        ({"proof": proof(), "delivered_on": ["2026-11-01", "2026-11-02"]}, (400, "duplicate-key", [])),
    ],
    ids=str,
)
def test_a_form_is_read_as_strictly_as_json(fields, refusal, departed, door):
    for one in fields.get("proof", []) if isinstance(fields["proof"], list) else [fields["proof"]]:
        if not isinstance(one, str):
            one.seek(0)
    answer = door.form(departed.ref, {"delivered_on": legal_today().isoformat()} | fields)
    assert said(answer) == refusal
    assert state(departed) == "departed"


def test_a_file_name_with_a_folder_is_refused(departed, door):
    head = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    body = head % (b"delivered_on", b"", legal_today().isoformat().encode())
    body += head % (b"proof", b'; filename="../received.pdf"', PROOF) + b"--x--\r\n"
    assert said(door.raw(departed.ref, body)) == (422, "file-name", ["/proof"])


def test_a_form_that_can_not_be_read_is_400_for_a_key_and_in_a_session(world, departed, door):
    assert said(door.raw(departed.ref, b"x", "multipart/form-data"))[:2] == (400, "unreadable")
    many = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="f%d"; filename="a"\r\n\r\na\r\n' % n for n in range(30)
    )
    assert said(door.raw(departed.ref, many + b"--x--\r\n"))[:2] == (400, "unreadable")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.exporter.user)
    browser.cookies[settings.CSRF_COOKIE_NAME] = TOKEN
    answer = browser.post(path(departed.ref, "delivery"), b"x", content_type="multipart/form-data")
    assert said(answer)[:2] == (400, "unreadable")


def test_a_session_sends_a_form_with_its_csrf_token(world, departed):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.exporter.user)
    door = Door(browser, {})
    fields = {"delivered_on": legal_today().isoformat(), "proof": proof()}
    assert said(door.form(departed.ref, fields))[:2] == (403, "csrf-failed")
    browser.cookies[settings.CSRF_COOKIE_NAME] = TOKEN
    fields["proof"].seek(0)
    assert door.form(departed.ref, fields, HTTP_X_CSRFTOKEN=TOKEN).json()["state"] == "delivered"


def test_other_bodies_and_other_calls_take_no_form(departed, door):
    assert said(door.raw(departed.ref, b"delivered_on=2026-11-01", "application/x-www-form-urlencoded"))[:2] == (
        415,
        "unsupported-media-type",
    )
    fields = {"departed_on": legal_today().isoformat()}
    answer = door.client.post(path(departed.ref, "departure"), fields, **door.auth, HTTP_IDEMPOTENCY_KEY="f")
    assert said(answer)[:2] == (415, "unsupported-media-type")


def test_reports_need_a_key_a_scope_and_a_shipment_of_ones_own(world, cleared, door, client):
    body = {"departed_on": legal_today().isoformat()}
    other = make.exporter(world.ministry, "Other Co., Ltd.")
    theirs = Door(client, {"HTTP_AUTHORIZATION": f"Bearer {make.key(other, *make.EXPORTER_SCOPES)}"})
    reads = Door(client, {"HTTP_AUTHORIZATION": f"Bearer {make.key(world.exporter, 'shipments:read')}"})
    assert said(door.json(cleared.ref, "departure", body, key=""))[:2] == (400, "idempotency-key-required")
    assert said(theirs.json(cleared.ref, "departure", body))[:2] == (404, "not-found")
    assert said(reads.json(cleared.ref, "departure", body))[:2] == (403, "insufficient-scope")
    assert said(door.json("SH-000000000", "departure", body))[0] in (404, 422)
    assert said(door.json(cleared.ref, "delivery", {"delivered_on": body["departed_on"]}))[:2] == (409, "wrong-state")
    assert state(cleared) == "cleared"


def test_a_report_that_is_owed_for_long_refuses_over_rest(world, license, cleared, door, clock):
    clock.shift(days=15 + 31)
    body = world.body(license, "1.000")
    headers = door.auth | {"HTTP_IDEMPOTENCY_KEY": "s"}
    answer = door.client.post("/api/v1/shipments/", json.dumps(body), content_type="application/json", **headers)
    assert said(answer) == (409, "report-overdue", ["/license"])
    assert cleared.ref in answer.json()["detail"]
    check = door.client.post(
        "/api/v1/shipments/check/", json.dumps(body), content_type="application/json", **door.auth
    ).json()
    assert (check["accepted"], [one["code"] for one in check["failures"]]) == (False, ["report-overdue"])
