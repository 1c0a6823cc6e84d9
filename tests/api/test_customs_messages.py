"""What a customs message may say, and what a cancellation may carry."""

import pytest
from rest_framework.serializers import ValidationError

from shipments.api.serializers import CompositionField, MessageInput, ShipmentLineInput, twice
from tests import make

GOOD = {
    "message_id": "GAC-1",
    "event": "cleared",
    "shipment": "",
    "declaration_no": "530120260000000001",
    "declared_at": "2026-11-25T09:30:00+08:00",
    "cleared_at": "2026-11-25T09:30:00+08:00",
    "lines": [{"license_line": 1, "quantity": "1.000", "unit": "kg"}],
}


def problems(drop=(), **changes):
    body = {name: value for name, value in (GOOD | changes).items() if name not in drop}
    read = MessageInput(data=body | {"shipment": make.unknown("SH")})
    read.is_valid()
    return {name: [getattr(detail, "code", detail) for detail in found] for name, found in read.errors.items()}


def test_cleared_in_the_second_of_its_declaration():
    assert problems() == {}


def test_a_line_stands_once_in_a_message():
    assert problems(lines=GOOD["lines"] * 2) == {"lines": ["duplicate-line"]}
    [said] = twice([{"license_line": number} for number in (1, 2, 2)])
    assert str(said) == "License line 2 stands twice; add the quantities."


def test_a_cleared_message_says_when_and_what():
    assert problems(drop=("cleared_at", "lines")) == {"cleared_at": ["required"], "lines": ["required"]}


def test_a_declared_message_carries_no_lines():
    wrong = ["unknown-field"]
    assert problems(event="declared", final=True) == {"cleared_at": wrong, "lines": wrong, "final": wrong}


def test_fractions_may_be_one_together():
    field = ShipmentLineInput().fields["composition"]
    assert isinstance(field, CompositionField)
    assert field.run_validation({"Dy": "0.4", "Tb": "0.6"}) == {"Dy": "0.4", "Tb": "0.6"}


def test_a_composition_names_at_most_20_elements_by_their_symbols():
    field = ShipmentLineInput().fields["composition"]
    symbols = [
        "Ac",
        "Ag",
        "Al",
        "Am",
        "Ar",
        "As",
        "At",
        "Au",
        "Ba",
        "Be",
        "Bh",
        "Bi",
        "Bk",
        "Br",
        "Ca",
        "Cd",
        "Ce",
        "Cf",
        "Cl",
        "Cm",
        "Co",
    ]
    assert field.run_validation(dict.fromkeys(symbols[:20], "0.01"))
    for wrong in (dict.fromkeys(symbols, "0.01"), {"dy": "0.5"}, {"Dyx": "0.5"}):
        with pytest.raises(ValidationError) as refused:
            field.run_validation(wrong)
        assert [detail.code for detail in refused.value.detail] == ["invalid-format"]


@pytest.fixture
def post(world, client):
    from core.access import Actor

    manager = Actor(world.customs.user, world.customs.organization, roles=frozenset({"customs"}))
    keys = {"customs": make.key(manager, "customs:confirm"), "exporter": make.key(world.exporter, "shipments:write")}

    def send(who, path, text):
        headers = {"HTTP_AUTHORIZATION": f"Bearer {keys[who]}", "HTTP_IDEMPOTENCY_KEY": "k"}
        answer = client.post(path, text, content_type="application/json", **headers)
        return answer.status_code, answer.json().get("code")

    return send


@pytest.mark.parametrize(("text", "code"), [("[]", "min-items"), ("[" + ",".join("1" * 1_001) + "]", "max-items")])
def test_a_list_has_1_to_1000_messages(text, code, post):
    assert post("customs", "/api/v1/customs/messages/", text) == (422, code)


def test_an_empty_message_is_named(post):
    assert post("customs", "/api/v1/customs/messages/", "") == (400, "empty-body")


def test_cancelling_takes_no_body(world, post):
    shipment = world.shipment(world.license(kilograms=100), 1_000)
    path = f"/api/v1/shipments/{shipment.ref}/cancel/"
    assert post("exporter", path, '{"why": "x"}') == (422, "unknown-field")
    shipment.refresh_from_db()
    assert shipment.state == "reserved"
    assert post("exporter", path, "{}")[0] == 200
