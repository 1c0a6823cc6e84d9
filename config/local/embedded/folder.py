"""The data folder: what it holds (embedded/__init__.py lists it), who may use it, and its logs."""

import fcntl
import json
import os
import time
from pathlib import Path

from config.local.embedded.errors import LauncherError, foreign
from config.local.embedded.watchdog import began


def write(path: Path, value: dict) -> None:
    """The file holds this value; a reader sees the old one or the new one, and only this user can read it."""
    half = path.with_name(path.name + ".half")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(value, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    half.replace(path)


def read(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def running(data: Path) -> dict:
    """What state.json says of the copy that runs on this folder; empty when none does."""
    return read(Path(data) / "state.json")


def prepare(data: Path) -> None:
    """The folder is there and belongs to this user. Root too keeps out of others': they could not go on."""
    try:
        data.mkdir(mode=0o711, parents=True, exist_ok=True)
        owner = data.stat().st_uid
        if owner == os.geteuid():
            (data / "logs").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise LauncherError(f"{data} cannot be used ({error.strerror}): give another folder with --data.") from None
    if owner != os.geteuid():
        raise foreign(data)


def take_lock(data: Path) -> int:
    """This process alone may run servers on the folder. Returns the descriptor that holds the lock.

    A killed launcher's watchdog holds the lock until its servers are down; that is waited for.
    """
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    until = time.monotonic() + 60
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            holder = read(data / "lock")
            if holder and began(holder["pid"]) == holder["began"]:
                os.close(descriptor)
                raise LauncherError(already_running(data, holder["pid"])) from None
            if time.monotonic() > until:
                os.close(descriptor)
                raise LauncherError(f"The last copy on {data} is still stopping: try again in a minute.") from None
            time.sleep(0.05)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "began": began(os.getpid())}).encode(), 0)
    return descriptor


def refuse_if_running(data: Path) -> None:
    """No launcher runs on this folder, or LauncherError says which."""
    data = Path(data).resolve()
    prepare(data)
    os.close(take_lock(data))


def already_running(data: Path, pid: int) -> str:
    address = running(data).get("base_url")
    where = f" at {address}" if address else ""
    return (
        f"Lodestone is already running{where} (process {pid}) on {data}: "
        "use that one, stop it first, or start a second copy with --data DIR --port N."
    )


def open_log(data: Path, name: str, *, fresh: bool = True) -> int:
    """A log, open for writing at its end. A fresh one is empty; the one of the run before is kept as .1."""
    path = data / "logs" / f"{name}.log"
    if fresh and path.exists():
        path.replace(path.with_name(path.name + ".1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def tail(data: Path, name: str, lines: int = 20) -> str:
    """The last lines of a log, indented to be shown."""
    try:
        text = (data / "logs" / f"{name}.log").read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join("    " + line for line in text.splitlines()[-lines:])
