"""Two workers make certificates while one of them is killed again and again: none is lost, and none is made twice.

A run has 30 licenses and three kills; `CERTIFICATES=1000 ./run test tests/core/test_papers_killed.py
--log-cli-level=INFO` has the design's number, and looks at the rate beside them, which is told: of certificates alone.
"""

import logging
import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import connection

from core import deliveries, papers
from core.models import Delivery, Document, Paper
from tests.config.kills import within
from tests.http import ROOT

log = logging.getLogger(__name__)
MANY, KILLS = int(os.environ.get("CERTIFICATES") or 30), 3
A_MINUTE = 1_000
WORK = (
    "import django, time; django.setup(); from core.papers import make_due\nwhile make_due() or not time.sleep(0.02): 0"
)
pytestmark = [pytest.mark.full, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def worker():
    url = settings.DATABASE_URL.rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    own = {"DATABASE_URL": url, "DATABASE_OWNER_URL": url, "SIGNING_KEYS": settings.SIGNING_KEYS}
    return subprocess.Popen([sys.executable, "-c", WORK], cwd=ROOT, env=os.environ | own)


def made():
    return Paper.objects.filter(kind="certificate").count()


def test_a_worker_that_is_killed_between_commit_and_file_loses_none(world, clock):
    licenses = [world.license(kilograms=10) for _ in range(MANY)]
    due = Delivery.objects.filter(consumer="paper", delivered_at=None)
    due.exclude(line__subject_kind="license").update(due_at="2099-01-01T00:00:00Z")
    workers, killed, began = [worker(), worker()], 0, None
    try:
        for number in range(KILLS):
            assert within(120, lambda number=number: made() >= MANY * (number + 1) // (KILLS + 2)), made()
            began = began or (made(), time.monotonic())
            time.sleep(number / 100)  # in another place of a transaction each time
            workers[0].send_signal(signal.SIGKILL)
            killed += workers[0].wait() == -signal.SIGKILL
            workers[0] = worker()
        assert within(300, lambda: made() >= MANY - killed), made()  # each may have had one in hand
        rate = (made() - began[0]) * 60 / (time.monotonic() - began[1])
        clock.shift(seconds=deliveries.LEASE_SECONDS + 1)
        assert within(60, lambda: made() == MANY), made()
    finally:
        for one in workers:
            one.kill()
            one.wait()
    log.info("%s killed; %.0f certificates a minute by two workers, as many extracts beside them", killed, rate)
    assert killed == KILLS
    for license in licenses:
        assert sorted(one.kind for one in papers.papers_of(license)) == ["certificate", "extract"]
    files = Document.objects.filter(name__endswith="-certificate.pdf")
    assert (files.count(), papers.make_due()) == (MANY, 0)
    assert MANY < A_MINUTE or rate >= A_MINUTE, rate
