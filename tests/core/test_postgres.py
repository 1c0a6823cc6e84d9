"""A PostgreSQL that is slow, frozen or dead: who waits, for how long, and what is told."""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import psycopg2
import pytest
import requests
from django.db import OperationalError, connection

from config.local import embedded
from config.local.launcher import WEB
from core.postgres import base, watch
from tests.http import ROOT, free_port

FREEZE_S = int(os.environ.get("FREEZE_S", "9"))
CLIENTS = 20  # more than gunicorn has threads


class Waiting:
    """A connection that waits for a server since so many seconds."""

    def __init__(self, seconds, **server):
        self.since = time.monotonic() - seconds if seconds else None
        self.params = connection.get_connection_params() | server
        self.cuts = 0

    def cut(self):
        self.cuts += 1

    def get_connection_params(self):
        return self.params


@pytest.fixture
def silent():
    """The address of a server that takes connections and says nothing, as a stopped PostgreSQL does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield {"host": "127.0.0.1", "port": server.getsockname()[1]}


@pytest.fixture
def own_watch(monkeypatch):
    """A watch of the test's own: what it cuts is nobody else's."""
    made = watch.Watch()
    monkeypatch.setattr(base, "watch", made)
    yield made
    made._pid = 0  # its thread ends


def looking(*connections):
    made = watch.Watch()
    made._pid = os.getpid()  # no thread: the test looks by itself
    for one in connections:
        made.add(one)
    return made


def test_silence_is_no_answer_and_a_refusal_is_one(silent):
    params = connection.get_connection_params()
    assert watch.answers(params, 2)
    assert watch.answers(params | {"password": "wrong"}, 2)
    assert watch.answers(params | {"port": free_port()}, 2)
    began = time.monotonic()
    assert not watch.answers(params | silent, 0.3)
    assert 0.3 <= time.monotonic() - began < 1


def test_a_server_that_gives_no_sign_of_life_loses_every_connection(silent, monkeypatch):
    monkeypatch.setattr(watch, "PROBE_S", 0.2)
    late, idle = Waiting(watch.PATIENCE_S + 0.1, **silent), Waiting(0)
    looked = looking(late, idle)
    looked.look()
    assert (looked.away, late.cuts, idle.cuts) == (True, 1, 1)
    looked.look()  # still silent
    assert (looked.away, late.cuts, idle.cuts) == (True, 2, 2)
    late.params = looked._params = connection.get_connection_params()
    looked.look()
    assert (looked.away, late.cuts, idle.cuts) == (False, 2, 2)


def test_a_short_wait_asks_nobody_and_a_long_one_on_a_live_server_goes_on(silent, monkeypatch):
    monkeypatch.setattr(watch, "PROBE_S", 0.2)
    young = Waiting(watch.PATIENCE_S - 0.3, **silent)
    looking(young).look()
    old = Waiting(watch.PATIENCE_S + 20)
    looking(old).look()
    assert (young.cuts, old.cuts) == (0, 0)


def test_a_server_that_answered_is_believed_for_a_moment(silent, monkeypatch):
    monkeypatch.setattr(watch, "PROBE_S", 0.2)
    late = Waiting(watch.PATIENCE_S + 1)
    looked = looking(late)
    looked.look()
    late.params |= silent
    looked.look()
    assert (looked.away, late.cuts) == (False, 0)
    looked._believed_until = 0
    looked.look()
    assert (looked.away, late.cuts) == (True, 1)


def test_whoever_waits_has_an_answer_in_time():
    waits = (watch.TICK_S + watch.PATIENCE_S + watch.PROBE_S, watch.TICK_S + watch.DEADLINE_S, base.CONNECT_S)
    assert max(waits) < watch.ANSWER_S == 5


def test_a_statement_beyond_its_deadline_ends_its_own_connection_alone(settings):
    settings.STATEMENT_DEADLINE_S = 4
    late, other = Waiting(4.1), Waiting(3.9)
    looking(late, other).look()
    assert (late.cuts, other.cuts) == (1, 0)


def test_a_look_that_fails_is_logged_and_does_not_end_the_watch(monkeypatch, caplog):
    monkeypatch.setattr(watch, "TICK_S", 0)
    watched, looked = looking(), []

    def look():
        looked.append(1)
        if len(looked) == 1:
            raise RuntimeError("once")
        watched._pid = 0  # what ends a watch

    monkeypatch.setattr(watched, "look", look)
    watched._run()
    assert len(looked) == 2
    assert [record.exc_info[0] for record in caplog.records] == [RuntimeError]


def test_a_cut_connection_is_thrown_away_and_the_next_one_works(db, settings, own_watch):
    settings.STATEMENT_DEADLINE_S = 1
    own = connection.copy()
    began = time.monotonic()
    with pytest.raises(OperationalError), own.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(10)")
    assert time.monotonic() - began < 3
    assert own.since is None
    own.close_if_unusable_or_obsolete()
    with own.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    own.close()
    assert own._wire is None


def test_every_way_of_waiting_is_watched(db, monkeypatch, own_watch):
    """Statements, commits, rollbacks and checks of health are seen as waiting, and no longer once they are over."""
    own, seen = connection.copy(), []
    own.connect()

    class Wire:
        """The driver's connection, noting whether the wrapper says that it waits."""

        def __getattr__(self, name):
            seen.append((name, own.since is not None))
            return getattr(real, name)

    real, own.connection = own.connection, Wire()
    own.errors_occurred = True  # so the server is asked
    own.is_usable()
    own._commit()
    own._rollback()
    assert {pair for pair in seen if pair[0] in ("cursor", "commit", "rollback")} == {
        ("cursor", True),
        ("commit", True),
        ("rollback", True),
    }
    own.connection = real
    seen.clear()
    own.execute_wrappers.append(lambda execute, *words: (seen.append(own.since is not None), execute(*words))[1])
    with own.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert seen == [True] and own.since is None
    own.close()


