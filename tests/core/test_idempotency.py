"""One key, one effect, one answer: never changed, and kept for 400 days, by right, even from a verb gone wrong."""

import pytest
from django.db import connection, transaction
from psycopg2 import errors

from core.errors import Invalid
from core.idempotency import Answer, Claim, InProgress, fingerprint, keep, take
from core.models import Idempotency, Organization
from core.models.idempotency import KEPT_DAYS, TYPED, TYPED_DAYS
from core.tasks import end_answers
from tests import make

ROW = "SELECT fingerprint, status, body FROM core_idempotency"


@pytest.fixture
def answered(application):
    """A key that the application's own session answered."""
    office = Organization.objects.create(kind="ministry", name_en="Bureau")
    application.execute(
        "INSERT INTO core_idempotency (organization_id, key, fingerprint, content_type, body, created_at)"
        " VALUES (%s, 'k', 'f', '', '', legal_now())",
        [office.pk],
    )
    application.execute("UPDATE core_idempotency SET status = 201, content_type = 'text/plain', body = 'first'")
    return application


@pytest.mark.parametrize("change", ["status = 409", "content_type = ''", "body = 'second'"])
def test_an_answer_that_was_given_is_never_changed(answered, change):
    with pytest.raises(errors.CheckViolation, match="never changed"):
        answered.execute(f"UPDATE core_idempotency SET {change}")
    answered.execute(ROW)
    assert answered.fetchall() == [("f", 201, "first")]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE core_idempotency SET key = 'other'",
        "UPDATE core_idempotency SET fingerprint = 'other'",
        "UPDATE core_idempotency SET created_at = '2000-01-01'",
        "DELETE FROM core_idempotency",
    ],
)
def test_a_key_stays_as_it_came_until_its_time(answered, change):
    with pytest.raises(errors.InsufficientPrivilege):
        answered.execute(change)
    answered.execute(ROW)
    assert answered.fetchall() == [("f", 201, "first")]


def test_the_docs_say_after_how_many_days_the_database_ends_a_key(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'end_answers'")
        ((source,),) = cursor.fetchall()
    assert f"interval '{KEPT_DAYS} days'" in source and f"interval '{TYPED_DAYS} days'" in source


def test_the_sweep_ends_keys_after_400_days_and_the_application_can_call_it(answered):
    office = Organization.objects.get()
    Idempotency.objects.all().delete()
    with connection.cursor() as owner:
        for key, age in (
            ("older", "400 days 1 minute"),
            ("younger", "399 days 23:59"),
            (f"{TYPED}older", "7 days 1 minute"),
            (f"{TYPED}younger", "6 days 23:59"),
        ):
            owner.execute(
                "INSERT INTO core_idempotency (organization_id, key, fingerprint, content_type, body, created_at)"
                " VALUES (%s, %s, 'f', '', '', legal_now() - %s::interval)",
                [office.pk, key, age],
            )
    answered.execute("SELECT end_answers()")
    assert answered.fetchone() == (2,)
    assert list(Idempotency.objects.values_list("key", flat=True)) == ["younger", f"{TYPED}younger"]
    assert end_answers() == 0


def test_the_sweep_goes_on_until_nothing_is_over(answered):
    office = Organization.objects.get()
    with connection.cursor() as owner:
        owner.execute(
            "INSERT INTO core_idempotency (organization_id, key, fingerprint, content_type, body, created_at)"
            " SELECT %s, n::text, 'f', '', '', legal_now() - interval '401 days' FROM generate_series(1, 1500) n",
            [office.pk],
        )
    assert end_answers() == 1500
    assert list(Idempotency.objects.values_list("key", flat=True)) == ["k"]


def claim(actor, key="k", print_="f"):
    return Claim(actor.organization_id, key, print_, render=list, refuse=list)


def test_the_first_answer_is_given_again_byte_for_byte(world):
    mine = claim(world.exporter)
    assert take(mine) is None
    keep(mine, Answer(201, "application/json", '{"b":1,"a":"é"}'))
    assert take(mine) == Answer(201, "application/json", '{"b":1,"a":"é"}', replayed=True)


def test_a_key_that_came_with_another_request_is_refused(world):
    take(claim(world.exporter))
    with pytest.raises(Invalid) as refused:
        take(claim(world.exporter, print_="g"))
    assert refused.value.code == "idempotency-key-reused"
    assert list(Idempotency.objects.values_list("fingerprint", flat=True)) == ["f"]


def test_two_organizations_may_use_the_same_key(world):
    stranger = make.exporter(world.ministry, "Other Co., Ltd.")
    for actor, body in ((world.exporter, "mine"), (stranger, "theirs")):
        assert take(claim(actor)) is None
        keep(claim(actor), Answer(200, "text/plain", body))
    assert (take(claim(world.exporter)).body, take(claim(stranger)).body) == ("mine", "theirs")


def test_a_key_that_another_transaction_holds_is_in_progress_and_then_answered(application, world):
    """Whoever waits for it learns so after lock_timeout, and its transaction goes on."""
    application.execute("BEGIN")
    application.execute("SELECT answer_claim(%s, 'k', 'f')", [world.exporter.organization_id])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(InProgress):
            take(claim(world.exporter))
        assert take(claim(world.exporter, "another")) is None
    application.execute("ROLLBACK")
    assert take(claim(world.exporter)) is None


def test_a_fingerprint_tells_requests_apart():
    same = fingerprint("POST", "/a/", {"x": 1, "y": 2})
    assert fingerprint("POST", "/a/", {"y": 2, "x": 1}) == same
    others = [("PATCH", "/a/", {"x": 1, "y": 2}), ("POST", "/b/", {"x": 1, "y": 2}), ("POST", "/a/", {"x": 1, "y": 3})]
    assert same not in {fingerprint(*other) for other in others}
