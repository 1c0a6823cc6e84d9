"""Many at once are as many one by one: the same outcomes, balances, movements, shipments and kept answers."""

import json
import os
import random
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client

from config.local import demo
from core.idempotency import kept
from core.legal_time import legal_today
from core.models import HistoryLine, Idempotency
from licensing import books
from licensing.models import License, PolicyEdition, PoolMovement, QuotaPool
from licensing.models.balances import ClearanceCount, LicenseLine, Movement
from shipments.actions import bulk
from shipments.models import Shipment
from tests import make
from tests.make import unique

SINGLE, MANY = "/api/v1/shipments/", "/api/v1/shipments/bulk/?mode=partial"
BATCHES = int(os.environ.get("BULK_BATCHES", "40"))


class Twin:
    """Sends a batch row by row, takes it back, sends it at once, takes that back, and tells both."""

    def __init__(self, world):
        self.client = Client()
        self.auth = {"HTTP_AUTHORIZATION": f"Bearer {make.key(world.exporter, *make.EXPORTER_SCOPES)}"}

    def post(self, path, body, key):
        return self.client.post(path, json.dumps(body), "application/json", HTTP_IDEMPOTENCY_KEY=key, **self.auth)

    def one_by_one(self, rows):
        for row in rows:
            alone = {name: said for name, said in row.items() if name != "idempotency_key"}
            answer = self.post(SINGLE, alone, row.get("idempotency_key", ""))
            yield answer.status_code, plain(answer.json()), "Idempotency-Replayed" in answer.headers

    def at_once(self, rows):
        answer = self.post(MANY, rows, unique("whole-"))
        assert answer.status_code == 207, answer.content
        for one in answer.json()["outcomes"]:
            yield one["status"], plain(one["body"]), one.get("replayed", False)

    def both(self, rows):
        told = []
        for way in (self.one_by_one, self.at_once):
            point = transaction.savepoint()
            told.append((list(way(rows)), left_behind()))
            assert books.drift() == books.check_pools(whole=True) == []
            connection.check_constraints()
            transaction.savepoint_rollback(point)
        return told


BALANCES = [f.attname for f in LicenseLine._meta.concrete_fields if f.attname != "chain_digest"]  # of drawn ids


CONTENTS = [
    {},
    {},
    {"composition": {"Tb": "0.0333"}},
    {"composition": {"Ho": "0.05", "Tb": "0.01"}, "composition_basis": "measured"},
    {"composition": {"Ho": "0.12"}, "oxide": "Dy2O3"},
    {"oxide": "Tb4O7"},
]


def plain(body):
    """Without what is drawn anew each time."""
    return {name: said for name, said in body.items() if name not in ("reference", "instance")}


def left_behind():
    keys = Idempotency.objects.exclude(key__startswith="whole-").order_by("key")
    shipments = Shipment.objects.order_by("client_reference")
    return {
        "lines": list(LicenseLine.objects.order_by("pk").values(*BALANCES)),
        "counts": list(ClearanceCount.objects.order_by("pk").values("license_id", "taken")),
        "movements": list(
            Movement.objects.order_by("id").values_list("kind", "line_id", "quantity", "available_after")
        ),
        "pools": list(QuotaPool.objects.order_by("ref").values_list("ref", "used", "over_used", "chain_seq")),
        "used": list(
            PoolMovement.objects.order_by("pool__ref", "seq").values_list(
                "pool__ref", "kind", "license_id", "line_number", "gross", "share", "basis", "amount", "used_after"
            )
        ),
        "shipments": list(shipments.values_list("client_reference", "license_id", "state", "planned_on", "final")),
        "goods": list(
            shipments.order_by("client_reference", "lines__line_number").values_list(
                "lines__quantity", "lines__hs_code"
            )
        ),
        "history": HistoryLine.objects.filter(subject_kind="shipment").count(),
        "keys": [(one.key, one.fingerprint, one.status, plain(json.loads(one.body))) for one in keys],
    }


