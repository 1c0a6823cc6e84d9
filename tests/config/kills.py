"""The hand that kills a running copy's parts, and processes within them, under load."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

from config.local import embedded, launcher
from tests.config.load import Load

PROJECT = Path(__file__).resolve().parents[2]
# Backends of PostgreSQL that are in the middle of a booking; of a job's rows: they hold the job as well.
BOOKING = """
    SELECT DISTINCT pid FROM pg_locks WHERE mode = 'RowExclusiveLock' AND relation = 'shipments_shipment'::regclass
"""
JOB = f"""
    {BOOKING} INTERSECT
    SELECT pid FROM pg_locks WHERE mode = 'RowShareLock' AND relation = 'shipments_bulk'::regclass
"""
LEFT = "SELECT bulk_id, count(*) FROM shipments_bulkrow WHERE status IS NULL GROUP BY 1 ORDER BY 1 LIMIT 1"
# What each shipment moved, and how many lines its history has.
KEPT = """
    SELECT s.client_reference, string_agg(m.kind || ' ' || m.quantity, ', '),
           (SELECT count(*) FROM core_historyline h WHERE h.subject_kind = 'shipment' AND h.subject_id = s.id)
    FROM shipments_shipment s
    LEFT JOIN licensing_movement m ON m.shipment_id = s.id AND m.account = 'quantity'
    WHERE s.client_reference LIKE 'KILL-%' GROUP BY s.id
"""
BOOKS = """
from django.db import connection
from licensing import books
connection.cursor().execute("SET statement_timeout = 0")
print([*books.check(whole=True).values(), *books.check_pools(whole=True)])
"""


def within(seconds: float, happens: Callable[[], Any]) -> bool:
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)  # looking must not be the load
    return True


def children(pid: int) -> set[int]:
    return {int(word) for word in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True).stdout.split()}


class Killed:
    """A copy under ./run whose processes are killed one by one."""

    def __init__(self, data: Path, load: Load) -> None:
        self.data, self.load = data, load
        self.port = int(load.base.rpartition(":")[2])

    def connect(self) -> Any:
        return psycopg2.connect(embedded.running(self.data)["owner_url"])

    def query(self, sql: str) -> list[tuple]:
        with closing(self.connect()) as own, own.cursor() as cursor:
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

    def books(self) -> str:
        """What of the books does not agree, from their beginnings on."""
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", BOOKS]
        here = {
            "LODESTONE_MODE": "local",
            "LODESTONE_DATA": str(self.data),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        said = subprocess.run(command, cwd=PROJECT, env=os.environ | here, capture_output=True, text=True)
        return said.stdout.strip() or said.stderr

    def goes_on(self) -> bool:
        """For a moment the load went on, with requests of each kind that is answered at once."""
        before = self.load.answered()
        time.sleep(random.uniform(0.3, 1.5))
        return within(
            60, lambda: all(self.load.answered()[kind] > before[kind] for kind in ("single", "atomic", "partial"))
        )

    def kill(self, name: str) -> float:
        """Kills the part, or what the name stands for; the seconds until others did what it is for."""
        victims, replaced = self._aim(name)
        left, began = self.query(LEFT), time.monotonic()
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        assert within(30, replaced), name
        invited = len(self.load.invited)
        works = {
            "web": lambda: launcher.health(self.port) == 200,
            "web worker": lambda: launcher.health(self.port) == 200,
            "postgres": lambda: self.ready().get("database") == "ok",
            "backend": lambda: self.ready().get("database") == "ok",
            "valkey": lambda: self.ready().get("broker") == "ok",
        }
        # Worker and beat are there when an invitation that was made after their return went out.
        works.setdefault(name, lambda: set(self.load.invited[invited:]) & set(self.mails()))
        assert within(60, works[name]), name
        took = time.monotonic() - began
        assert name != "job" or within(60, lambda: self.query(LEFT) != left), "the job stands still"
        return took

    def _aim(self, name: str) -> tuple[set[int], Callable[[], Any]]:
        """Which processes to kill now, and how one sees that they are gone and others in their place."""
        if name == "web worker":
            return self._within("web", 1)
        if name == "job":
            assert within(60, lambda: self.query(JOB)), "no job was being booked"
            time.sleep(random.uniform(0, 1.5))  # which takes seconds
            return self._within("worker", 2)
        if name == "backend":
            booking: list[tuple] = []
            assert within(60, lambda: booking.extend(self.query(BOOKING)) or booking), "nothing was being booked"
            own = self.connect()
            return {random.choice(booking)[0]}, lambda: lost(own)  # the server ends all others for its sake
        old = self.pid(name)
        return {old}, lambda: self.pid(name) != old

    def _within(self, part: str, some: int) -> tuple[set[int], Callable[[], Any]]:
        """The same of so many of a part's own processes."""
        pid = self.pid(part)
        assert within(30, lambda: len(children(pid)) >= some), part  # of a part that was begun anew a moment ago
        old = children(pid)
        victims = set(random.sample(sorted(old), some))
        return victims, lambda: len(now := children(pid)) == len(old) and not now & victims


def lost(connection: Any) -> bool:
    try:
        connection.cursor().execute("SELECT")
    except psycopg2.Error:
        return True
    return False
