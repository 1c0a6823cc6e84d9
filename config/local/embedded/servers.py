"""The two servers together: started, guarded by the watchdog, stopped."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.local.embedded import postgres, valkey, watchdog
from config.local.embedded.cluster import cluster_of, discard_abandoned, half_of, private_cluster
from config.local.embedded.errors import LauncherError
from config.local.embedded.folder import prepare, take_lock, write
from config.local.embedded.leftovers import stop_stale
from config.local.embedded.watchdog import Charge, began, stop_all


@dataclass
class Servers:
    """What runs on a data folder, and the way to stop it. As a context manager it stops at the end."""

    data: Path
    database_url: str = ""
    owner_url: str = ""
    redis_url: str = ""
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)
    watchdog: subprocess.Popen | None = None
    _lock: int = -1
    _charges: list[Charge] = field(default_factory=list)

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def take(self, charge: Charge, process: subprocess.Popen, name: str) -> None:
        """This process ends with stop() and when the launcher dies, before what was taken before it."""
        self.processes[name] = process
        self._charges.append(charge)
        assert self.watchdog and self.watchdog.stdin
        words = [charge.pid, charge.began, charge.signals, charge.group, charge.early]
        self.watchdog.stdin.write(json.dumps(words).encode() + b"\n")
        self.watchdog.stdin.flush()

    def guard(self, process: subprocess.Popen, name: str, *, grace: float = 10.0, early: bool = False) -> None:
        """Take a process that leads its own session: SIGTERM, after `grace` seconds SIGKILL to its group."""
        signals = ((signal.SIGTERM, grace), (signal.SIGKILL, 2.0))
        self.take(Charge(process.pid, began(process.pid) or "", signals, True, early), process, name)

    def record(self, **more: str) -> None:
        """state.json tells others how to reach what runs here."""
        write(
            self.data / "state.json",
            {
                "database_url": self.database_url,
                "owner_url": self.owner_url,
                "redis_url": self.redis_url,
                "launcher_pid": os.getpid(),
                "pids": {name: process.pid for name, process in self.processes.items()},
                **more,
            },
        )

    def stop(self) -> None:
        """Everything taken has ended, last taken first, and the folder is free for the next start."""
        if self._lock < 0:
            return
        (self.data / "state.json").unlink(missing_ok=True)
        if self.watchdog:
            # The same way out as when the launcher is killed, so that it is walked every day.
            assert self.watchdog.stdin
            with suppress(OSError):
                self.watchdog.stdin.close()
            self.watchdog.wait()
        stop_all(self._charges)  # finds nothing to do, unless the watchdog was killed
        for process in self.processes.values():
            process.wait()
        os.close(self._lock)
        self._lock = -1


def start(data: Path, *, durable: bool = True, want_postgres: bool = True, want_valkey: bool = True) -> Servers:
    """PostgreSQL and Valkey run on this folder and answer, and end no later than this process.

    DATABASE_URL (with DATABASE_OWNER_URL) or REDIS_URL in the environment: that part is used, not started.
    durable=False is for tests: the same servers, without the waits that make commits outlive a power cut.
    """
    servers = Servers(data=Path(data).resolve())
    prepare(servers.data)
    servers._lock = take_lock(servers.data)
    try:
        (servers.data / "state.json").unlink(missing_ok=True)
        stop_stale(servers.data, cluster_of(servers.data))
        discard_abandoned(servers.data)
        servers.watchdog = start_watchdog(servers.data, servers._lock)
        servers.redis_url = os.environ.get("REDIS_URL", "")
        if want_valkey and not servers.redis_url:
            valkey.start(servers, durable=durable)
        servers.database_url = os.environ.get("DATABASE_URL", "")
        servers.owner_url = os.environ.get("DATABASE_OWNER_URL") or servers.database_url
        if want_postgres and not servers.database_url:
            postgres.start(servers, durable=durable)
        servers.record()
    except BaseException:
        servers.stop()
        raise
    return servers


def reset(data: Path) -> None:
    """The folder holds no cluster, broker or demo world any more. Refused while a copy runs on it."""
    data = Path(data).resolve()
    if os.environ.get("DATABASE_URL"):
        raise LauncherError(
            "--reset removes the built-in database alone, and DATABASE_URL names another: unset it first."
        )
    prepare(data)
    lock = take_lock(data)
    try:
        here = data / "postgres"
        if here.is_symlink() and here.readlink() != private_cluster(data):
            here.unlink()
        cluster = cluster_of(data)
        stop_stale(data, cluster)
        for folder in (cluster, half_of(cluster), data / "valkey"):
            if folder.exists():
                shutil.rmtree(folder)
        if here.is_symlink():
            here.unlink()
            shutil.rmtree(cluster.parent, ignore_errors=True)
        for name in ("state.json", "secrets.json", "demo.json"):
            (data / name).unlink(missing_ok=True)
        for schedule in data.glob("beat-schedule*"):
            schedule.unlink()
    finally:
        os.close(lock)


def start_watchdog(data: Path, lock: int) -> subprocess.Popen:
    """A child that stops what it was told of when this process ends, however it ends."""
    return subprocess.Popen(
        [sys.executable, "-IS", watchdog.__file__, data],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd="/",
        pass_fds=[lock],
        start_new_session=True,  # a Ctrl-C in the terminal is not for it
    )
