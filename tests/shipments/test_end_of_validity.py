"""Reservations around the last second of a license, with no worker and no beat: none is accepted after it.

A run has two rounds of a few; `ROUNDS_AT_THE_END=40 ./run test tests/shipments/test_end_of_validity.py
--log-cli-level=INFO` has 40, of 250 reservations each, from two seconds before the end to two seconds after it.
"""

import logging
import os
import time
from collections import Counter
from contextlib import nullcontext
from datetime import timedelta
from random import Random

import pytest

from core.errors import DomainError
from core.legal_time import day_end, legal_now
from licensing import books
from licensing.models.balances import Movement
from shipments.actions import reserve
from tests.shipments.test_bulk_races import world
from tests.shipments.test_pool_races import changed
from tests.shipments.test_races import together

__all__ = ["world"]

log = logging.getLogger(__name__)
ROUNDS = int(os.environ.get("ROUNDS_AT_THE_END", "0"))
MANY, SECONDS = (250, 2.0) if ROUNDS else (40, 1.0)
CLIENTS = 16
LATE = {"license-expired", "date-out-of-range"}  # for the license, and for the day that was planned
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
DAYS = ("shipment_wrong", "BETWEEN 0 AND", "BETWEEN -9 AND")  # only the ledger looks at the clock
THEN = ("shipment_taken", "(request->>'planned_on')::date <", "'infinity'::date <")
GUARD = ("ledger_take", "IF license_over(lic.usable_until, today) AND lic", "IF false AND lic")


@pytest.fixture
def license(world):
    return world.license(kilograms=100)


def around_the_end(world, license, clock, draw):
    """What became of each: (its number, when it was asked, when it was answered, why it was refused)."""
    end = day_end(license.usable_until)
    offsets = sorted(draw.uniform(-SECONDS, SECONDS) for _ in range(MANY))
    clock.set(end - timedelta(seconds=SECONDS + 0.5))
    requests = [world.request(license, 1, planned_on=license.usable_until) for _ in offsets]
    clock.set(end - timedelta(seconds=SECONDS))
    begun = time.monotonic() + SECONDS

    def client(part):
        told = []
        for number in part:
            time.sleep(max(begun + offsets[number] - time.monotonic(), 0))
            asked, codes = legal_now(), set()
            try:
                reserve(requests[number], by=world.exporter)
            except DomainError as refused:
                codes = {refused.code, *(one.code for one in refused.errors)}
            told.append((number, asked, legal_now(), codes))
        return told

    parts = [range(number, MANY, CLIENTS) for number in range(CLIENTS)]
    return end, [one for told in together([lambda part=part: client(part) for part in parts]) for one in told]


def late_in(license, end, told):
    """What was accepted and should not have been: by the clock of its movement, or because it was asked too late."""
    by_clock = Movement.objects.filter(license_id=license.pk, kind="reserve", at__gte=end).count()
    return by_clock + sum(asked >= end and not codes for _, asked, _, codes in told)


def test_no_reservation_is_accepted_after_the_end_with_every_worker_dead(world, license, clock):
    draw, counts = Random(1), Counter()
    for number in range(ROUNDS or 2):
        with changed(*DAYS) if number % 2 else nullcontext(), changed(*THEN) if number % 2 else nullcontext():
            end, told = around_the_end(world, license, clock, draw)
        assert late_in(license, end, told) == 0
        for _, _asked, answered, codes in told:
            assert codes <= LATE
            assert not codes or answered >= end  # and none is refused before it
        counts += Counter("late" if codes else "in time" for *_, codes in told)
        assert min(counts["late"], counts["in time"]) > 0
        license.refresh_from_db()
        assert license.state == "active"  # as nobody came by to say otherwise
    line = license.lines.get()
    assert (line.reserved, Movement.objects.filter(kind="reserve").count()) == (counts["in time"], counts["in time"])
    assert books.drift() == []
    log.info("%s", dict(counts))


def test_twin_nobody_but_a_worker_says_that_it_is_over(world, license, clock):
    with changed(*DAYS), changed(*THEN), changed(*GUARD):
        end, told = around_the_end(world, license, clock, Random(1))
    assert late_in(license, end, told) > 0
