"""A report that begins to be owed, long due, while a reservation waits for whoever settles its shipment."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, connections

from core.errors import DomainError
from core.legal_time import legal_now
from shipments.actions import bulk, officers, reserve
from tests.make import seen
from tests.shipments.test_bulk_races import row_of, world
from tests.shipments.test_pool_races import Gate, changed

__all__ = ["world"]
pytestmark = [pytest.mark.django_db(transaction=True)]
KG = 1000


def by_an_officer(world, clock, license):
    row = world.shipment(license, 10 * KG)
    world.clear(row.ref, 4 * KG, final=False)
    clock.shift(days=60)
    return lambda: officers.close_out(row.ref, seen=seen(row.ref), reason="Silence", by=world.ministry.decider)


def by_a_late_message(world, clock, license):
    row = world.shipment(license, 10 * KG)
    clock.shift(days=60)
    then = legal_now() - timedelta(days=58)
    return lambda: world.clear(row.ref, 10 * KG, declared_at=then, cleared_at=then + timedelta(hours=1))


def alone(world, license):
    try:
        return reserve(world.request(license, KG), by=world.exporter).ref
    except DomainError as refused:
        return refused.code


def in_a_bulk(world, license):
    (answer,) = bulk.reserve_many([row_of(world, license)], atomic=False, instance="", by=world.exporter)
    return "report-overdue" if '"report-overdue"' in answer.body else answer.body


def waits_for_a_row():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event <> 'advisory'"
            " AND query LIKE 'SELECT shipment_reserve%%' AND datname = current_database()"
        )
        return cursor.fetchone()[0] > 0


@pytest.mark.parametrize("asked", [alone, in_a_bulk])
@pytest.mark.parametrize("settled", [by_an_officer, by_a_late_message])
def test_a_reservation_that_waited_for_one_that_owes_a_report_is_refused(settled, asked, world, clock):
    license, told = world.license(kilograms=1000), []
    settle = settled(world, clock, license)

    def ask():
        try:
            told.append(asked(world, license))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask)]

    def then():
        threads[0].start()
        deadline = time.monotonic() + 10
        while not waits_for_a_row():
            assert time.monotonic() < deadline, "it does not wait"
            time.sleep(0.02)

    with changed("shipment_settle", "RETURN said;", f"{Gate.THROUGH} RETURN said;"), Gate.opened_for(1, then):
        settle()
    threads[0].join()
    assert told == ["report-overdue"]
