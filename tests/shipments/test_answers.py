"""The answer of a reservation is kept by the statement that makes it, and says what its renderer would have said."""

import json
from contextlib import closing
from dataclasses import replace

import psycopg2
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg2.errors import DeadlockDetected

from config.local import demo
from core import command, problems
from core.errors import DomainError, Invalid
from core.idempotency import Answer, Claim
from core.legal_time import legal_now
from core.models import Idempotency
from core.quantities import UNITS, show
from licensing.models import License
from shipments import actions, answers
from shipments.actions import reservations
from shipments.models import Shipment
from tests import make
from tests.book import unguarded
from tests.shipments.test_races import dsn

KG = 1000


def claim(world, key="K"):
    return Claim(
        world.exporter.organization_id,
        key,
        "f",
        render=lambda made: Answer(201, problems.JSON, problems.dumps(answers.reserved(made))),
        refuse=lambda refusal: Answer(refusal.status, "text/plain", refusal.code),
    )


@pytest.fixture
def license(world):
    return world.license(kilograms=100)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lines", "sent_as"),
    [
        ([actions.LineRequest(1, 1_500, "kg")], "PO-1"),
        ([actions.LineRequest(1, 99_999, "g", hs_code="85051110")], '100 % %1$s "quoted" \\u0000'),
        ([actions.LineRequest(1, 100_000, "kg")], "all of it"),
    ],
)
def test_what_is_kept_is_what_its_renderer_says_of_the_outcome(lines, sent_as, world, license):
    request = world.request(license, lines=lines, client_reference=sent_as)
    answer = actions.reserve.claimed(claim(world), request, by=world.exporter)
    twin = world.license(kilograms=100)
    made = actions.reserve(world.request(twin, lines=lines), by=world.exporter)
    shipment = Shipment.objects.get(license=license)
    said = replace(made, ref=shipment.ref, request=request)
    assert answer == Answer(201, problems.JSON, problems.dumps(answers.reserved(said)))
    kept = Idempotency.objects.get(key="K")
    assert (kept.status, kept.content_type, kept.body) == (answer.status, answer.content_type, answer.body)
    assert actions.reserve.claimed(claim(world), request, by=world.exporter) == replace(answer, replayed=True)


def test_each_line_says_what_that_line_has_left(world):
    signed = [world.declaration(codes=("1C905.a.4", "1C904.a.4"))]
    goods = [(code, "NdFeB magnets", 100) for code in ("1C905.a.4", "1C904.a.4")]
    ref = demo.application(world.exporter, "annual", goods, signed, make.unique("K-"))
    license = demo.issued(world.exporter, ref, world.ministry, signed)
    lines = [actions.LineRequest(2, 3 * KG, "kg"), actions.LineRequest(1, 1, "g")]
    answer = actions.reserve.claimed(claim(world), world.request(license, lines=lines), by=world.exporter)
    left = {row.number: row.available for row in license.lines.all()}
    assert answer.body.count('"available_after"') == 2
    assert f'"available_after":"{left[1]}"' in answer.body
    assert f'"available_after":"{left[2] // KG}.000"' in answer.body


def test_a_shipment_for_whom_its_license_is_open_is_not_on_hold_whoever_else_it_is_closed_for(world, client):
    """It is suspended for causes of another end-user alone. The call, a bulk and whoever reads it say the same."""
    license = world.license(users=2)
    another = license.end_users.order_by("pk").last()
    why = {"cause": "screening", "reason": "A hit", "opened_by": world.ministry.admin.user, "opened_at": legal_now()}
    another.causes.create(license=license, **why)
    with unguarded():
        License.objects.filter(pk=license.pk).update(state="suspended")
    client.force_login(world.exporter.user)

    def post(path, body):
        return client.post(path, body, "application/json", HTTP_IDEMPOTENCY_KEY=make.unique("k-")).json()

    row = world.body(license, "1.000") | {"idempotency_key": make.unique("row-")}
    many = post("/api/v1/shipments/bulk/?mode=atomic", [row])["outcomes"]
    for made in (post("/api/v1/shipments/", world.body(license, "1.000")), many[0]["body"]):
        read = client.get(f"/api/v1/shipments/{made['reference']}/").json()
        assert made["on_hold"] is read["on_hold"] is False


def test_what_is_refused_is_remembered_and_has_written_nothing_else(world, license):
    much = world.request(license, 101 * KG)
    refused = actions.reserve.claimed(claim(world), much, by=world.exporter)
    assert refused == Answer(409, "text/plain", "line-exhausted")
    assert not Shipment.objects.exists()
    world.license(kilograms=200)
    assert actions.reserve.claimed(claim(world), much, by=world.exporter) == replace(refused, replayed=True)


