"""How many statements each hot call sends, BEGIN and COMMIT included."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.access import Actor
from core.legal_time import legal_now, on_the_wire
from tests import make
from tests.make import unique

PATH = "/api/v1/shipments/"
TRIPS = {  # so often, and with this status
    "reserve": (1, 201),
    "refused": (5, 409),
    "replayed": (1, 201),
    "check": (2, 200),
    "cancel": (24, 200),
    "bulk of 10": (9, 207),
    "declared": (25, 200),
    "cleared": (32, 200),
}


@pytest.fixture
def calls(transactional_db):
    """name -> a call; each was made once, so that what a process makes once is made."""
    from licensing.loading import load

    load()
    ministry = make.ministry()
    world = make.World(ministry, make.customs(), make.exporter(ministry))
    manager = Actor(world.customs.user, world.customs.organization, roles=frozenset({"customs"}))
    license, seal = world.license(kilograms=5_000), make.key(manager, "customs:confirm")
    key, client = make.key(world.exporter, *make.EXPORTER_SCOPES), Client()

    def post(path, body=None, by=key, again=None):
        headers = {"HTTP_AUTHORIZATION": f"Bearer {by}", "HTTP_IDEMPOTENCY_KEY": again or unique("K")}
        return client.post(path, json.dumps(body) if body else "", content_type="application/json", **headers)

    def tell(event, **facts):
        number = unique("")[-8:]
        about = {"message_id": f"M-{number}", "shipment": told[event].pop(), "declaration_no": f"5301202{number:0>8}"}
        return post("/api/v1/customs/messages/", about | {"event": event, "declared_at": on_the_wire(at)} | facts, seal)

    at, verbs = legal_now(), ("declared", "cleared", "cancel")
    told = {verb: [world.shipment(license, 1_000).ref for _ in range(2)] for verb in verbs}
    bodies = [world.body(license, "1.000") for _ in range(24)]
    rows = [[bodies.pop() | {"idempotency_key": unique("R")} for _ in range(10)] for _ in range(2)]
    same, much = bodies.pop(), world.body(license, "9999.000")
    lines = [{"license_line": 1, "quantity": "1.000", "unit": "kg"}]
    return {
        "reserve": lambda: post(PATH, bodies.pop()),
        "refused": lambda: post(PATH, much),
        "replayed": lambda: post(PATH, same, again="K"),
        "check": lambda: post(f"{PATH}check/", much),
        "cancel": lambda: post(f"{PATH}{told['cancel'].pop()}/cancel/"),
        "bulk of 10": lambda: post(f"{PATH}bulk/?mode=partial", rows.pop()),
        "declared": lambda: tell("declared"),
        "cleared": lambda: tell("cleared", cleared_at=on_the_wire(at), final=True, lines=lines),
    }


@pytest.mark.slow
def test_each_hot_call_goes_to_the_database_so_often(calls):
    found = {}
    calls["reserve"]()  # the key's last use is written once a minute, and then it is remembered
    for name, call in calls.items():
        call()
        with CaptureQueriesContext(connection) as queries:
            status = call().status_code
        found[name] = len(queries), status
    assert found == TRIPS
