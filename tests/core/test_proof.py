"""A key that a process remembers opens nothing that the database does not confirm."""

import json
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core import access, proof
from core.command import busy
from core.models import ApiKey, User
from licensing.models import License
from shipments.actions import reservations, reserve
from shipments.models import Shipment
from tests import make

PATH = "/api/v1/shipments/"


@pytest.fixture
def post(world, client):
    """Reserves a kilogram under a key that this process remembers."""
    license = world.license(kilograms=100)
    text = make.key(world.exporter, *make.EXPORTER_SCOPES)

    def post(key="", *, body=None):
        headers = {"HTTP_AUTHORIZATION": f"Bearer {text}", "HTTP_IDEMPOTENCY_KEY": key or make.unique("K")}
        sent = json.dumps(world.body(license, "1.000") if body is None else body)
        return client.post(PATH, sent, content_type="application/json", **headers)

    for key in ("first", "second"):  # the first writes the key's last use
        assert post(key).status_code == 201
    assert proof.remembered(text)
    post.text = text
    return post


def asked(call):
    """Its status, and how often the key was read and the reservation asked for."""
    with CaptureQueriesContext(connection) as captured:
        status = call().status_code
    said = " ".join(one["sql"] for one in captured.captured_queries)
    return status, said.count("FROM live_key("), said.count("shipment_reserve(")


def test_what_is_remembered_is_confirmed_by_the_statement_that_acts(post):
    status, read, _often = asked(post)
    assert (status, read) == (201, 0)


def change(rows, **values):
    """As another transaction does: with a version of the row that has a number of its own."""
    with transaction.atomic():
        rows.update(**values)


def ended(key):
    change(ApiKey.objects.filter(pk=key.pk), revoked_at=timezone.now())


def over(key):
    change(ApiKey.objects.filter(pk=key.pk), expires_at=key.created_at + timedelta(microseconds=1))


@pytest.mark.parametrize("ends", [ended, over])
def test_a_key_that_opens_nothing_any_more_opens_nothing_to_who_remembers_it(ends, post):
    ends(ApiKey.objects.get(prefix=post.text[:12]))
    there = Shipment.objects.count()
    for answer in (post(), post("second"), post(body={}), post()):  # new, known, and one that is wrong
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid-key")
    assert Shipment.objects.count() == there
    assert proof.remembered(post.text) is None


def test_a_key_that_ends_by_time_alone_opens_nothing_to_who_remembers_it(post, clock):
    clock.set(ApiKey.objects.get(prefix=post.text[:12]).expires_at)
    assert post("first").status_code == 401


def test_what_a_key_that_opens_nothing_is_cannot_be_proved(post):
    ended(ApiKey.objects.get(prefix=post.text[:12]))
    assert proof.stamp_of(post.text) is None


def test_a_scope_that_was_taken_is_missed_at_once(post):
    change(ApiKey.objects.filter(prefix=post.text[:12]), scopes=["shipments:read"])
    answer = post()
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient-scope")


def test_a_call_that_is_made_again_reads_the_key_though_another_thread_remembered_it_meanwhile(post, monkeypatch):
    monkeypatch.setattr(proof, "forget", lambda asked: None)
    test_a_scope_that_was_taken_is_missed_at_once(post)


def test_the_stamp_is_of_before_the_key_was_read(post, monkeypatch):
    def reads(text, read=access.live_key):
        key = read(text)
        change(ApiKey.objects.filter(pk=key.pk), scopes=["shipments:read"])
        return key

    proof._remembered.clear()
    monkeypatch.setattr(access, "live_key", reads)
    assert post().status_code == 201  # as it was when it was read
    assert post().status_code == 403


def test_a_verb_without_a_claim_proves_its_key_too(post, world):
    actor = proof.remembered(post.text)
    ended(ApiKey.objects.get(prefix=post.text[:12]))
    with pytest.raises(proof.Unproved):
        reserve(world.request(License.objects.latest("pk"), 1_000), by=actor)
    assert not actor.proof.given


def test_a_database_that_knows_no_proof_gives_none(post):
    with connection.cursor() as cursor:
        cursor.execute("ALTER FUNCTION key_stamp(text) RENAME TO key_stamp_of_later")
    with pytest.raises(ProgrammingError, match="key_stamp"):  # 503 to a program, as the migrations are not its own
        post()


def test_what_failed_is_not_waited_for_twice(post, monkeypatch):
    times = []

    def fails(*args):
        times.append(args)
        raise busy()

    monkeypatch.setattr(reservations, "_reserve", fails)
    assert (post().status_code, len(times)) == (503, 1)
    assert proof.remembered(post.text) is None


@pytest.mark.parametrize(("behind", "name"), [("organization", "name_en"), ("user", "name")])
def test_whoever_stands_behind_a_key_is_read_again_when_they_change(behind, name, post, world):
    _status, _read, often = asked(post)
    if behind == "organization":
        make.renamed(world.exporter, world.ministry, name_en="Renamed")
    else:
        user = ApiKey.objects.get(prefix=post.text[:12]).user
        change(User.objects.filter(pk=user.pk), name="Renamed")
    assert asked(post) == (201, 1, often + 1)
    post()
    assert asked(post) == (201, 0, often)
    assert getattr(getattr(proof.remembered(post.text), behind), name) == "Renamed"


def test_whatever_the_statement_did_not_confirm_is_answered_with_the_key_read(post):
    assert asked(lambda: post(body={})) == (422, 1, 0)


def test_a_call_that_is_made_again_counts_once(post, settings, tmp_path):
    settings.RATE_FILE, settings.RATE_WRITES = str(tmp_path / "rates"), 5
    assert [post(body={}).status_code for _ in range(11)] == [422] * 10 + [429]


def test_a_key_is_remembered_for_a_minute(post):
    change(ApiKey.objects.filter(prefix=post.text[:12]), last_used_at=timezone.now() - timedelta(seconds=58))
    post()
    post()
    assert proof.remembered(post.text)
    key, stamp = proof._remembered[proof.digest(post.text)]
    key.last_used_at -= timedelta(seconds=3)
    assert proof.remembered(post.text) is None


def test_so_many_keys_are_remembered_and_no_more(post, monkeypatch):
    key = ApiKey.objects.get(prefix=post.text[:12])
    monkeypatch.setattr(proof, "_remembered", {str(number): (key, "") for number in range(proof.MOST - 1)})
    proof.remember(key, "a stamp")
    assert len(proof._remembered) == proof.MOST
    proof.remember(key, "another")
    assert proof._remembered == {key.digest: (key, "another")}


def test_no_other_route_goes_by_what_is_remembered(post, client):
    ended(ApiKey.objects.get(prefix=post.text[:12]))
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(PATH, HTTP_AUTHORIZATION=f"Bearer {post.text}")
    assert (answer.status_code, len(captured)) == (401, 1)
    assert proof.remembered(post.text)  # nobody asked for it


def test_one_route_alone_is_proving():
    """Its verb asks core.proof; another that does may stand here too."""
    assert proof.proving == {("api.shipments", "POST")}