def test_a_refusal_that_came_after_its_twin_was_accepted_gives_the_twins_answer(world, license, monkeypatch):
    """The first is refused; before its answer is kept something comes free, and the same request is sent again."""
    holds = world.shipment(license, 50 * KG)
    request, real = world.request(license, 60 * KG), command._durably

    def after_the_twin(effect):
        monkeypatch.setattr(command, "_durably", real)
        actions.cancel(holds.ref, by=world.exporter)
        actions.reserve.claimed(claim(world), request, by=world.exporter)
        return real(effect)

    monkeypatch.setattr(command, "_durably", after_the_twin)
    answer = actions.reserve.claimed(claim(world), request, by=world.exporter)
    assert (answer.status, answer.replayed) == (201, True)
    assert Shipment.objects.filter(state="reserved").count() == 1


def test_what_is_wrong_with_the_request_leaves_its_key_free_and_is_told_at_once(world, license, monkeypatch):
    monkeypatch.setattr(command, "_durably", None)  # no second transaction: nothing is remembered
    with pytest.raises(Invalid):
        actions.reserve.claimed(claim(world), world.request(license, consignee="PTY-000000000"), by=world.exporter)
    assert not Idempotency.objects.exists()


def test_a_deadlock_under_a_key_is_tried_again(world, license, monkeypatch):
    real, tries = reservations._reserve, []

    def first_a_deadlock(*asked):
        tries.append(asked)
        if len(tries) == 1:
            raise OperationalError() from DeadlockDetected()
        return real(*asked)

    monkeypatch.setattr(reservations, "_reserve", first_a_deadlock)
    monkeypatch.setattr(DeadlockDetected, "pgcode", command.DEADLOCK, raising=False)
    answer = actions.reserve.claimed(claim(world), world.request(license, KG), by=world.exporter)
    assert (answer.status, len(tries), Shipment.objects.count()) == (201, 2, 1)


def test_an_answer_is_kept_where_the_rules_were_asked_first(world, license):
    make.edition(lambda rules, document: None)
    answer = actions.reserve.claimed(claim(world), world.request(license, KG), by=world.exporter)
    kept = Idempotency.objects.get(key="K")
    assert (kept.status, kept.body) == (answer.status, answer.body) == (201, answer.body)


def test_two_companies_may_use_one_key(world, license):
    stranger = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    theirs = stranger.license(kilograms=50)
    said = [
        actions.reserve.claimed(claim(one), one.request(of, KG), by=one.exporter).body
        for one, of in ((world, license), (stranger, theirs))
    ]
    assert sorted(Idempotency.objects.filter(key="K").values_list("body", flat=True)) == sorted(said)
    assert said[0] != said[1]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("left", [-1_500, -1, 0, 1, 999, 1_000, 123_456_789_012])
def test_postgresql_shows_what_is_left_as_python_does(unit, left, db):
    with connection.cursor() as cursor:
        asked, taken = [{"unit": unit}], [{"available_after": left}]
        cursor.execute("SELECT shipment_left(%s::jsonb, %s::jsonb)", [json.dumps(asked), json.dumps(taken)])
        assert cursor.fetchone()[0] == [f'"{show(left, unit)}"']


def test_a_key_without_an_answer_to_keep_takes_nothing(world, license):
    stated = reservations.stated_of(world.request(license, KG), world.exporter.organization_id)
    whole = stated | {"ref": "SH-1", "actor": world.exporter.user.pk, "key": "K", "fingerprint": "f"}
    with pytest.raises(IntegrityError, match="a key has an answer"), transaction.atomic():
        reservations._reserve(whole, world.exporter, None, False)
    assert not Shipment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_held_is_in_progress_and_a_line_that_is_held_is_busy(world, license):
    def asked():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
            with pytest.raises(DomainError) as refused:
                actions.reserve.claimed(claim(world), world.request(license, KG), by=world.exporter)
            cursor.execute("RESET lock_timeout")
        return refused.value.code

    with closing(psycopg2.connect(**dsn())) as other:
        holds = other.cursor()
        holds.execute("SELECT answer_claim(%s, 'K', 'f')", [world.exporter.organization_id])
        assert asked() == "in-progress"
        other.rollback()
        holds.execute("SELECT 1 FROM licensing_licenseline FOR NO KEY UPDATE")
        assert asked() == "busy"
        other.rollback()
    assert not Idempotency.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_reservation_is_the_outermost_transaction(world, license):
    """Inside another one its answer would be given before anything has committed."""
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        actions.reserve(world.request(license, KG), by=world.exporter)
