"""A real gunicorn on the test database, for what only real requests show: races, the wire, the browser."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from functools import partial
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import connection

from config.local.launcher import WEB

ROOT = Path(__file__).resolve().parent.parent
RATES = ("RATE_READS", "RATE_WRITES", "RATE_ADDRESS", "RATE_VERIFY")  # off, where a test does not set them


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """gunicorn as ./run starts it, on a port of its own. While one is among `running`, it holds connections."""

    running: ClassVar[set] = set()

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        base = settings.DATABASE_URL.rsplit("/", 1)[0]
        name = connection.settings_dict["NAME"]
        self.log = tempfile.NamedTemporaryFile(mode="w+", suffix=".log")  # noqa: SIM115 (lives as long as the server)
        environment = os.environ | {
            "DATABASE_URL": f"{base}/{name}",
            "DATABASE_OWNER_URL": "",
            "BASE_URL": self.url,
            "PYTHONDONTWRITEBYTECODE": "1",
            **{name: os.environ.get(name, "0") for name in RATES},
        }
        words = [*WEB, "--bind", f"127.0.0.1:{self.port}"]
        self._start = partial(
            subprocess.Popen,
            [sys.executable, *words],
            cwd=ROOT,
            env=environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.start()

    def start(self) -> None:
        self.process = self._start()
        self.running.add(self)
        self._wait()

    def kill(self) -> None:
        """At once, workers and all, in the middle of what they do."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def _wait(self) -> None:
        for _ in range(150):
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=1)
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"gunicorn did not start: {Path(self.log.name).read_text()[-2000:]}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(40)  # gunicorn itself gives its workers 30 s
        self.running.discard(self)