@pytest.fixture
def asked(db, monkeypatch, own_watch):
    """A connection that has just worked, and how often the server was asked for its health."""
    own, asked = connection.copy(), []
    ask = base.base.DatabaseWrapper.is_usable
    monkeypatch.setattr(base.base.DatabaseWrapper, "is_usable", lambda self: asked.append(1) or ask(self))
    with own.cursor() as cursor:
        cursor.execute("SELECT 1")
    yield own, asked
    own.close()


def test_a_connection_that_just_worked_is_usable_without_a_trip(asked):
    own, asked = asked
    assert own.is_usable()
    assert asked == []


@pytest.mark.parametrize("sign", ["an error", "its age"])
def test_a_connection_that_something_speaks_against_is_asked(asked, sign):
    own, asked = asked
    if sign == "an error":
        own.errors_occurred = True
    else:
        own._worked -= base.FRESH_S
    assert own.is_usable()
    assert asked == [1]


def test_a_connection_that_the_server_closed_is_not_usable(asked):
    own, asked = asked
    with own.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert not own.is_usable()
    assert asked == [1]


@pytest.mark.slow
def test_one_connect_that_times_out_is_enough_for_all(db, silent, own_watch):
    own = connection.copy()
    own.settings_dict = own.settings_dict | {"HOST": silent["host"], "PORT": silent["port"]}
    for least, most in ((1.9, 3), (0, 0.3)):
        began = time.monotonic()
        with pytest.raises(OperationalError):
            own.ensure_connection()
        assert least <= time.monotonic() - began < most


