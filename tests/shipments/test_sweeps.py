"""What sweeps do for many at once is what the verb does for one after the other; many workers; rows that are held."""

import time
from datetime import timedelta
from decimal import Decimal
from functools import partial
from threading import Thread

import psycopg2
import pytest
from django.db import connection, transaction
from django.db.models import F
from psycopg2 import errors

from core import sweeps
from core.access import clock as by_clock
from core.deliveries import is_told
from core.history import broken_links
from core.legal_time import day_end, day_start, legal_today
from core.models import Delivery, HistoryLine
from licensing import books
from licensing.actions import licenses
from licensing.models import RENEWED, Kind, License
from licensing.models.balances import ClearanceCount, LicenseLine, Movement
from licensing.tasks import expire_licenses, warn_of_ends
from shipments import actions
from shipments.actions import LineRequest
from shipments.models import Shipment, ShipmentLine
from shipments.selectors import reservations_past
from shipments.tasks import lapse_reservations
from tests.interleave import AT_THE_GATE
from tests.make import seen
from tests.shipments.test_races import dsn, live, run_sql, together

__all__ = ["live"]

KG = 1000
DAY = timedelta(days=1)
SWEPT = {  # function of the database: what it is of, what it asks beside that
    "license_expire": ("license", "expire"),
    "license_warn": ("license", "warn_of_end", list(licenses.WARNING_DAYS), licenses.renewal_warning()),
    "shipment_lapse": ("shipment", "lapse"),
}


def swept(function, most=100):
    """How many rows one batch has done, and which it left to the verb."""
    kind, verb, *words = SWEPT[function]
    values = [most, by_clock().user.pk, is_told(kind, verb), *words]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT done, rest FROM {function}({', '.join(['%s'] * len(values))})", values)
        return cursor.fetchone()


def written():
    """Everything that a sweep may write, without keys that count on."""
    movements = [f.attname for f in Movement._meta.concrete_fields if f.attname not in ("id", "digest")]
    balances = [f.attname for f in LicenseLine._meta.concrete_fields if f.attname != "chain_digest"]
    lines = [f.attname for f in HistoryLine._meta.concrete_fields if f.attname != "id"]
    told = ("line__subject_kind", "line__subject_id", "line__seq", "consumer", "to", "due_at", "tries", "error")
    state = ("refused", "failed_at", "delivered_at", "ended_at")
    tables = (License, ClearanceCount, Shipment, ShipmentLine)
    return {
        **{model.__name__: list(model.objects.order_by("pk").values()) for model in tables},
        "LicenseLine": list(LicenseLine.objects.order_by("pk").values(*balances)),
        "Movement": list(Movement.objects.order_by("line_id", "id").values(*movements)),
        "HistoryLine": list(HistoryLine.objects.order_by("subject_kind", "subject_id", "seq").values(*lines)),
        "Delivery": sorted(Delivery.objects.values_list(*told, *state)),
    }


@pytest.fixture
def stopped(clock):
    """legal_now() stands still at an instant, so that two runs write the same."""

    def stop(at):
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION legal_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
                f"$$ SELECT '{at.isoformat()}'::timestamptz $$"
            )

    return stop


def twins(function, verb, due):
    """What a batch left to the verb; that it wrote what the verb writes, row by row, is asserted."""
    by, before = by_clock(), transaction.savepoint()
    for pk in due():
        verb(pk, by=by)
    one_by_one, drift = written(), books.drift()
    transaction.savepoint_rollback(before)
    unswept = written()
    done, rest = swept(function)
    assert done
    for pk in rest:
        verb(pk, by=by)
    assert written() == one_by_one != unswept
    assert due() == []
    assert swept(function) == (0, [])
    assert [row for row in (*License.objects.all(), *Shipment.objects.all()) if broken_links(row)] == []
    assert books.drift() == drift
    return rest


def suspend(world, license):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)


def another_line(license):
    """A second line like the first, with what the ledger would have posted for it."""
    line = license.lines.get()
    line.pk, line.number, line.chain_seq, line.chain_digest = None, 2, 0, b""
    granted, line.authorized = line.authorized, 0
    line.save(force_insert=True)
    post = "SELECT ledger_keep(ledger_post(l, 'authorize', %s, false, NULL, NULL, legal_now()))"
    with connection.cursor() as cursor:
        cursor.execute(f"{post} FROM licensing_licenseline l WHERE id = %s", [granted, line.pk])


def both_lines(grams):
    return [LineRequest(number, grams, "kg") for number in (2, 1)]


# --- the same as the verb -----------------------------------------------------------------------------------