@pytest.fixture
def licenses(world):
    """One of two lines, one that counts clearances, one that is suspended; national quotas of what their goods contain,
    of their mass, and one that counts what some rows leave unsaid."""
    signed = [world.declaration()]
    goods = [("1C905.a.4", "Magnets", 100), ("1C905.a.4", "More magnets", 50)]
    ref = demo.application(world.exporter, "annual", goods, signed, unique("K-"))
    two = demo.issued(world.exporter, ref, world.ministry, signed)
    counting, idle = world.license(kilograms=20), world.license(kilograms=20)
    License.objects.filter(pk=counting.pk).update(max_clearances=4)
    ClearanceCount.objects.create(license=counting)
    demo_suspend(world, idle)
    make.pool(world.ministry, "MASS", 90, measure="gross", element="", category="magnet", destinations=["DE"])
    make.pool(world.ministry, "HO", 4, element="Ho")
    make.pool(world.ministry, "TB", 2, element="Tb")
    next_month = legal_today() + timedelta(days=32)
    make.pool(world.ministry, "DY", 3, period_from=next_month, period_until=next_month + timedelta(days=99))
    return [make.unsaid(one) for one in (two, counting, idle)]


def demo_suspend(world, license):
    from licensing.actions import licenses as verbs

    verbs.suspend(license.ref, seen=make.seen(license.ref), reason="Inspection", by=world.ministry.decider)


def drawn(draw, world, licenses, used):
    """A batch of up to a dozen rows, of all kinds of good and bad ones. used: (key, row) of singles before it."""
    stranger = make.unknown("PTY")
    rows = []
    for _ in range(draw.randint(1, 12)):
        license = draw.choice([licenses[0], licenses[0], *licenses])
        numbers = draw.sample([1, 2, 3], draw.choice([1, 1, 2])) if license == licenses[0] else [1]
        lines = [
            {"license_line": n, "unit": draw.choice(["kg", "kg", "unit"] if draw.random() < 0.1 else ["kg"]),
             "quantity": draw.choice(["1.000", "7.500", "30.000", "60.000"]), **draw.choice(CONTENTS)}
            for n in numbers
        ]  # fmt: skip
        row = world.body(license, lines=lines) | {"idempotency_key": unique("row-")}
        if draw.random() < 0.25:
            name, said = draw.choice([
                ("end_user", stranger),
                ("consignee", stranger),
                ("license", make.unknown()),
                ("port", "CNNGB"),
                ("destination", "FR"),
                ("planned_on", (legal_today() + timedelta(days=91)).isoformat()),
                ("planned_on", (legal_today() + timedelta(days=60)).isoformat()),
                ("final", True),
                ("bogus", 1),
                ("lines", []),
                ("idempotency_key", unique("no key ")),
            ])  # fmt: skip
            row[name] = said
        if used and draw.random() < 0.15:
            key, before = used.pop(draw.randrange(len(used)))
            row = before | {"idempotency_key": key} if draw.random() < 0.7 else row | {"idempotency_key": key}
        elif used and draw.random() < 0.1:
            row["client_reference"] = used.pop(draw.randrange(len(used)))[1]["client_reference"]
        rows.append(row)
    return rows


@pytest.mark.slow
def test_many_at_once_are_as_many_one_by_one(world, licenses):
    """BULK_BATCHES=1000 asks more."""
    twin, draw = Twin(world), random.Random(int(os.environ.get("BULK_SEED", "1")))
    statuses, refusals = set(), set()
    for number in range(BATCHES):
        if number == BATCHES // 2:  # from here on no verdict knows the newest rules
            make.edition(lambda rules, document: None)
        point = transaction.savepoint()
        used = []
        for quantity in ("1.000", "1.000", "99999.000"):
            row = world.body(licenses[0], quantity)
            used.append((unique("used-"), row))
            twin.post(SINGLE, row, used[-1][0])
        rows = drawn(draw, world, licenses, used)
        (alone, after_alone), (together_, after_together) = twin.both(rows)
        assert together_ == alone, rows
        assert after_together == after_alone, rows
        statuses |= {status for status, _, _ in alone}
        refusals |= {one["code"] for _, body, _ in alone for one in body.get("errors", ())}
        transaction.savepoint_rollback(point)
    assert statuses == {201, 400, 404, 409, 422}
    assert {"line-exhausted", "quota-exhausted", "required"} <= refusals


