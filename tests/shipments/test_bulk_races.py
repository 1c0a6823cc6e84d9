"""Two bulks at once, two workers at once, one that is killed: no circle of waiting, and each row is booked once."""

import random
import threading
import time
from contextlib import closing, contextmanager

import psycopg2
import pytest
from django.db import connection, connections

from core.access import clock
from core.idempotency import InProgress
from core.models import Idempotency
from licensing import books
from licensing.models import License
from licensing.models.balances import ClearanceCount, LicenseLine
from shipments.actions import bulk
from shipments.models import Shipment
from tests import make
from tests.make import unique
from tests.shipments.test_races import dsn, together

ROUNDS = 4
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(transactional_db):
    from licensing.loading import load

    load()
    officers = make.ministry()
    return make.World(officers, make.customs(), make.exporter(officers))


def row_of(world, license, key=None, **changes):
    request = world.request(license, 1_000, **changes)
    return bulk.Row(key or unique("row-"), "0" * 64, request)


def booked(world, rows):
    return bulk.reserve_many(rows, atomic=False, instance="", by=world.exporter)


def in_any_order(world, batch_of):
    """Four bulks at once, each in an order of its own: none deadlocks, which a second try would hide."""
    draw, before, statuses = random.Random(1), deadlocks(), set()
    for number in range(ROUNDS):
        batches = [batch_of(number) for _ in range(4)]
        for rows in batches:
            draw.shuffle(rows)
        told = together([lambda rows=rows: booked(world, rows) for rows in batches])
        statuses |= {answer.status for answers in told for answer in answers}
    assert deadlocks() == before
    assert books.drift() == []
    return statuses


def test_two_that_take_the_same_lines_in_another_order_both_come_through(world):
    licenses = [world.license(kilograms=1_000) for _ in range(12)]
    assert in_any_order(world, lambda number: [row_of(world, one) for one in licenses]) == {201}
    assert Shipment.objects.count() == ROUNDS * 4 * 12


@contextmanager
def slowly(table):
    """Each row of the table takes a moment, so that others come in between."""
    with connection.cursor() as owner:
        owner.execute(
            "CREATE FUNCTION a_moment() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$;"
            f"CREATE TRIGGER a_moment BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION a_moment()"
        )
    try:
        yield
    finally:
        with connection.cursor() as owner:
            owner.execute("DROP FUNCTION a_moment() CASCADE")


def test_two_that_send_the_same_keys_in_another_order_both_come_through(world):
    license = world.license(kilograms=1_000)
    with slowly("core_idempotency"):
        assert in_any_order(world, lambda n: [row_of(world, license, key=f"k-{n}-{one}") for one in range(8)]) == {201}
    assert Shipment.objects.count() == ROUNDS * 8


def test_two_that_send_the_same_references_in_another_order_both_come_through(world):
    license = world.license(kilograms=1_000)

    def batch(number):
        return [row_of(world, license, client_reference=f"PO-{number}-{one}") for one in range(8)]

    with slowly("shipments_shipment"):
        assert in_any_order(world, batch) == {201, 409}
    assert Shipment.objects.count() == ROUNDS * 8


def test_counts_are_held_before_lines(world):
    """As a clearance takes them: whoever waits for a count holds no line yet."""
    license = world.license(kilograms=100)
    License.objects.filter(pk=license.pk).update(max_clearances=2)
    ClearanceCount.objects.create(license=license)

    def tried():
        booked(world, [row_of(world, license)])
        connections.close_all()

    waiting = threading.Thread(target=tried)
    with closing(psycopg2.connect(**dsn())) as held, closing(psycopg2.connect(**dsn())) as other:
        held.cursor().execute("SELECT FROM licensing_clearancecount FOR NO KEY UPDATE")
        waiting.start()
        time.sleep(1)
        cursor = other.cursor()
        cursor.execute("SELECT FROM licensing_licenseline FOR NO KEY UPDATE SKIP LOCKED")
        free = cursor.rowcount
    waiting.join()
    assert (free, Shipment.objects.count()) == (1, 1)


def test_a_key_that_another_request_holds_stops_all_of_it(world):
    license = world.license(kilograms=100)
    rows = [row_of(world, license), row_of(world, license, key="held")]
    with closing(psycopg2.connect(**dsn())) as other:
        other.cursor().execute("SELECT answer_claim(%s, 'held', '')", [world.exporter.organization_id])
        with pytest.raises(InProgress):
            booked(world, rows)
    assert (Shipment.objects.count(), Idempotency.objects.count()) == (0, 0)
    assert [one.status for one in booked(world, rows)] == [201, 201]


def test_two_workers_share_no_job(world):
    license = world.license(kilograms=100)
    job = bulk.order([row_of(world, license) for _ in range(40)], language="en", instance="", by=world.exporter)
    worked = together([lambda: bulk.work(job.pk, by=clock())] * 4)
    assert sorted(worked) == [False, False, False, True]
    assert (Shipment.objects.count(), LicenseLine.objects.get().reserved) == (40, 40_000)


def test_a_worker_killed_in_the_middle_leaves_what_the_next_one_ends(world, monkeypatch):
    """The connection goes away between the booking and its commit, as with kill -9."""
    license = world.license(kilograms=100)
    monkeypatch.setattr(bulk, "STEP", 4)
    job = bulk.order([row_of(world, license) for _ in range(10)], language="en", instance="", by=world.exporter)
    assert bulk.work(job.pk, by=clock())
    booked = bulk._booked

    def killed(*said):
        booked(*said)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        own = psycopg2.connect(**dsn())
        own.autocommit = True
        own.cursor().execute("SELECT pg_terminate_backend(%s)", [pid])
        own.close()
        return booked(*said)

    monkeypatch.setattr(bulk, "_booked", killed)
    with pytest.raises(Exception, match="terminat|closed"):
        bulk.work(job.pk, by=clock())
    connections.close_all()
    monkeypatch.setattr(bulk, "_booked", booked)
    assert Shipment.objects.count() == 4
    while bulk.work(job.pk, by=clock()):
        pass
    assert list(job.rows.values_list("status", "replayed")) == [(201, False)] * 10
    assert (Shipment.objects.count(), LicenseLine.objects.get().reserved) == (10, 10_000)
    assert books.drift() == []


def deadlocks():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_clear_snapshot(), deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        return cursor.fetchone()[1]
