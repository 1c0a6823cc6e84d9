"""Web processes as a copy of Lodestone runs them, on the benchmark's database and as the application's role."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Web:
    port: int
    process: subprocess.Popen[bytes]

    def cpu(self) -> float:
        """Seconds that its processes have used."""
        master = self.process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return sum(sum(map(int, _stat(pid)[11:13])) for pid in (str(master), *children)) / TICKS


def _stat(pid: str) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


@contextmanager
def serving(application: str, **environment: str) -> Iterator[Web]:
    """application: what gunicorn is asked to serve, as config/local/launcher.py asks it."""
    from config.local.embedded.starting import free_port
    from config.local.launcher import WEB

    words = [application if word == "config.wsgi:application" else word for word in WEB]
    port = free_port()
    unlimited = {"RATE_READS": "0", "RATE_WRITES": "0", "RATE_ADDRESS": "0"}
    process = subprocess.Popen(
        [sys.executable, *words, "--bind", f"127.0.0.1:{port}", "--worker-tmp-dir", "/dev/shm", "--log-level", "error"],
        env=os.environ | unlimited | {"DATABASE_URL": os.environ["APPLICATION_URL"]} | environment,
        cwd=ROOT,
    )
    try:
        _await(port)
        yield Web(port, process)
    finally:
        process.terminate()
        process.wait()


def _await(port: int) -> None:
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the web processes do not answer")