def test_licenses_that_expire_at_once_do_so_as_one_by_one(world, stopped):
    made = {name: world.license(kilograms=100) for name in ("free", "reserved", "full", "two", "off", "later")}
    made["limited"] = world.license(kind="per_shipment", kilograms=100)
    made["tolerant"] = world.license(kilograms=100)
    LicenseLine.objects.filter(license=made["tolerant"]).update(tolerance=5 * KG)
    world.shipment(made["tolerant"], 103 * KG)
    world.shipment(made["reserved"], 30 * KG)
    world.clear(world.shipment(made["reserved"], 20 * KG).ref, 20 * KG)
    world.shipment(made["full"], 100 * KG)
    world.shipment(made["limited"], 99 * KG)
    another_line(made["two"])
    world.shipment(made["two"], lines=both_lines(40 * KG))
    suspend(world, made["off"])
    end = made["free"].usable_until
    License.objects.exclude(pk=made["later"].pk).update(usable_until=end)
    License.objects.filter(pk=made["later"].pk).update(usable_until=end + DAY)
    stopped(day_end(end) + timedelta(microseconds=1))
    assert twins("license_expire", licenses.expire, lambda: licenses.past(legal_today(), 99)) == []
    assert License.objects.get(state="active") == made["later"]
    kinds = Movement.objects.filter(kind="lapse").values_list("license_id", "line_number", "quantity")
    assert sorted(kinds) == [
        (made["free"].pk, 1, 100 * KG),
        (made["reserved"].pk, 1, 50 * KG),
        (made["two"].pk, 1, 60 * KG),
        (made["two"].pk, 2, 60 * KG),
        (made["off"].pk, 1, 100 * KG),
        (made["limited"].pk, 1, 1 * KG),
    ]
    told = Delivery.objects.filter(line__verb="expire")
    assert told.count() == HistoryLine.objects.filter(verb="expire", facts={}).count() == 7


@pytest.mark.slow
def test_holders_who_are_warned_at_once_are_so_as_one_by_one(world, stopped):
    made = [world.license(kilograms=100) for _ in range(9)]
    made.append(world.license(kind="per_shipment", kilograms=100))
    suspend(world, made[1])
    end = made[0].usable_until
    stopped(day_start(end - 90 * DAY))
    licenses.warn_of_end(made[2].pk, by=by_clock())
    stopped(day_start(end - 5 * DAY))
    licenses.warn_of_end(made[7].pk, by=by_clock())
    License.objects.filter(pk=made[8].pk).update(state="expired")
    stopped(day_start(end - 30 * DAY))
    licenses.warn_of_end(made[3].pk, by=by_clock())
    for row, left in ((made[4], 31), (made[5], 91), (made[6], -1), (made[9], 91)):
        License.objects.filter(pk=row.pk).update(usable_until=end + (left - 30) * DAY)

    def due():
        return licenses.ending(legal_today(), licenses.WARNING_DAYS, licenses.renewal_warning())

    assert twins("license_warn", licenses.warn_of_end, due) == []
    lines = HistoryLine.objects.filter(verb="warn_of_end", at=day_start(end - 30 * DAY))
    said = [(row.subject_id, row.facts["days"], row.to_state) for row in lines.order_by("subject_id")]
    assert said == [
        (made[0].pk, 30, "active"),
        (made[1].pk, 30, "suspended"),
        (made[2].pk, 30, "active"),
        (made[3].pk, 30, "active"),
        (made[4].pk, 90, "active"),
        (made[5].pk, 150, "active"),
    ]


@pytest.mark.parametrize(("kind", "more"), [("annual", {91: 150, 150: 150}), ("per_shipment", {91: None, 150: None})])
def test_a_holder_is_told_at_the_stage_that_was_reached_last(kind, more, world):
    row = world.license(kind=kind, kilograms=100)
    stages = {-1: None, 0: 7, 7: 7, 8: 30, 30: 30, 31: 90, 90: 90, 151: None} | more
    for left, stage in stages.items():
        today, said = row.usable_until - left * DAY, [list(licenses.WARNING_DAYS), licenses.renewal_warning()]
        with connection.cursor() as cursor:
            cursor.execute("SELECT days FROM license_to_warn(%s, %s, %s)", [*said, today])
            assert cursor.fetchall() == ([(stage,)] if stage else [])
        assert licenses.ending(today, *said) == ([row.pk] if stage else [])


@pytest.mark.parametrize("kind", Kind.values)
def test_holders_of_what_is_renewed_are_told_by_the_sweep_when_that_begins(kind, license):
    License.objects.filter(pk=license.pk).update(kind=kind)
    first = License.objects.get().renewable_from
    assert licenses.ending(first, [], licenses.renewal_warning()) == ([license.pk] if kind in RENEWED else [])


