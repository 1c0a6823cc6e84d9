"""A part that ends is started again, after a pause that grows; what cannot live ends the copy."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.local import embedded, supervisor
from config.local.embedded.servers import Servers, stops_in
from config.local.embedded.starting import Part
from config.local.supervisor import PAUSES_S, STEADY_S, Supervisor


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path / "data"
    embedded.reset(tmp_path / "data")


@pytest.fixture
def servers(data: Path) -> Iterator[Servers]:
    with embedded.start(data, want_postgres=False, want_valkey=False) as servers:
        yield servers


def within(seconds: float, happens: Callable[[], Any]) -> bool:
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def part(script: str) -> Part:
    """A part that runs this shell script."""

    def spawn(log: int) -> subprocess.Popen:
        return subprocess.Popen(["sh", "-c", script], stdout=log, stderr=log, start_new_session=True)

    return Part("sleeper", spawn, stops_in(2), group=True)


def looked(keeper: Supervisor, happens: Callable[[], bool]) -> bool:
    """Whether this happens within 5 s while the supervisor looks."""
    return within(5, lambda: keeper.look() or happens())


def test_a_killed_part_runs_again_and_state_json_names_it(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PAUSES_S", (0.05,) * 5)
    said: list[str] = []
    servers.begin(part("sleep 600"))
    servers.record(base_url="http://127.0.0.1:1")
    first = servers.processes["sleeper"].pid
    keeper = Supervisor(servers, said.append)

    os.kill(first, signal.SIGKILL)

    assert looked(keeper, lambda: len(said) == 2), said
    assert said == ["sleeper ended by itself (signal 9); it starts again in 0.05 s.", "sleeper runs again."]
    state = embedded.running(servers.data)
    assert state["pids"]["sleeper"] == servers.processes["sleeper"].pid != first
    assert state["base_url"] == "http://127.0.0.1:1"
    # The watchdog knows the new one.
    assert servers.watchdog
    assert servers.watchdog.stdin
    servers.watchdog.stdin.close()
    assert servers.processes["sleeper"].wait(timeout=5) == -signal.SIGTERM


def test_what_a_killed_part_left_behind_ends_before_it_runs_again(servers: Servers, tmp_path: Path) -> None:
    child = tmp_path / "child"
    servers.begin(part(f"sleep 600 & echo $! > {child}; wait"))
    assert within(5, lambda: child.exists() and child.read_text())
    orphan = int(child.read_text())

    os.kill(servers.processes["sleeper"].pid, signal.SIGKILL)
    servers.processes["sleeper"].wait()
    servers.begin_again("sleeper")

    assert within(2, lambda: embedded.watchdog.began(orphan) is None)


def test_pauses_grow_and_what_cannot_live_ends_the_copy_with_its_last_words(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = (0.01, 0.02, 0.03)
    monkeypatch.setattr(supervisor, "PAUSES_S", pauses)
    said: list[str] = []
    servers.begin(part("echo I cannot; exit 3"))
    keeper = Supervisor(servers, said.append)

    with pytest.raises(embedded.LauncherError) as raised:
        looked(keeper, lambda: False)

    assert [line for line in said if "starts again" in line] == [
        f"sleeper ended by itself (exit code 3); it starts again in {pause:g} s." for pause in pauses
    ]
    assert "sleeper ended by itself 4 times in a row (exit code 3), so everything was stopped" in str(raised.value)
    assert str(raised.value).endswith("I cannot\n    I cannot\n    I cannot\n    I cannot")
    assert sorted(PAUSES_S) == list(PAUSES_S)
    assert PAUSES_S[0] < 1 < PAUSES_S[-1] < 10


@pytest.mark.parametrize(("lived", "pause"), [(STEADY_S - 0.5, PAUSES_S[3]), (STEADY_S, PAUSES_S[0])])
def test_a_steady_life_ends_the_row(servers: Servers, lived: float, pause: float) -> None:
    said: list[str] = []
    servers.begin(part("exit 1"))
    servers.processes["sleeper"].wait()
    keeper = Supervisor(servers, said.append)
    keeper.records["sleeper"].ends = 3
    keeper.records["sleeper"].since = time.monotonic() - lived

    keeper.look()

    assert said == [f"sleeper ended by itself (exit code 1); it starts again in {pause:g} s."]


def test_a_killed_watchdog_is_replaced_and_knows_everything(servers: Servers) -> None:
    said: list[str] = []
    servers.begin(part("sleep 600"))
    assert servers.watchdog
    servers.watchdog.kill()
    servers.watchdog.wait()

    Supervisor(servers, said.append).look()

    assert said == ["The watchdog was killed; another one has taken its place."]
    assert servers.watchdog.stdin
    servers.watchdog.stdin.close()
    assert servers.processes["sleeper"].wait(timeout=5) == -signal.SIGTERM


def test_a_part_that_was_released_is_forgotten(servers: Servers) -> None:
    """Its number, or its group's, may be a stranger's by the time that everything stops."""
    servers.begin(part("sleep 600"))
    stranger = servers.processes["sleeper"]
    servers.release("sleeper")
    servers.stop()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
