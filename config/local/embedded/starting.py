"""How a server is started here: cleanly, with a log, on a port that nobody has."""

import os
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.local.embedded.errors import LauncherError, PortTaken

HOST = "127.0.0.1"

# Nothing of the caller's PG* or locale variables may reach the servers.
CLEAN_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}


@dataclass(frozen=True)
class Part:
    """A program of the copy: how it begins, and how it ends."""

    name: str
    spawn: Callable[[int], subprocess.Popen]  # given the descriptor of its log
    ends: tuple[tuple[int, float], ...]  # signals, the mildest first, each with the seconds that it may take
    group: bool = False  # it leads a process group, whose members end with it
    early: bool = False  # it stops before those that are not
    clear: Callable[[], None] = lambda: None  # nothing of an earlier one is in its way
    await_answer: Callable[[subprocess.Popen], None] = lambda process: None  # it serves, or LauncherError


def spawn(command: list, log: int, **identity: Any) -> subprocess.Popen:
    """A server that is out of reach of the terminal's Ctrl-C."""
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            start_new_session=True,
            **identity,
        )
    except OSError as error:
        raise not_runnable(command[0], error) from None


def run(command: list, env: dict = CLEAN_ENVIRONMENT, **more: Any) -> subprocess.CompletedProcess:
    """A program that ends by itself has ended; what it said is in the result."""
    try:
        return subprocess.run(command, cwd="/", env=env, capture_output=True, text=True, **more)
    except OSError as error:
        raise not_runnable(command[0], error) from None


def not_runnable(program: Path, error: OSError) -> LauncherError:
    return LauncherError(f"{program} cannot be run here ({error.strerror}): set DATABASE_URL and REDIS_URL.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def first_free_port(launch: Callable[[int], None]) -> int:
    """`launch(port)` has succeeded on a port the kernel chose; where somebody was faster, on the next."""
    for _ in range(5):
        port = free_port()
        with suppress(PortTaken):
            launch(port)
            return port
    raise LauncherError(f"No free port could be had on {HOST}: try again.")