@pytest.mark.slow
def test_reservations_that_lapse_at_once_do_so_as_one_by_one(world, stopped):
    kinds = ("plain", "two", "off", "worth", "over", "rest", "final", "tolerant", "nothing")
    made = {name: world.license(kilograms=100) for name in kinds}
    made |= {name: world.license(kind="per_shipment", kilograms=100) for name in ("limited", "twice")}
    today = legal_today()
    later = world.shipment(made["plain"], 5 * KG, planned_on=today + DAY)
    uncapped = [LineRequest(1, 10 * KG, "kg", value=Decimal(5), currency="CNY")]
    plain = [world.shipment(made["plain"], 20 * KG), world.shipment(made["plain"], lines=uncapped)]
    another_line(made["two"])
    two = [world.shipment(made["two"], lines=both_lines(grams * KG)) for grams in (10, 15)]
    off = world.shipment(made["off"], 10 * KG)
    suspend(world, made["off"])
    made["worth"] = world.license(kilograms=100, values={1: Decimal(1000)})
    priced = [LineRequest(1, KG, "kg", value=Decimal("250.50"), currency="CNY")]
    worth = world.shipment(made["worth"], lines=priced)
    over = [world.shipment(made["over"], grams * KG) for grams in (10, 20)]
    rest = world.shipment(made["rest"], 10 * KG)
    final = world.shipment(made["final"], 10 * KG)
    world.clear(world.shipment(made["final"], 10 * KG, final=True).ref, 10 * KG)
    LicenseLine.objects.filter(license=made["tolerant"]).update(tolerance=5 * KG)
    tolerant = world.shipment(made["tolerant"], 103 * KG)
    nothing = world.shipment(made["nothing"], 10 * KG)
    ShipmentLine.objects.filter(shipment=nothing).update(held=0)
    limited, twice = (world.shipment(made[name], 10 * KG) for name in ("limited", "twice"))
    ClearanceCount.objects.filter(license=made["twice"]).update(taken=2)  # more than it may
    for name in ("over", "rest"):
        License.objects.filter(pk=made[name].pk).update(usable_until=today)
    stopped(day_end(today))
    assert swept("license_expire") == (2, [])
    LicenseLine.objects.filter(license=made["rest"]).update(lapsed=F("lapsed") - KG)
    stopped(day_end(final.reserved_until))
    left = twins("shipment_lapse", actions.lapse, lambda: reservations_past(legal_today(), 99))
    assert sorted(left) == sorted(row.pk for row in (rest, final, tolerant, twice, nothing, worth))
    assert list(Shipment.objects.filter(state="reserved")) == [later]
    gone = [*plain, *two, off, *over, limited]
    assert Shipment.objects.filter(pk__in=[row.pk for row in gone], state="expired", counted=False).count() == 8
    assert dict(ClearanceCount.objects.values_list("license", "taken")) == {
        made["limited"].pk: 0,
        made["twice"].pk: 1,
    }
    assert License.objects.get(pk=made["final"].pk).state == "exhausted"
    posted = Movement.objects.filter(license_id=made["over"].pk, kind__in=["release", "lapse"]).order_by("id")
    assert list(posted.values_list("kind", "quantity", "held", "shipment_id", "available_after")) == [
        ("lapse", 70 * KG, False, None, 0),
        ("release", 10 * KG, True, over[0].pk, 10 * KG),
        ("lapse", 10 * KG, False, None, 0),
        ("release", 20 * KG, True, over[1].pk, 20 * KG),
        ("lapse", 20 * KG, False, None, 0),
    ]


def test_a_batch_takes_so_many_at_most_and_the_next_the_others(world, clock):
    licenses_ = [world.license(kilograms=100) for _ in range(2)]
    reserved = [world.shipment(license, 10 * KG) for license in licenses_]
    for function, day in (
        ("shipment_lapse", day_end(reserved[0].reserved_until)),
        ("license_warn", day_start(licenses_[0].usable_until)),
        ("license_expire", day_end(licenses_[0].usable_until)),
    ):
        clock.set(day)
        assert [swept(function, most=1) for _ in range(3)] == [(1, []), (1, []), (0, [])]


# --- many workers, and rows that somebody else holds --------------------------------------------------------


@pytest.fixture
def held():
    sessions = []
    yield partial(_held, sessions)
    for own in sessions:
        own.close()


def _held(sessions, model, **which):
    """A session that holds the rows until it rolls back."""
    own = psycopg2.connect(**dsn())
    sessions.append(own)
    own.cursor().execute(str(model.objects.filter(**which).order_by().values("pk").query) + " FOR NO KEY UPDATE")
    return own


