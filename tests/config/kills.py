"""Load on a running copy that knows what was acknowledged to it, and the hand that kills the copy's parts under it."""

import http.client
import json
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2

from config.local import embedded, launcher
from config.local.visitor import Client, Surprise, Visitor
from core.legal_time import LEGAL_ZONE


def within(seconds: float, happens: Callable[[], Any]) -> bool:
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)  # looking must not be the load
    return True


class Load:
    """Clients that reserve and people who invite, each trying until it was acknowledged; it knows what was."""

    def __init__(self, data: Path) -> None:
        demo = json.loads((data / "demo.json").read_text())
        self.base, self.key = demo["base_url"], demo["api_keys"][0]
        company = self.key["organization"]
        self.license = next(row for row in demo["licenses"] if row["organization"] == company)
        self.account = next(row for row in demo["accounts"] if row["organization"] == company)
        self.reserved: dict[str, tuple[dict[str, Any], Any]] = {}  # by idempotency key
        self.invited: list[str] = []
        self.refused: list[Any] = []
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self.reserve, self.reserve, self.invite)
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def reserve(self) -> None:
        client = Client(self.base, self.key["key"])
        while not self._over.wait(0.05):
            key = uuid.uuid4().hex
            body = {
                "license": self.license["number"],
                "client_reference": f"KILL-{key[:20]}",
                "end_user": self.license["end_user"],
                "consignee": self.license["consignee"],
                "destination": self.license["destination"],
                "port": self.license["port"],
                "planned_on": datetime.now(UTC).astimezone(LEGAL_ZONE).date().isoformat(),
                "lines": [{"license_line": 1, "quantity": "0.001", "unit": "kg"}],
            }
            while not self._over.wait(0.05):
                try:
                    status, answer = client.call("POST", "/shipments/", body, Idempotency_Key=key)
                except (OSError, http.client.HTTPException, ValueError):
                    continue
                if status == 201:
                    self.reserved[key] = (body, answer)
                elif status >= 500 or answer.get("code") == "in-progress":
                    continue
                else:
                    self.refused.append(answer)
                break

    def repeat(self, times: int) -> list[bool]:
        """Of this many that were acknowledged: whether the same request has the same answer still."""
        client = Client(self.base, self.key["key"])
        some = list(self.reserved.items())[:: max(1, len(self.reserved) // times)]
        return [
            client.call("POST", "/shipments/", body, Idempotency_Key=key) == (201, answer)
            for key, (body, answer) in some
        ]

    def invite(self) -> None:
        visitor = Visitor(self.base)
        visitor.sign_in(self.account["email"], self.account["password"])
        while not self._over.wait(0.2):
            email = f"{uuid.uuid4().hex}@invited.example"
            try:
                page = visitor.send(visitor.get("/members/add/"), name="Invited", email=email, roles=["viewer"])
            except (OSError, http.client.HTTPException, Surprise):
                continue
            if page.status == 200 and page.url.endswith("/members/"):
                self.invited.append(email)


class Killed:
    """A copy under ./run whose parts are killed one by one."""

    def __init__(self, data: Path, load: Load) -> None:
        self.data, self.load = data, load
        self.port = int(load.base.rpartition(":")[2])

    def query(self, sql: str) -> list[tuple]:
        with closing(psycopg2.connect(embedded.running(self.data)["owner_url"])) as own, own.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def pid(self, name: str) -> int:
        return embedded.running(self.data)["pids"][name]

    def ready(self) -> dict[str, Any]:
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            wire.request("GET", "/readyz")
            return json.loads(wire.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            return {}
        finally:
            wire.close()

    def mails(self) -> list[str]:
        """To whom an invitation has gone out, as often as it has."""
        found = self.query("SELECT recipients FROM core_mail WHERE recipients LIKE '%@invited.example'")
        return [row[0] for row in found]

    def delivered(self, emails: list[str]) -> bool:
        """Whether every one of these has had his mail."""
        return set(emails) <= set(self.mails())

    def kill(self, name: str) -> float:
        """Kills the part; the seconds until a new one did what it is for."""
        old, began = self.pid(name), time.monotonic()
        os.kill(old, signal.SIGKILL)
        assert within(30, lambda: self.pid(name) != old), name
        invited = len(self.load.invited)
        works = {
            "web": lambda: launcher.health(self.port) == 200,
            "postgres": lambda: self.ready().get("database") == "ok",
            "valkey": lambda: self.ready().get("broker") == "ok",
        }
        # Worker and beat are there when an invitation that was made after their return went out.
        works.setdefault(name, lambda: set(self.load.invited[invited:]) & set(self.mails()))
        assert within(60, works[name]), name
        return time.monotonic() - began