@pytest.mark.parametrize(("took", "away"), [(base.CONNECT_S - 0.001, True), (base.CONNECT_S - 0.5, False)])
def test_libpq_gives_up_a_moment_early(own_watch, monkeypatch, took, away):
    clock = [100.0]

    def fails(self):
        clock[0] += took
        raise psycopg2.OperationalError("timeout expired")

    monkeypatch.setattr(base.base.DatabaseWrapper, "connect", fails)
    monkeypatch.setattr(base, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    with pytest.raises(psycopg2.OperationalError):
        connection.copy().connect()
    assert own_watch.away == away


@pytest.fixture(scope="module")
def copy():
    """A demo world on a PostgreSQL of its own, served by gunicorn: (servers, address, demo.json)."""
    folder = Path(tempfile.mkdtemp(prefix="lodestone-frozen-"))
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as given:
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
            given.delenv(name, raising=False)
        servers = embedded.start(folder, durable=False)
    url = f"http://127.0.0.1:{free_port()}"
    environment = os.environ | {
        "LODESTONE_MODE": "local",
        "LODESTONE_DATA": str(folder),
        "DATABASE_URL": servers.database_url,
        "DATABASE_OWNER_URL": servers.owner_url,
        "REDIS_URL": servers.redis_url,
        "BASE_URL": url,
        "RATE_READS": "0",
        "RATE_WRITES": "0",
    }
    web = None
    try:
        made = subprocess.run([sys.executable, "manage.py", "demo"], cwd=ROOT, env=environment, capture_output=True)
        assert made.returncode == 0, made.stderr.decode()[-2000:]
        with open(folder / "logs" / "web.log", "wb") as log:
            web = subprocess.Popen(
                [sys.executable, *WEB, "--bind", url.removeprefix("http://")],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + 30
        while not _reachable(url):
            assert time.monotonic() < until and web.poll() is None, (folder / "logs" / "web.log").read_text()[-2000:]
            time.sleep(0.1)
        yield servers, url, json.loads((folder / "demo.json").read_text())
    finally:
        if web:
            web.terminate()
            web.wait(30)
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _reachable(url):
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{url}/readyz", timeout=5).status_code == 200
    return False


class Load:
    """Clients that write by REST and read by REST and pages, and remember what each answer was and took."""

    def __init__(self, url, demo):
        self.url, self.demo = url, demo
        self.answers = []  # (began, seconds, kind, status, has Retry-After)
        self.sent = {}  # idempotency key: (body, last status)
        self.stopping = threading.Event()
        self.license = next(one for one in demo["licenses"] if one["kind"] == "annual" and one["state"] == "active")
        key = next(
            one
            for one in demo["api_keys"]
            if one["organization"] == self.license["organization"] and "shipments:write" in one["scopes"]
        )
        self.bearer = {"Authorization": f"Bearer {key['key']}"}
        self.cookies = sign_in(url, demo, self.license["organization"])
        self.threads = [threading.Thread(target=self._client, args=(n,), daemon=True) for n in range(CLIENTS)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(20)

    def post(self, session, key):
        body = {
            "license": self.license["number"],
            "client_reference": key,
            **{name: self.license[name] for name in ("end_user", "consignee", "destination", "port")},
            "planned_on": time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600)),
            "lines": [{"license_line": 1, "quantity": "0.001", "unit": "kg"}],
        }
        answer = session.post(
            f"{self.url}/api/v1/shipments/", json=body, headers=self.bearer | {"Idempotency-Key": key}, timeout=30
        )
        self.sent[key] = answer.status_code
        return answer

    def _client(self, number):
        session = requests.Session()
        paths = ("/shipments/", "/licenses/", "/", "/api/v1/shipments/", "/readyz")
        if number % 2:
            session.cookies.update(self.cookies)
        for count in range(1_000_000):
            if self.stopping.is_set():
                return
            began = time.monotonic()
            if number % 2:
                path = random.choice(paths)
                answer = session.get(f"{self.url}{path}", timeout=30, allow_redirects=False)
            else:
                path, answer = "POST", self.post(session, f"load-{number}-{count}")
            took = time.monotonic() - began
            self.answers.append((began, took, path, answer.status_code, "Retry-After" in answer.headers))
            time.sleep(0.2)


def sign_in(url, demo, organization):
    """The cookies of somebody of this organization."""
    session = requests.Session()
    account = next(one for one in demo["accounts"] if one["organization"] == organization)
    session.get(f"{url}/accounts/login/", timeout=30)
    form = {"login": account["email"], "password": account["password"], "csrfmiddlewaretoken": session.cookies["csrf"]}
    answer = session.post(f"{url}/accounts/login/", form, headers={"Referer": url}, timeout=30, allow_redirects=False)
    assert answer.status_code == 302, answer.status_code
    return session.cookies


def processes(servers):
    """The postmaster and its children."""
    pid = servers.processes["postgres"].pid
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def freeze(servers):
    for pid in processes(servers):
        os.kill(pid, signal.SIGSTOP)


def thaw(servers):
    for pid in processes(servers):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_frozen_database_is_answered_within_five_seconds_and_leaves_no_half_effect(copy):
    servers, url, demo = copy
    load = Load(url, demo)
    load.start()
    time.sleep(5)
    freeze(servers)
    frozen_at = time.monotonic()
    time.sleep(FREEZE_S)
    thaw(servers)
    thawed_at = time.monotonic()
    time.sleep(6)
    load.stop()

    ended = [(began + took, began, *rest) for began, took, *rest in load.answers]
    met = [one for one in ended if one[0] > frozen_at and one[1] < thawed_at]  # whoever met the freeze
    slowest = max(end - max(began, frozen_at) for end, began, *_ in met)
    during = Counter(tuple(rest) for end, began, _, *rest in met if began > frozen_at and end < thawed_at)
    back = min(end for end, began, _, status, _ in ended if began > frozen_at and status < 300) - thawed_at
    sys.stdout.write(
        f"\n{len(ended)} answers, slowest in the freeze {slowest:.2f} s, {during}, well again after {back:.2f} s"
    )
    assert list(during) == [(503, True)]
    assert slowest <= watch.ANSWER_S
    after = [one for one in ended if one[1] > thawed_at + 3]
    assert {path for _, _, path, *_ in after} >= {"POST", "/shipments/", "/readyz"}
    assert {status for _, _, _, status, _ in after} == {200, 201}

    unknown = [key for key, status in load.sent.items() if status != 201]
    assert unknown
    session = requests.Session()
    assert {load.post(session, key).status_code for key in unknown} == {201}
    with contextlib.closing(psycopg2.connect(servers.owner_url)) as own, own.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT client_reference) FROM shipments_shipment"
            " WHERE client_reference LIKE 'load-%%'"
        )
        assert cursor.fetchone() == (len(load.sent), len(load.sent))
        cursor.execute(
            "SELECT count(*) FROM core_historyline h JOIN shipments_shipment s ON h.subject_id = s.id"
            " WHERE h.subject_kind = 'shipment' AND h.verb = 'reserve' AND client_reference LIKE 'load-%%'"
        )
        assert cursor.fetchone() == (len(load.sent),)
    words = ["manage.py", "shell", "-c", "from licensing import books; print('drift', books.drift())"]
    environment = os.environ | {"DATABASE_URL": servers.database_url, "LODESTONE_DATA": str(servers.data)}
    told = subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert told.stdout.splitlines()[-1] == "drift []", told.stderr


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_dead_database_is_answered_at_once(copy):
    """Last: nobody starts this one again."""
    servers, url, demo = copy
    load = Load(url, demo)
    load.start()
    time.sleep(2)
    for pid in processes(servers):
        os.kill(pid, signal.SIGKILL)
    dead_at = time.monotonic()
    time.sleep(4)
    load.stop()
    met = [one for one in load.answers if one[0] > dead_at]
    assert {tuple(rest) for _, _, _, *rest in met} == {(503, True)}
    assert max(began + took - max(began, dead_at) for began, took, *_ in load.answers) <= watch.ANSWER_S
    assert requests.get(f"{url}/healthz", timeout=5).status_code == 200
    page = requests.get(f"{url}/licenses/", cookies=load.cookies, timeout=5)
    assert "it is not known whether it was made" in page.text