def test_the_rules_are_asked_once_for_each_license_end_user_and_destination(world, license, monkeypatch):
    make.edition(lambda rules, document: rules["R033"].update({"match": {"destination.country": ["DE"]}}))
    asked, judged = [], bulk.judged_of
    monkeypatch.setattr(bulk, "judged_of", lambda stated: asked.append(stated["license"]) or judged(stated))
    rows = [world.body(license, "1.000") | {"idempotency_key": unique("row-")} for _ in range(5)]
    told = list(Twin(world).at_once(rows))
    assert asked == [license.ref]
    assert {(status, body["code"]) for status, body, _ in told} == {(409, "policy-prohibits")}


def test_rules_that_come_between_are_tried_again(world, license, monkeypatch):
    make.edition(lambda rules, document: None)
    monkeypatch.setattr(bulk, "judged_of", lambda stated: {"edition": PolicyEdition.objects.latest("pk").pk - 1})
    row = world.body(license, "1.000") | {"idempotency_key": unique("row-")}
    answer = Twin(world).post(MANY, [row], "k")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert (Shipment.objects.count(), Idempotency.objects.filter(key="k").count()) == (0, 0)


def test_the_database_holds_the_keys_whose_answers_are_kept(world, license):
    """What is accepted, refused by a guard, wrong in itself, not there, and answered before."""
    twin, first = Twin(world), world.body(license, "1.000") | {"idempotency_key": unique("row-")}
    [*twin.at_once([first])]
    changes = ({}, {"lines": [first["lines"][0] | {"quantity": "900.000"}]}, {"planned_on": "2020-01-01"})
    rows = [world.body(license, "1.000") | {"idempotency_key": unique("row-"), **changed} for changed in changes]
    rows += [rows[0] | {"license": make.unknown(), "idempotency_key": unique("row-"), "client_reference": unique("C-")}]
    told = dict(zip((row["idempotency_key"] for row in rows), twin.at_once(rows), strict=True))
    assert [status for status, _body, _replayed in told.values()] == [201, 409, 422, 404]
    held = Idempotency.objects.filter(key__in=told).values_list("key", "status")
    assert dict(held) == {key: status for key, (status, *_rest) in told.items() if kept(status)}
    assert [*twin.at_once([first | {"final": True}])][0][0] == 422  # the key has its answer
    assert Idempotency.objects.get(key=first["idempotency_key"]).status == 201


def test_another_companys_license_or_party_is_not_there(world, license):
    other = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    foreign = other.license(kilograms=10)
    rows = [
        world.body(license, "1.000") | {"idempotency_key": unique("row-"), **changed}
        for changed in (
            {"license": foreign.ref},
            {"end_user": foreign.end_users.get().party.ref},
            {"consignee": foreign.consignees.get().ref},
        )
    ]
    told = [(status, body["code"]) for status, body, _ in Twin(world).at_once(rows)]
    assert told == [(404, "not-found"), (422, "unknown-reference"), (422, "unknown-reference")]
    assert Shipment.objects.count() == 0


def test_another_companys_key_is_another_key(world, license):
    other = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    rows = [(world, license, "one"), (other, other.license(kilograms=10), "one")]
    for of, on, key in rows:
        [(status, _body, replayed)] = Twin(of).at_once([of.body(on, "1.000") | {"idempotency_key": key}])
        assert (status, replayed) == (201, False)
