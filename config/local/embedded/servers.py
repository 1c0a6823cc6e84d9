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
from config.local.embedded.errors import LauncherError, PortTaken
from config.local.embedded.folder import open_log, prepare, take_lock, write
from config.local.embedded.leftovers import clear_postgres, clear_valkey
from config.local.embedded.starting import Part
from config.local.embedded.watchdog import Charge, began, stop_all


@dataclass
class Servers:
    """What runs on a data folder, and the way to stop it. As a context manager it stops at the end."""

    data: Path
    database_url: str = ""
    owner_url: str = ""
    redis_url: str = ""
    parts: dict[str, Part] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)
    watchdog: subprocess.Popen | None = None
    _lock: int = -1
    _charges: dict[str, Charge] = field(default_factory=dict)
    _told: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def begin(self, part: Part, *, fresh_log: bool = True) -> None:
        """This part runs and answers; it ends with stop() and when the launcher dies."""
        self.parts[part.name] = part
        log = open_log(self.data, part.name, fresh=fresh_log)
        try:
            process = part.spawn(log)
        finally:
            os.close(log)
        self._take(process, part.name, Charge(process.pid, began(process.pid) or "", part.ends, part.group, part.early))
        part.await_answer(process)

    def begin_again(self, name: str) -> None:
        """A part that ended by itself runs and answers once more, where it did; what it left behind has ended."""
        part = self.parts[name]
        self._charges[name].stop()
        part.clear()
        try:
            self.begin(part, fresh_log=False)
        except PortTaken:
            raise LauncherError(f"Another program has taken the port of {name} meanwhile.") from None
        self.record()

    def guard(self, process: subprocess.Popen, name: str, *, grace: float = 10.0) -> None:
        """Take a process that leads its own session: SIGTERM, after `grace` seconds SIGKILL to its group."""
        self._take(process, name, Charge(process.pid, began(process.pid) or "", stops_in(grace), group=True))

    def release(self, name: str) -> None:
        """This one has ended as it should: its number may be somebody else's from now on."""
        del self.processes[name], self._charges[name]
        self._tell(name)

    def _take(self, process: subprocess.Popen, name: str, charge: Charge) -> None:
        self.processes[name] = process
        self._charges[name] = charge
        self._tell(name)

    def _tell(self, name: str) -> None:
        """The watchdog knows of this one's process, or that there is none any more."""
        charge = self._charges.get(name)
        assert self.watchdog and self.watchdog.stdin
        with suppress(BrokenPipeError):  # killed: whoever takes its place is told everything
            self.watchdog.stdin.write(json.dumps([name, charge and charge.words]).encode() + b"\n")
            self.watchdog.stdin.flush()

    def watch(self) -> None:
        """A watchdog watches and knows of everything that runs."""
        self.watchdog = start_watchdog(self.data, self._lock)
        for name in self._charges:
            self._tell(name)

    def record(self, **more: str) -> None:
        """state.json tells others how to reach what runs here; what was said of it before stays said."""
        self._told |= more
        write(
            self.data / "state.json",
            {
                "database_url": self.database_url,
                "owner_url": self.owner_url,
                "redis_url": self.redis_url,
                "launcher_pid": os.getpid(),
                "pids": {name: process.pid for name, process in self.processes.items()},
                **self._told,
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
        stop_all(self._charges.values())  # finds nothing to do, unless the watchdog was killed
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
        clear(servers.data)
        discard_abandoned(servers.data)
        servers.watch()
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
        clear(data)
        cluster = cluster_of(data)
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


def clear(data: Path) -> None:
    """Nothing of an earlier run works in this folder."""
    clear_postgres(cluster_of(data))
    clear_valkey(data / "valkey")


def stops_in(grace: float) -> tuple[tuple[int, float], ...]:
    """SIGTERM, and SIGKILL after this many seconds."""
    return ((signal.SIGTERM, grace), (signal.SIGKILL, 2.0))


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
