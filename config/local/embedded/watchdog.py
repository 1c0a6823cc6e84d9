"""What stops a process for certain, and the child that does it once the launcher is gone, however it went.

Run as a file of its own, without site-packages: only the standard library, and nothing from beside it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


def began(pid: int) -> str | None:
    """When this process began, as the system counts; None once it has ended. A zombie has ended.

    Together with the pid this is an identity: a reused pid began later.
    """
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[19]
    shown = ps(pid, "stat=,lstart=")
    return None if not shown or shown.startswith("Z") else shown.split(None, 1)[1]


def ps(pid: int, columns: str) -> str:
    shown = subprocess.run(["ps", "-ww", "-o", columns, "-p", str(pid)], capture_output=True, text=True)
    return shown.stdout.strip()


@dataclass(frozen=True)
class Charge:
    """A process to stop: who it is, and which signals to try, each with the seconds to wait for it."""

    pid: int
    began: str
    signals: tuple[tuple[int, float], ...]
    group: bool = False  # it leads a process group whose members end with it
    early: bool = False  # it stops before those that are not, and within these the last taken first

    @classmethod
    def read(cls, words: list) -> "Charge":
        """What `words` was, as JSON brings it back."""
        pid, began, signals, group, early = words
        return cls(pid, began, tuple((number, seconds) for number, seconds in signals), group, early)

    @property
    def words(self) -> list:
        return [self.pid, self.began, self.signals, self.group, self.early]

    @property
    def running(self) -> bool:
        return began(self.pid) == self.began

    def stop(self) -> None:
        """It has ended, by the mildest of its signals that worked."""
        for number, seconds in self.signals:
            if self.running:
                self._send(number)
            until = time.monotonic() + seconds
            while self.running and time.monotonic() < until:
                time.sleep(0.02)
        if self.group:
            self._send(signal.SIGKILL)  # what it left behind in its group

    def _send(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if self.group and number == signal.SIGKILL:
                os.killpg(self.pid, number)
            else:
                os.kill(self.pid, number)


def stop_all(charges: Iterable[Charge]) -> None:
    """These have ended, the early ones first, and among them and among the others the last first."""
    last_first = list(charges)[::-1]
    for charge in sorted(last_first, key=lambda charge: not charge.early):
        charge.stop()


def watch(data: Path, lines: Iterable[str]) -> None:
    """Once the lines end, everything that they named has ended, last named first.

    A name that comes again takes its old place in that order; with nothing behind it, it is to be forgotten.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    charges: dict[str, Charge] = {}
    for line in lines:
        with suppress(ValueError):  # half a line: the launcher died while writing it
            name, words = json.loads(line)
            charges.pop(name, None) if words is None else charges.update({name: Charge.read(words)})
    (data / "state.json").unlink(missing_ok=True)
    stop_all(charges.values())


if __name__ == "__main__":
    watch(Path(sys.argv[1]), sys.stdin)
