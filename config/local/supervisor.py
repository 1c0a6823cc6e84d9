"""Keeps a copy alive: what ends by itself is started again, and only what cannot live ends the copy."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from config.local.embedded import LauncherError, Servers, tail

LOOK_S = 0.2
PAUSES_S = (0.2, 1.0, 2.0, 4.0, 4.0)  # after each end in a row; one end more, and it cannot live
STEADY_S = 10.0  # a life of this length ends the row


@dataclass
class Record:
    """What a part has been through: since when it runs, how often it ended in a row, when it is due again."""

    since: float
    ends: int = 0
    due: float | None = None


@dataclass
class Supervisor:
    """Watches every part that can be begun again, from now on; each is told of in a line when it ends."""

    servers: Servers
    say: Callable[[str], None]
    records: dict[str, Record] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.records = {name: Record(time.monotonic()) for name in self.servers.parts}

    def watch(self) -> NoReturn:
        """Goes on until a part cannot live, which raises LauncherError."""
        while True:
            time.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """What ended since the last look is due after its pause; what is due runs again."""
        for name, record in self.records.items():
            process = self.servers.processes[name]
            if record.due is None and process.poll() is not None:
                self._note_end(name, record, ending(process.returncode))
            elif record.due is not None and time.monotonic() >= record.due:
                self._begin_again(name, record)
        if self.servers.watchdog and self.servers.watchdog.poll() is not None:
            self.servers.watch()
            self.say("The watchdog was killed; another one has taken its place.")

    def _note_end(self, name: str, record: Record, how: str) -> None:
        if time.monotonic() - record.since >= STEADY_S:
            record.ends = 0
        if record.ends == len(PAUSES_S):
            raise cannot_live(self.servers, name, how, times=record.ends + 1)
        pause = PAUSES_S[record.ends]
        record.ends += 1
        record.due = time.monotonic() + pause
        self.say(f"{name} ended by itself ({how}); it starts again in {pause:g} s.")

    def _begin_again(self, name: str, record: Record) -> None:
        record.due = None
        try:
            self.servers.begin_again(name)
        except LauncherError as error:
            record.since = time.monotonic()
            self._note_end(name, record, str(error).partition("\n")[0])
            return
        record.since = time.monotonic()
        self.say(f"{name} runs again.")


def ending(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"


def cannot_live(servers: Servers, name: str, how: str, *, times: int = 1) -> LauncherError:
    """Why everything stops, with the part's last words."""
    often = f" {times} times in a row" if times > 1 else ""
    return LauncherError(
        f"{name} ended by itself{often} ({how}), so everything was stopped. "
        f"See {servers.data}/logs/{name}.log:\n{tail(servers.data, name)}"
    )
