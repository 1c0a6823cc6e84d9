"""The shipments door: reserve, retry, refuse, cancel, and who sees what."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.legal_time import legal_now, legal_today, on_the_wire
from licensing.models import ExchangeRate
from licensing.models.balances import LicenseLine
from shipments.models import CustomsMessage, Incident, Shipment
from tests import make

PATH = "/api/v1/shipments/"


@pytest.fixture
def door(world, client):
    return Door(client, make.key(world.exporter, *make.EXPORTER_SCOPES))


class Door:
    def __init__(self, client, key):
        self.client, self.auth = client, {"HTTP_AUTHORIZATION": f"Bearer {key}"}

    def get(self, path, **extra):
        return self.client.get(path, **self.auth, **extra)

    def post(self, path, body=None, key=None, **extra):
        headers = self.auth | ({"HTTP_IDEMPOTENCY_KEY": key} if key else {}) | extra
        data = "" if body is None else json.dumps(body)
        return self.client.post(path, data, content_type="application/json", **headers)


def test_reserve_answers_201_with_what_is_left(world, door):
    license = world.license(kilograms=5_860)
    body = world.body(license, "1200.000", client_reference="PO-778/1")
    answer = door.post(PATH, body, "po-778-1")
    assert answer.status_code == 201
    made = answer.json()
    assert made["state"] == "reserved"
    assert made["license"] == license.ref
    assert made["lines"][0] | {"hs_code": ""} == {
        "license_line": 1,
        "quantity": "1200.000",
        "unit": "kg",
        "hs_code": "",
        "reserved": "1200.000",
        "drawn": "0.000",
        "released": "0.000",
        "over_cleared": "0.000",
        "returned": "0.000",
        "credited": "0.000",
        "available_after": "4660.000",
    }
    assert door.get(f"{PATH}{made['reference'].lower()}/").json()["reference"] == made["reference"]


def test_the_same_key_gets_the_same_bytes_and_one_shipment(world, door):
    body = world.body(world.license(kilograms=100), "10.000")
    first, again = door.post(PATH, body, "k"), door.post(PATH, dict(reversed(body.items())), "k")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert Shipment.objects.count() == 1


def test_a_used_key_with_another_body_is_refused(world, license, door):
    door.post(PATH, world.body(license, "10.000"), "k")
    other = door.post(PATH, world.body(license, "11.000"), "k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert Shipment.objects.count() == 1


def test_a_refusal_is_remembered_even_when_quota_frees(world, license, door):
    held = world.shipment(license, 100_000)
    body = world.body(license, "10.000")
    first = door.post(PATH, body, "k")
    assert (first.status_code, first.json()["code"]) == (409, "line-exhausted")
    assert Shipment.objects.count() == 1
    assert door.post(f"{PATH}{held.ref}/cancel/", key="c").status_code == 200
    again = door.post(PATH, body, "k")
    assert (again.status_code, again.content) == (409, first.content)
    assert door.post(PATH, body, "k2").status_code == 201


def test_a_mended_request_may_use_its_key_again(world, door):
    body = world.body(world.license(kilograms=100), "10.000")
    assert door.post(PATH, body | {"bogus": 1}, "k").status_code == 422
    assert door.post(PATH, body, "k").status_code == 201


def test_every_failed_guard_is_named_at_once_and_in_order(world, license, door):
    stranger = world.declaration(country="FR").end_user
    body = world.body(
        license,
        "100.001",
        end_user=stranger.ref,
        consignee=stranger.ref,
        port="CNNGB",
        destination="FR",
        planned_on=legal_today().isoformat(),
    )
    body["lines"][0]["hs_code"] = "99999999"
    answer = door.post(PATH, body, "k").json()
    assert answer["code"] == "end-user-not-authorized"
    assert [(e["pointer"], e["code"]) for e in answer["errors"]] == [
        ("/end_user", "end-user-not-authorized"),
        ("/consignee", "consignee-not-authorized"),
        ("/port", "port-not-authorized"),
        ("/destination", "destination-not-authorized"),
        ("/lines/0/hs_code", "line-mismatch"),
        ("/lines/0/quantity", "line-exhausted"),
    ]
    assert answer["errors"][-1]["remaining"] == "100.000"
    check = door.post(f"{PATH}check/", body).json()
    assert check == {"accepted": False, "failures": answer["errors"]}
    assert Shipment.objects.count() == 0


def test_what_a_license_says_of_its_end_users_is_what_is_reserved_for_them(world, client):
    license = world.apart()
    key = make.key(world.exporter, *make.EXPORTER_SCOPES)
    headers = {"authorization": f"Bearer {key}"}
    one = client.get(f"/api/v1/licenses/{license.ref}/", headers=headers).json()
    assert [(user["country"], user["lines"]) for user in one["end_users"]] == [("DE", [1]), ("JP", [2])]

    def failures(party, country, line):
        lines = [{"license_line": line, "quantity": "1.000", "unit": "kg"}]
        body = world.body(license, end_user=party, destination=country, lines=lines)
        answer = client.post(f"{PATH}check/", body, content_type="application/json", headers=headers)
        return [(one["code"], one.get("destinations")) for one in answer.json()["failures"]]

    for user in one["end_users"]:
        for country in ("DE", "JP"):
            for line in (1, 2):
                wrong = [] if country == user["country"] else [("destination-not-authorized", [user["country"]])]
                wrong += [] if line in user["lines"] else [("line-mismatch", None)]
                assert failures(user["party"], country, line) == wrong


def test_check_has_no_effect(world, door):
    """Whatever references other companies have."""
    other = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    theirs = other.shipment(other.license(kilograms=100), 1_000)
    license = world.license(kilograms=100)
    body = world.body(license, "10.000", client_reference=theirs.client_reference)
    assert door.post(f"{PATH}check/", body).json() == {"accepted": True, "failures": []}
    assert list(Shipment.objects.all()) == [theirs]
    assert LicenseLine.objects.get(license=license).reserved == 0


def test_unknown_and_foreign_licenses_look_the_same(world, door):
    other = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    foreign, mine = other.license(kilograms=100), world.license(kilograms=100)
    answers = []
    for number in (foreign.ref, make.unknown()):
        for answer in (
            door.get(f"/api/v1/licenses/{number}/"),
            door.get(f"/api/v1/licenses/{number}/movements/"),
            door.post(PATH, world.body(mine) | {"license": number}, make.unique("k")),
        ):
            body = answer.json()
            body.pop("instance")
            answers.append((answer.status_code, body))
    assert answers[0][0] == 404
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize(("quantity", "status"), [("1.000", 201), ("101.000", 409)])
def test_a_reservation_is_one_statement_with_its_key_and_a_refusal_has_its_answer_kept_alone(
    quantity, status, world, door
):
    """Here the test has the outermost transaction."""
    license = world.license(kilograms=100)
    for first in ("first", "and then"):  # the key's last use is written once a minute, and then it is remembered
        door.post(PATH, world.body(license, "1.000"), first)
    body = world.body(license, quantity)
    with CaptureQueriesContext(connection) as asked:
        assert door.post(PATH, body, "second").status_code == status
    said = [" ".join(one["sql"].split()[:2]).split("(")[0] for one in asked.captured_queries]
    kept = [words for words in said if words.startswith(("SAVEPOINT", "RELEASE"))]
    keeps = ["SELECT answer_claim", "UPDATE core_idempotency"] if status == 409 else []
    assert [words for words in said if words not in kept] == ["SELECT CASE", *keeps]  # where its key is proved
    assert len(kept) == len(keeps)


@pytest.mark.parametrize("name", ["end_user", "consignee"])
def test_a_foreign_party_is_an_unknown_reference(name, world, door):
    other = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    party = other.declaration().end_user
    license = world.license(kilograms=100)
    answers = [
        door.post(PATH, world.body(license, **{name: ref}), make.unique("k")).json()
        for ref in (party.ref, make.unknown("PTY"))
    ]
    assert [a["code"] for a in answers] == ["unknown-reference"] * 2
    assert [error["pointer"] for error in answers[0]["errors"]] == [f"/{name}"]
    assert answers[0]["errors"] == answers[1]["errors"]


def test_a_client_reference_is_used_once_for_ever(world, license, door):
    first = door.post(PATH, world.body(license, "1.000", client_reference="PO-1"), "k1").json()
    second = door.post(PATH, world.body(license, "1.000", client_reference="PO-1"), "k2")
    assert (second.status_code, second.json()["code"]) == (409, "client-reference-used")
    assert f" {first['reference']}" in second.json()["detail"]
    check = door.post(f"{PATH}check/", world.body(license, "1.000", client_reference="PO-1")).json()
    assert check == {"accepted": False, "failures": second.json()["errors"]}
    assert LicenseLine.objects.get(license=license).reserved == 1_000


def test_a_refused_goods_code_is_told_every_beginning_that_the_line_allows(world, license, door):
    LicenseLine.objects.update(hs_codes=["850511", "850519"])
    body = world.body(license, "1.000")
    body["lines"][0]["hs_code"] = "85059090"
    assert "begins with 850511, 850519." in door.post(PATH, body, "k").json()["detail"]


def test_cancel_twice_is_a_wrong_state(world, door):
    shipment = world.shipment(world.license(kilograms=100), 1_000)
    assert door.post(f"{PATH}{shipment.ref}/cancel/", key="a").json()["state"] == "cancelled"
    again = door.post(f"{PATH}{shipment.ref}/cancel/", key="b")
    assert (again.status_code, again.json()["code"]) == (409, "wrong-state")


def test_a_revoked_or_ended_key_opens_nothing(world, client):
    from core.actions import revoke_key
    from core.models import ApiKey

    key = make.key(world.exporter, *make.EXPORTER_SCOPES)
    door = Door(client, key)
    assert door.get("/api/v1/licenses/").status_code == 200
    revoke_key(ApiKey.objects.get(prefix=key[:12]).pk, by=world.exporter)
    answer = door.get("/api/v1/licenses/")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid-key")


def test_lists_are_cursor_pages_and_refuse_unknown_parameters(world, license, door):
    for _ in range(3):
        world.shipment(license, 1_000)
    page = door.get(f"{PATH}?page_size=2").json()
    assert (len(page["results"]), page["previous"]) == (2, None)
    rest = door.get(page["next"].removeprefix("http://testserver")).json()
    assert (len(rest["results"]), rest["next"]) == (1, None)
    for query in ("page=0", "page_size=201", "page_size=x", "ordering=owner__password", "state=';--", "cursor=zzz"):
        answer = door.get(f"{PATH}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-parameter"), query
    wrong = door.get(f"{PATH}?license=EL-AAAAAAAA1").json()
    assert [(one["pointer"], one["code"]) for one in wrong["errors"]] == [("/license", "invalid-license-number")]
    assert wrong["detail"] == "This is no EL- reference, or it has a typing error."


# --- customs ----------------------------------------------------------------------------------------------


@pytest.fixture
def border(world, client):
    from core.access import Actor

    manager = Actor(world.customs.user, world.customs.organization, roles=frozenset({"customs"}))
    return Door(client, make.key(manager, "customs:confirm"))


def message(shipment, **changes):
    return {
        "message_id": make.unique("GAC-"),
        "event": "cleared",
        "shipment": shipment,
        "declaration_no": f"5301202600{next(make.serial):08d}",
        "declared_at": on_the_wire(legal_now()),
        "cleared_at": on_the_wire(legal_now() + timedelta(minutes=5)),
        "final": True,
        "lines": [{"license_line": 1, "quantity": "1196.400", "unit": "kg"}],
    } | changes


def declared(shipment, **changes):
    body = message(shipment, event="declared", **changes)
    for name in ("cleared_at", "final", "lines"):
        body.pop(name)
    return body


MESSAGES = "/api/v1/customs/messages/"


def test_cleared_draws_and_releases(world, border):
    shipment = world.shipment(world.license(kilograms=5_000), 1_200_000)
    body = message(shipment.ref, message_id="GAC-2026-000123")
    assert border.post(MESSAGES, body).json() == {
        "message_id": "GAC-2026-000123",
        "shipment": shipment.ref,
        "state": "cleared",
        "lines": [{"license_line": 1, "drawn": "1196.400", "released": "3.600", "over_cleared": "0.000"}],
    }
    replay = border.post(MESSAGES, body)
    assert (replay.status_code, replay.headers["Idempotency-Replayed"]) == (200, "true")
    contradiction = border.post(MESSAGES, body | {"final": False})
    assert (contradiction.status_code, contradiction.json()["code"]) == (422, "message-id-reused")
    assert CustomsMessage.objects.count() == 1
    assert LicenseLine.objects.get().drawn == 1_196_400


def test_declared_then_cleared(world, border):
    shipment = world.shipment(world.license(kilograms=5_000), 1_200_000)
    number = "530120260000000777"
    first = border.post(MESSAGES, declared(shipment.ref, declaration_no=number))
    assert (first.status_code, first.json()["state"]) == (200, "declared")
    assert "incident" not in first.json()
    assert border.post(MESSAGES, message(shipment.ref, declaration_no=number)).json()["state"] == "cleared"


def test_a_message_about_an_unknown_shipment_is_parked(world, border):
    answer = border.post(MESSAGES, message(make.unknown("SH")))
    assert answer.status_code == 202
    assert answer.json()["incident"] == Incident.objects.get(kind="unknown_shipment").ref


def test_of_several_incidents_the_first_is_the_one(world, border):
    shipment = world.shipment(world.license(kilograms=1_000), 1_000_000)
    stray = {"license_line": 9, "quantity": "1.000", "unit": "kg"}
    over = {"license_line": 1, "quantity": "1196.400", "unit": "kg"}
    answer = border.post(MESSAGES, message(shipment.ref, lines=[stray, over])).json()
    assert [one["kind"] for one in answer["incidents"]] == ["unknown_line", "over_cleared"]
    assert answer["incident"] == answer["incidents"][0]["reference"]


def test_declared_on_a_cancelled_reservation_is_recorded_with_an_incident(world, border):
    from shipments.actions import cancel

    shipment = world.shipment(world.license(kilograms=5_000), 1_200_000)
    cancel(shipment.ref, by=world.exporter)
    later = on_the_wire(legal_now() + timedelta(minutes=5))
    answer = border.post(MESSAGES, declared(shipment.ref, declared_at=later))
    assert (answer.status_code, answer.json()["state"]) == (200, "declared")
    assert [i["kind"] for i in answer.json()["incidents"]] == ["reservation_gone"]


def test_a_list_is_answered_item_by_item(world, border):
    license = world.license(kilograms=5_000)
    first, second = world.shipment(license, 1_200_000), world.shipment(license, 1_200_000)
    answer = border.post(MESSAGES, [message(first.ref), {"bogus": 1}, message(second.ref), message(make.unknown("SH"))])
    assert answer.status_code == 207
    assert [item["status"] for item in answer.json()] == [200, 422, 200, 202]
    assert answer.json()[1]["body"]["code"] == "unknown-field"


def test_a_list_of_1000_messages_is_taken(border):
    answer = border.post(MESSAGES, [{}] * 1_000)
    assert (answer.status_code, len(answer.json())) == (207, 1_000)


def test_customs_looks_up_a_license_and_a_shipment_by_number_and_lists_none(world, license, border):
    shipment = world.shipment(license, 1_000)
    seen = border.get(f"/api/v1/licenses/{license.ref}/").json()
    assert (seen["state"], seen["lines"][0]["available"]) == ("active", "99.000")
    assert border.get(f"{PATH}{shipment.ref}/").json()["state"] == "reserved"
    for path in ("/api/v1/licenses/", PATH, f"/api/v1/licenses/{license.ref}/movements/"):
        assert border.get(path).status_code == 403


def test_a_license_says_how_many_clearances_are_taken_and_how_many_were_used(world, license, door):
    world.clear(world.shipment(license, 1_000).ref, 1_000)
    world.shipment(license, 1_000)
    one = door.get(f"/api/v1/licenses/{license.ref}/").json()
    (listed,) = door.get("/api/v1/licenses/").json()["results"]
    assert (one["clearances_taken"], one["clearances_used"]) == (2, 1)
    assert listed == one


def test_a_license_says_what_else_bounds_its_lines_and_movements_say_on_which_account(world, door):
    license = world.license(kilograms=100, users=2, allotted=[60_000], values={1: Decimal("1000.00")})
    month = legal_today().replace(day=1)
    ExchangeRate.objects.create(month=month, currency="EUR", cny=Decimal("8.5"))
    paid = {"amount": "10.00", "currency": "EUR"}
    body = world.body(license, "1.000")
    body["lines"][0]["value"] = paid
    assert door.post(PATH, body, key="V-1").status_code == 201
    party = license.end_users.order_by("pk")[0].party.ref
    (line,) = door.get(f"/api/v1/licenses/{license.ref}/").json()["lines"]
    amounts = {"authorized": "1000.00", "reserved": "85.00", "drawn": "0.00", "available": "915.00"}
    assert line["value"] == {"currency": "CNY", **amounts}
    amounts = {"authorized": "60.000", "reserved": "1.000", "drawn": "0.000", "available": "59.000"}
    assert line["allotments"] == [{"party": party, **amounts}]
    rows = door.get(f"/api/v1/licenses/{license.ref}/movements/").json()["results"]
    said = [{k: v for k, v in row.items() if k not in ("id", "at", "line", "shipment")} for row in rows]
    reserved = {"kind": "reserve", "from_reservation": True}
    assert said[3:] == [
        {"account": "quantity", "quantity": "1.000", "available_after": "99.000", **reserved},
        {
            "account": "value",
            "amount": "85.00",
            "currency": "CNY",
            "rate": "8.5",
            "available_after": "915.00",
            **reserved,
        },
        {"account": "allotment", "quantity": "1.000", "end_user": party, "available_after": "59.000", **reserved},
    ]


@pytest.mark.parametrize("position", ["abc", "", "1.5", "1e9"])
def test_a_cursor_made_by_hand_is_a_wrong_parameter(door, position):
    from base64 import b64encode

    cursor = b64encode(f"p={position}".encode()).decode()
    answer = door.get(PATH, data={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-parameter")


def test_a_key_reads_what_everybody_may_read(door):
    for path in ("/api/v1/control-items/", "/api/v1/schema/", "/api/v1/docs/"):
        assert door.get(path).status_code == 200


@pytest.mark.parametrize(
    "composition", [{"": "0.1"}, {"<b>": "0.1"}, {"Dy": "0.6", "Tb": "0.6"}, {"Dy": "2"}, [], "x", {"Dy": "0"}]
)
def test_a_composition_is_elements_and_fractions(world, door, composition):
    body = world.body(world.license(kilograms=100), "1.000")
    body["lines"][0]["composition"] = composition
    answer = door.post(PATH, body, "k")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/lines/0/composition")


@pytest.mark.parametrize("as_of", ["20260101", "2026-W01-1", "2026-02-30"])
def test_the_control_list_wants_a_day(door, as_of):
    answer = door.get(f"/api/v1/control-items/?as_of={as_of}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/as_of")


def test_production_refuses_a_call_in_the_clear(door, settings):
    settings.LOCAL = False
    answer = door.get("/api/v1/licenses/")
    assert (answer.status_code, answer.json()["code"]) == (403, "https-required")
    assert door.get("/api/v1/licenses/", secure=True).status_code == 200


def test_the_last_gram_leaves_nothing_and_says_so(world, door):
    answer = door.post(PATH, world.body(world.license(kilograms=100), "100.000"), "k").json()
    assert answer["lines"][0]["available_after"] == "0.000"


def test_a_key_belongs_to_its_address_too(world, license, door):
    one, other = world.shipment(license, 1_000), world.shipment(license, 1_000)
    assert door.post(f"{PATH}{one.ref}/cancel/", key="c").status_code == 200
    answer = door.post(f"{PATH}{other.ref}/cancel/", key="c")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    other.refresh_from_db()
    assert other.state == "reserved"


def test_a_problem_points_at_its_own_line(world, door):
    body = world.body(world.license(kilograms=100), "1.000")
    good = body["lines"][0]
    body["lines"] = [good, good | {"license_line": 2}, good | {"license_line": 3, "quantity": "x"}]
    answer = door.post(PATH, body, "k")
    assert [problem["pointer"] for problem in answer.json()["errors"]] == ["/lines/2/quantity"]
