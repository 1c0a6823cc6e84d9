"""Rates: each key its own, reads apart from writes, exact over processes; beyond them nothing is done or remembered."""

import multiprocessing
import os
import time
from contextlib import contextmanager

import pytest
from django.test import RequestFactory

from core import access, rates
from core.models import ApiKey
from shipments.models import Shipment
from tests import make


@pytest.fixture
def limits(settings, tmp_path, monkeypatch):
    """10 reads, 5 writes, 4 from an address; twice that at once."""
    settings.RATE_FILE = str(tmp_path / "rates")
    settings.RATE_READS, settings.RATE_WRITES, settings.RATE_ADDRESS = 10, 5, 4
    started = time.monotonic_ns()
    monkeypatch.setattr(rates, "monotonic_ns", lambda: started + limits.later_s * 10**9)
    limits.later_s = 0
    return limits


def bearer(text):
    return {"HTTP_AUTHORIZATION": f"Bearer {text}"}


def statuses(times, call):
    return [call().status_code for _ in range(times)]


def test_a_key_may_read_twice_its_rate_at_once_and_then_as_time_goes_on(limits, client, lanting):
    text, other = make.key(lanting, "licenses:read"), make.key(lanting, "licenses:read")

    def read(key=text):
        return client.get("/api/v1/licenses/", **bearer(key))

    assert statuses(21, read) == [200] * 20 + [429]
    answer = read()
    problem = answer.json()
    assert (answer.headers["Content-Type"], problem["code"]) == ("application/problem+json", "throttled")
    assert answer.headers["Retry-After"] == "6"  # a tenth of a minute
    assert read(other).status_code == 200
    limits.later_s = 5
    assert read().status_code == 429
    limits.later_s = 6
    assert statuses(2, read) == [200, 429]
    limits.later_s = 6 + 600
    assert statuses(21, read) == [200] * 20 + [429]


def test_a_write_beyond_the_rate_does_nothing_and_its_key_is_not_remembered(limits, client, world, license):
    text = make.key(world.exporter, *make.EXPORTER_SCOPES)

    def send(number):
        body = world.body(license, "1.000", client_reference=f"PO-{number}")
        headers = bearer(text) | {"HTTP_IDEMPOTENCY_KEY": f"k{number}"}
        return client.post("/api/v1/shipments/", body, "application/json", **headers)

    assert [send(number).status_code for number in range(11)] == [201] * 10 + [429]
    assert Shipment.objects.count() == 10
    limits.later_s = 12
    last = send(10)
    assert (last.status_code, "Idempotency-Replayed" in last.headers) == (201, False)
    assert Shipment.objects.count() == 11


def test_reads_take_nothing_of_what_may_be_written(limits, client, world, license):
    key = bearer(make.key(world.exporter, *make.EXPORTER_SCOPES))
    assert statuses(21, lambda: client.get("/api/v1/licenses/", **key))[-1] == 429
    body = world.body(license, "1.000")
    answer = client.post("/api/v1/shipments/", body, "application/json", HTTP_IDEMPOTENCY_KEY="k", **key)
    assert answer.status_code == 201


def test_asking_whether_a_shipment_would_pass_counts_as_a_read(limits, client, world, license):
    text = make.key(world.exporter, *make.EXPORTER_SCOPES)

    def check():
        return client.post("/api/v1/shipments/check/", world.body(license, "1.000"), "application/json", **bearer(text))

    assert statuses(21, check) == [200] * 20 + [429]


def test_what_counts_as_a_read_follows_from_the_table():
    posts = {name for (name, method) in access.table() if name.startswith("api.") and method == "POST"}
    reads = {name for name in posts if rates.counts_as_read(access.find(name, "POST"), "POST")}
    assert reads >= {"api.shipments.check"}
    assert not reads & {"api.shipments", "api.shipment.cancel", "api.customs.messages"}


def test_without_a_key_an_address_counts_and_so_does_a_key_that_is_none(limits, client, reference):
    def ask(address, **headers):
        return client.get("/api/v1/control-items/", REMOTE_ADDR=address, **headers)

    assert statuses(9, lambda: ask("192.0.2.1")) == [200] * 8 + [429]
    assert ask("192.0.2.2").status_code == 200
    wrong = bearer("lk_live_" + "a" * 43)
    assert statuses(9, lambda: ask("192.0.2.3", **wrong)) == [401] * 8 + [429]


def test_a_person_in_a_browser_counts_by_himself_and_pages_do_not_count(limits, client, lanting):
    client.force_login(lanting.user)
    assert statuses(21, lambda: client.get("/api/v1/licenses/")) == [200] * 20 + [429]
    assert statuses(25, lambda: client.get("/licenses/")) == [200] * 25


