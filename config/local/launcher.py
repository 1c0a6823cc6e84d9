"""Everything that a working Lodestone is, on this machine, until Ctrl-C."""

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

from django.conf import settings

from config.local import embedded
from config.local.embedded.servers import stops_in
from config.local.embedded.starting import Part
from config.local.supervisor import Supervisor, cannot_live, ending

# The programs and limits of the Dockerfile and docker-compose.yml; tests/config/test_compose.py compares.
WEB = ["-m", "gunicorn", "config.wsgi:application", "-c", "config/gunicorn.py"]
WORKER = ["-m", "celery", "-A", "config", "worker", "-c", "2", "--without-gossip", "--without-mingle"]
BEAT = ["-m", "celery", "-A", "config", "beat"]

FIRST_ANSWER_S = 90


class Stopped(BaseException):
    """Somebody asked us to stop: Ctrl-C, SIGTERM, or the terminal went away."""


def run(data: Path, *, port: int, reset: bool, out: IO[str]) -> None:
    """A whole copy has run on this folder until somebody stopped it; `out` was told what happened meanwhile."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop_once)
    say = Say(out)
    try:
        embedded.refuse_if_running(data)
        refuse_taken(port)
        if reset:
            embedded.reset(data)
        say("Reaching PostgreSQL and Valkey")
        with embedded.start(data) as servers:
            serve(servers, port, say)
    except Stopped:
        say("Stopped.")


@dataclass(frozen=True)
class Say:
    """Writes lines to whoever watches; when nobody does any more, what we run is not their business."""

    out: IO[str]

    def __call__(self, text: str) -> None:
        with suppress(OSError):
            self.out.write(text)
            self.out.flush()


def serve(servers: embedded.Servers, port: int, say: Say) -> NoReturn:
    """Runs until somebody stops us (Stopped) or a part of it cannot live (LauncherError)."""
    try:
        base_url = f"http://127.0.0.1:{port}"
        environment = environment_of(servers, base_url)
        say("Looking at the database")
        set_up(servers, environment, base_url)
        say("Starting the web server, the worker and the schedule")
        start_web(servers, environment, port)
        await_first_answer(servers, port)  # alone: the other two would take its processor time
        start_background(servers, environment)
        servers.record(base_url=base_url)
        announce(servers.data, base_url, say)
        Supervisor(servers, say).watch()
    except Stopped:
        say("\nStopping: first the web server, last the database")
        raise


def announce(data: Path, base_url: str, say: Say) -> None:
    say(f"\nLodestone is running at {base_url}\n")
    for line in table(demo_accounts(data)):
        say("  " + line)
    say(f"\nLogs: {data / 'logs'}   For scripts: {data / 'demo.json'}   Ctrl-C stops it.")


def stop_once(*_: object) -> NoReturn:
    """The first signal stops us; while stopping, no other one interrupts that."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise embedded.LauncherError(
                f"Port {port} cannot be had on 127.0.0.1 ({error}): choose another with ./run --port N."
            ) from None


def environment_of(servers: embedded.Servers, base_url: str) -> dict[str, str]:
    """What every program of this copy is told."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LODESTONE_MODE": "local",
        "LODESTONE_DATA": str(servers.data),
        "DATABASE_URL": servers.database_url,
        "DATABASE_OWNER_URL": servers.owner_url,
        "REDIS_URL": servers.redis_url,
        "BASE_URL": base_url,
        "SECRET_KEY": secret_key(servers.data),
        "PYTHONUNBUFFERED": "1",
    }


def secret_key(data: Path) -> str:
    """This folder's own key, made once."""
    path = data / "secret_key"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(50))
    return path.read_text()


def set_up(servers: embedded.Servers, environment: dict[str, str], base_url: str) -> None:
    """The database has its tables, its reference data and its demo world; DIR/demo.json describes that."""
    words = ["manage.py", "demo", "--base-url", base_url, "--data", str(servers.data)]
    process = subprocess.Popen(
        [sys.executable, *words],
        env=environment,
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    servers.guard(process, "demo", grace=5)
    if status := process.wait():
        raise embedded.LauncherError(
            f"The database could not be prepared (the command demo ended with {status}): the lines above say why."
        )
    servers.release("demo")


def start_web(servers: embedded.Servers, environment: dict[str, str], port: int) -> None:
    words = [*WEB, "--bind", f"127.0.0.1:{port}"]
    if os.access("/dev/shm", os.W_OK):  # heartbeats of gunicorn's workers must not wait for a disk
        words += ["--worker-tmp-dir", "/dev/shm"]
    servers.begin(program(environment, "web", words, grace=25, early=True))


def start_background(servers: embedded.Servers, environment: dict[str, str]) -> None:
    servers.begin(program(environment, "beat", BEAT, grace=5))
    servers.begin(program(environment, "worker", WORKER, grace=20))


def program(environment: dict[str, str], name: str, words: list[str], *, grace: float, early: bool = False) -> Part:
    """One of the programs, in a session of its own."""

    def spawn(log: int) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, *words],
            env=environment,
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    return Part(name, spawn, stops_in(grace), group=True, early=early)


def await_first_answer(servers: embedded.Servers, port: int) -> None:
    until = time.monotonic() + FIRST_ANSWER_S
    while health(port) != 200:
        refuse_ended(servers)
        if time.monotonic() > until:
            raise embedded.LauncherError(
                f"/healthz did not answer 200 in {FIRST_ANSWER_S} s: read {servers.data}/logs/web.log.\n"
                + embedded.tail(servers.data, "web")
            )
        time.sleep(0.05)


def health(port: int) -> int:
    """The status of GET /healthz, or 0 while nothing answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def refuse_ended(servers: embedded.Servers) -> None:
    """Every part of a copy that is just starting still runs, or LauncherError says which does not."""
    for name, process in servers.processes.items():
        if process.poll() is not None:
            raise cannot_live(servers, name, ending(process.returncode))


def demo_accounts(data: Path) -> list[dict[str, str]]:
    try:
        return json.loads((data / "demo.json").read_text())["accounts"]
    except (OSError, ValueError, KeyError):
        return []


def table(accounts: list[dict[str, str]]) -> list[str]:
    """The accounts in aligned columns, ready to print."""
    if not accounts:
        return ["There are no demo accounts here."]
    columns = ("email", "password", "role", "organization")
    rows = [columns, *([str(account.get(column) or "") for column in columns] for account in accounts)]
    widths = [max(width(row[at]) for row in rows) for at in range(len(columns))]
    return [
        "  ".join(cell + " " * (most - width(cell)) for cell, most in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def width(text: str) -> int:
    """How many columns of a terminal this takes: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
