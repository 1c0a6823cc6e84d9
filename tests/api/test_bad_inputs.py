"""Every bad input gets its 4xx as problem+json, names the field, and writes nothing."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from core.legal_time import legal_today
from licensing.models.balances import Movement
from shipments.models import Shipment
from tests import make

CASES = [
    case
    for case in yaml.safe_load((Path(__file__).parent.parent / "bad_inputs.yaml").read_text(encoding="utf-8"))
    if "form" not in case  # those are tests/core/test_strict.py
]
SHIPMENTS, CUSTOMS = "/api/v1/shipments/", "/api/v1/customs/messages/"


def special(value, good):
    today = legal_today()
    line = good["lines"][0]
    return (
        {
            "MANY": [line | {"license_line": number} for number in range(1, 1002)],
            "TWICE": [line, line],
            "LONG": "x" * 10_001,
            "DIGITS": "9" * 5_000,
            "YESTERDAY": (today - timedelta(days=1)).isoformat(),
            "DAY91": (today + timedelta(days=91)).isoformat(),
        }.get(value, value)
        if isinstance(value, str)
        else value
    )


@pytest.fixture
def sent(world, license, client):
    shipment = world.shipment(license, 1_000)
    keys = {
        "EXPORTER": make.key(world.exporter, *make.EXPORTER_SCOPES),
        "READER": make.key(world.exporter, "licenses:read"),
        "CUSTOMS": make.key(manager_of_customs(world), "customs:confirm"),
    }

    def send(case):
        good = world.body(license, "1.000")
        path, headers = case.get("path", SHIPMENTS), dict(case.get("headers", {}))
        if "customs" in case:
            path = CUSTOMS
            good = {
                "message_id": "GAC-1",
                "event": "cleared",
                "shipment": shipment.ref,
                "declaration_no": "530120260000000001",
                "declared_at": "2026-11-25T09:30:00+08:00",
                "cleared_at": "2026-11-25T16:05:00+08:00",
                "final": True,
                "lines": [{"license_line": 1, "quantity": "1.000", "unit": "kg"}],
            } | case["customs"]
        good |= {name: special(value, good) for name, value in case.get("merge", {}).items()}
        good.pop(case.get("drop", ""), None)
        if "line" in case:
            good["lines"] = [good["lines"][0] | {n: special(v, good) for n, v in case["line"].items()}]
        body = json.dumps(good, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if "bytes" in case:
            body = bytes.fromhex(case["bytes"])
        elif "body" in case:
            text = {"DEEP": "[" * 100_000, "HUGE": '{"a":"' + "x" * 3_000_000 + '"}'}.get(case["body"], case["body"])
            body = text.replace("BODY", json.dumps(good)).encode()
        bearer = case.get("bearer", "CUSTOMS" if "customs" in case else "EXPORTER")
        bearer = f"Bearer {keys[bearer]}" if bearer in keys else bearer
        if bearer:
            headers["HTTP_AUTHORIZATION"] = bearer
        if not case.get("no_key"):
            key = case.get("key", "a-key")
            headers["HTTP_IDEMPOTENCY_KEY"] = "k" * 256 if key == "KEY256" else key
        return client.generic(
            case.get("method", "POST"), path, body, case.get("content_type", "application/json"), **headers
        )

    return send


def manager_of_customs(world):
    from core.access import Actor

    return Actor(world.customs.user, world.customs.organization, roles=frozenset({"customs"}))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['row']}-{case['name']}")
def test_bad_input_gets_a_clear_answer_and_changes_nothing(case, sent):
    before = (Shipment.objects.count(), Movement.objects.count())
    response = sent(case)
    problem = json.loads(response.content)
    assert (response.status_code, problem["code"]) == (case["status"], case["code"]), problem
    assert response.headers["Content-Type"] == "application/problem+json"
    assert set(problem) >= {"type", "title", "status", "code", "detail", "instance"}
    assert problem["status"] == case["status"]
    if "pointer" in case:
        assert case["pointer"] in [error["pointer"] for error in problem["errors"]]
    if case["status"] == 401:
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    if case["status"] == 405:
        assert response.headers["Allow"]
    assert (Shipment.objects.count(), Movement.objects.count()) == before


def test_the_rows_asked_for_are_here():
    rows = {case["row"] for case in CASES}
    asked = (set(range(1, 37)) | set(range(75, 83)) | set(range(94, 99))) - {15, 16, 17, 18, 19, 20, 21, 97, 98}
    assert asked - rows == set()
