"""The movement table's months (licensing/sql/movements.sql), made by the role that the worker has."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from psycopg2 import errors

from core import grants
from licensing import tasks
from tests.core.test_grants import TABLES, attacks, refused

PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'licensing_movement'::regclass"
MOVEMENT = (
    "INSERT INTO licensing_movement (id, at, exporter_id, license_id, line_id, line_number, kind, quantity, held,"
    " shipment_ref, available_after) VALUES (-1, %s, 1, 1, 1, 1, 'authorize', 1, false, '', 1)"
)
WHERE = "SELECT tableoid::regclass::text, id FROM licensing_movement"


def names(cursor):
    cursor.execute(PARTITIONS)
    return {name for (name,) in cursor.fetchall()}


@pytest.fixture
def partitions(application, clock):
    """What there was before; whatever the test makes is gone after it."""
    tasks.make_months()
    before = names(application)
    yield before
    clock.reset()
    with connection.cursor() as owner:
        for name in names(owner) - before:
            owner.execute(f"DROP TABLE {name}")


def in_months(count):
    """The last day of the month that is `count` months on."""
    now = datetime.now(UTC)
    year, month = divmod(now.year * 12 + now.month - 1 + count, 12)
    return datetime(year, month + 1, 28, tzinfo=UTC)


def test_the_worker_makes_months_ahead_when_their_time_comes_and_only_then(application, partitions, clock):
    application.execute("SELECT movement_months()")
    assert (application.fetchone(), names(application)) == ((0,), partitions)
    clock.set(in_months(2))
    application.execute("SELECT movement_months()")
    made = {f"licensing_movement_{in_months(months):%Y_%m}" for months in (25, 26)}
    assert (application.fetchone(), names(application) - partitions) == ((2,), made)
    assert tasks.make_months() == 0


def test_what_fell_into_the_default_partition_moves_to_its_month_and_blocks_none(application, partitions):
    with connection.cursor() as owner:
        owner.execute(MOVEMENT, [in_months(40)])
    application.execute(WHERE)
    assert application.fetchall() == [("licensing_movement_default", -1)]
    application.execute("SELECT movement_months()")
    month = f"licensing_movement_{in_months(40):%Y_%m}"
    assert (application.fetchone(), names(application) - partitions) == ((1,), {month})
    application.execute(WHERE)
    assert application.fetchall() == [(month, -1)]


def test_a_new_month_is_as_closed_as_the_others(application, partitions):
    with connection.cursor() as owner:
        owner.execute(MOVEMENT, [in_months(40)])
    application.execute("SELECT movement_months()")
    application.execute(TABLES)
    (month,) = [table for table in application.fetchall() if table[0] == f"licensing_movement_{in_months(40):%Y_%m}"]
    done = [statement for statement, columns in attacks(*month) if not refused(application, statement, **columns)]
    assert done == []
    assert grants.differences(application, application.connection.info.user) == []
    with connection.cursor() as owner, pytest.raises(Exception, match="never changed or deleted"):
        owner.execute(f"DELETE FROM {month[0]}")


@pytest.mark.parametrize(
    "attack",
    [
        "CREATE TABLE licensing_movement_2099_01 PARTITION OF licensing_movement DEFAULT",
        "CREATE TABLE mine (LIKE licensing_movement)",
        "SELECT movement_months(1)",
    ],
)
def test_the_worker_makes_nothing_but_months(application, partitions, attack):
    with pytest.raises((errors.InsufficientPrivilege, errors.UndefinedFunction)):
        application.execute(attack)
    assert names(application) == partitions
