"""What an earlier run left behind, told from what belongs to others."""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from config.local.embedded.watchdog import Charge, began, ps

SERVER_NAMES = ("postgres", "valkey-server", "redis-server")
# How each is stopped: the mildest signal first, with the seconds that it may take.
POSTGRES_ENDS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
VALKEY_ENDS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


def clear_postgres(cluster: Path) -> None:
    """No server of an earlier run works on this cluster, and no false trace of one stops the next start."""
    pid_file = cluster / "postmaster.pid"
    pid = pid_in(pid_file)
    if pid and str(cluster) in command_line(pid):
        Charge(pid, began(pid) or "", POSTGRES_ENDS).stop()
    end_orphans(cluster)
    # PostgreSQL would still refuse to start if the recorded pid lives on, as a zombie or as somebody else's
    # process. Only the search above, which needs /proc, makes it safe to take the file away.
    if sys.platform == "linux":
        pid_file.unlink(missing_ok=True)


def clear_valkey(folder: Path) -> None:
    """No broker of an earlier run works in this folder."""
    pid = pid_in(folder / "valkey.pid")
    if pid and str(folder / "valkey.conf") in " ".join(command_line(pid)):
        Charge(pid, began(pid) or "", VALKEY_ENDS).stop()
    end_orphans(folder)


def pid_in(path: Path) -> int:
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return 0


def end_orphans(folder: Path) -> None:
    """Children of a killed server have ended: they see its death by themselves, or are killed after 2 s."""
    until = time.monotonic() + 2
    while orphans := servers_in(folder):
        if time.monotonic() > until:
            for pid in orphans:
                Charge(pid, began(pid) or "", ((signal.SIGKILL, 2.0),)).stop()
            return
        time.sleep(0.02)


def servers_in(folder: Path) -> list[int]:
    """Server processes that work in this folder, children of a killed server among them (Linux only)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            name = (entry / "comm").read_text().strip()
            if name in SERVER_NAMES and Path(os.readlink(entry / "cwd")) == folder and began(int(entry.name)):
                found.append(int(entry.name))
    return found


def command_line(pid: int) -> list[str]:
    """The words this process was started with (or has put in their place); nothing once it has ended."""
    if began(pid) is None:
        return []
    if sys.platform == "linux":
        with suppress(OSError):
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).rstrip("\0").split("\0")
        return []
    return ps(pid, "command=").split()