@pytest.mark.parametrize("first", ["reads", "writes"])
def test_a_person_s_reads_and_writes_are_counted_apart(first, limits, client, world, license):
    client.force_login(world.exporter.user)

    def read():
        return client.get("/api/v1/licenses/")

    def write():
        body = world.body(license, "1.000")
        return client.post(
            "/api/v1/shipments/", body, "application/json", HTTP_IDEMPOTENCY_KEY=body["client_reference"]
        )

    if first == "reads":
        assert statuses(21, read) == [200] * 20 + [429]
        assert statuses(11, write) == [201] * 10 + [429]
    else:
        assert statuses(11, write) == [201] * 10 + [429]
        assert statuses(21, read) == [200] * 20 + [429]


def test_zero_counts_nothing(limits, settings, client, lanting):
    settings.RATE_READS = 0
    text = make.key(lanting, "licenses:read")
    assert statuses(25, lambda: client.get("/api/v1/licenses/", **bearer(text))) == [200] * 25


def test_counting_asks_the_database_nothing(limits, settings, client, lanting):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    text, asked = make.key(lanting, "licenses:read"), []
    client.get("/api/v1/licenses/", **bearer(text))  # the key's last use is written once a minute
    for rate in (10, 0):
        settings.RATE_READS = rate
        with CaptureQueriesContext(connection) as captured:
            client.get("/api/v1/licenses/", **bearer(text))
        asked.append(len(captured))
    assert asked[0] == asked[1]
    assert ApiKey.objects.count() == 1


def take_many(path, times, passed):
    buckets = rates.Buckets(path)
    buckets.TRIES = 40_000  # a holder that a busy machine keeps off its cores for 20 ms lets calls pass
    got = sum(buckets.take("one key", per_minute=1000) == 0 for _ in range(times))
    with passed.get_lock():
        passed.value += got


def test_four_processes_together_get_one_key_s_rate(tmp_path):
    context = multiprocessing.get_context("fork")
    passed = context.Value("i", 0)
    started = time.monotonic()
    workers = [context.Process(target=take_many, args=(str(tmp_path / "rates"), 1000, passed)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    more = (time.monotonic() - started) * 1000 / 60 + 1  # what came in meanwhile
    assert 2000 <= passed.value <= 2000 + more


def test_a_call_that_waited_for_a_full_bucket_leaves_it_full(limits, tmp_path, monkeypatch):
    """Its clock is read when it holds the bucket: an instant of before the wait is one of before what others took."""
    limits.later_s = 0
    waiting, other = (rates.Buckets(str(tmp_path / "rates")) for _ in range(2))
    locked = waiting._locked

    @contextmanager
    def a_second_later(first):
        limits.later_s = 1
        assert [other.take("one key", per_minute=60) for _ in range(121)] == [0] * 120 + [1]
        with locked(first) as held:
            yield held

    monkeypatch.setattr(waiting, "_locked", a_second_later)
    assert waiting.take("one key", per_minute=60) == 1
    assert other.take("one key", per_minute=60) == 1


def test_names_that_meet_have_buckets_of_their_own_and_a_full_table_lets_calls_pass(tmp_path, monkeypatch):
    monkeypatch.setattr(rates.Buckets, "SLOTS", 1)
    buckets = rates.Buckets(str(tmp_path / "rates"))
    for number in range(8):
        assert [buckets.take(f"n{number}", per_minute=1) for _ in range(3)] == [0, 0, 60]
    assert [buckets.take("ninth", per_minute=1) for _ in range(3)] == [0, 0, 0]


def test_a_bucket_of_another_boot_is_a_full_one(limits, tmp_path):
    """Whose clock was far ahead of ours."""
    buckets = rates.Buckets(str(tmp_path / "rates"))
    for later_s in (3600, 0):
        limits.later_s = later_s
        assert [buckets.take("one key", per_minute=1) for _ in range(3)] == [0, 0, 60]


def test_a_file_that_is_not_ours_is_not_used(tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"")
    (tmp_path / "rates").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        rates.Buckets(str(tmp_path / "rates"))
    assert rates._buckets(str(tmp_path / "rates")) is None
    assert (tmp_path / "elsewhere").read_bytes() == b""


def test_a_pipe_in_the_files_place_is_not_used(tmp_path):
    os.mkfifo(tmp_path / "rates")
    with pytest.raises(OSError, match="is not ours"):
        rates.Buckets(str(tmp_path / "rates"))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, "1.1.1.1", "9.9.9.9"),
        (1, "1.1.1.1, 2.2.2.2", "2.2.2.2"),
        (2, "1.1.1.1, 2.2.2.2", "1.1.1.1"),
        (2, "2.2.2.2", "2.2.2.2"),
        (1, "", "9.9.9.9"),
        (1, "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
    ],
)
def test_the_address_is_what_our_outermost_proxy_saw(proxies, forwarded, found, settings):
    settings.NUM_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="9.9.9.9", HTTP_X_FORWARDED_FOR=forwarded)
    assert rates.address(request) == found