@pytest.fixture
def many(live):
    """Four licenses with a reservation each."""
    world, _ = live
    made = [world.license(kilograms=100) for _ in range(4)]
    return made, [world.shipment(license, 10 * KG) for license in made]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_many_workers_do_each_row_once_and_a_second_run_does_nothing(many, clock, monkeypatch):
    made, reserved = many
    monkeypatch.setattr(sweeps, "BATCH", 1)
    clock.set(day_end(reserved[0].reserved_until))
    assert sum(together([lapse_reservations] * 4)) == 4
    clock.set(day_start(made[0].usable_until))
    assert sum(together([warn_of_ends] * 4)) == 4
    clock.set(day_end(made[0].usable_until))
    assert sum(together([expire_licenses] * 4)) == 4
    assert (lapse_reservations(), warn_of_ends(), expire_licenses()) == (0, 0, 0)
    lines = HistoryLine.objects.filter(verb__in=["lapse", "warn_of_end", "expire"])
    assert len(set(lines.values_list("subject_kind", "subject_id", "verb"))) == lines.count() == 12
    rows = (*License.objects.all(), *Shipment.objects.all())
    assert [row for row in rows if row.state != "expired" or broken_links(row)] == []
    assert books.drift() == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_is_passed_over_and_taken_the_next_time(many, clock, held):
    made, reserved = many
    for function, day, rows in (
        ("shipment_lapse", day_end(reserved[0].reserved_until), [made[0], reserved[1]]),
        ("license_warn", day_start(made[0].usable_until), [made[0]]),
        ("license_expire", day_end(made[0].usable_until), [made[0], made[3]]),
    ):
        clock.set(day)
        somebody = [held(type(row), pk=row.pk) for row in rows]
        assert swept(function) == (4 - len(rows), [])
        for one in somebody:
            one.rollback()
        assert swept(function) == (len(rows), [])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_line_or_count_that_somebody_holds_leaves_its_row_to_the_verb(many, live, clock, held):
    """A reservation holds these without its license, and the verb waits for it: no hot line is passed over for ever."""
    made, reserved = many
    limited = live[0].license(kind="per_shipment", kilograms=100)
    counted = live[0].shipment(limited, 10 * KG)
    clock.set(day_end(made[0].usable_until))
    somebody = (held(LicenseLine, license=made[0]), held(ClearanceCount, license=limited))
    done, rest = swept("shipment_lapse")
    assert (done, sorted(rest)) == (3, sorted([reserved[0].pk, counted.pk]))
    assert swept("license_expire") == (4, [made[0].pk])
    for one in somebody:
        one.rollback()
    assert (swept("shipment_lapse"), swept("license_expire")) == ((2, []), (1, []))
    assert books.drift() == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_holder_whom_somebody_warned_meanwhile_is_not_warned_again(many, clock):
    """The batch has looked before the verb is done, and takes the license after that."""
    made, _ = many
    clock.set(day_start(made[0].usable_until))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('license_to_warn'::regproc)")
        asked = cursor.fetchone()[0]
    gated = "FROM (SELECT pg_advisory_xact_lock_shared(4242)) gate, licensing_license l"
    run_sql(None, asked.replace("FROM licensing_license l", gated))

    done = []
    sweep = Thread(target=lambda: done.extend(together([warn_of_ends])))
    gate = psycopg2.connect(**dsn())
    gate.cursor().execute("SELECT pg_advisory_lock(4242)")
    gate.commit()
    try:
        sweep.start()
        with connection.cursor() as cursor:
            for _ in range(400):
                cursor.execute(AT_THE_GATE)
                if cursor.fetchone()[0]:
                    break
                time.sleep(0.05)
        assert licenses.warn_of_end(made[0].pk, by=by_clock()) == 7
    finally:
        gate.close()
        sweep.join()
        run_sql(None, asked)
    assert done == [3]
    assert HistoryLine.objects.filter(verb="warn_of_end").count() == 4


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_application_sweeps_though_it_may_write_no_balance(many, clock, application):
    made, _ = many
    by = by_clock().user.pk
    clock.set(day_end(made[0].usable_until))
    for door in ("shipment_lapse", "license_expire"):
        application.execute(f"SELECT done FROM {door}(100, %s, true)", [by])
        assert application.fetchall() == [(4,)]
    for inner in (
        "ledger_post_all('{}'::ledger_change[], now(), false)",
        "ledger_hold_free(ARRAY(SELECT id FROM licensing_license))",
    ):
        try:
            application.execute(f"SELECT {inner}")
        except errors.InsufficientPrivilege:
            continue
        pytest.fail(inner)
