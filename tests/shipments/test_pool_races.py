"""National quotas and many who take from them at once, on connections of their own; and the twins without a lock."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta

import psycopg2
import pytest
from django.db import OperationalError, connection, connections

from config.local import demo
from core.errors import DomainError, Invalid
from core.history import version
from core.legal_time import legal_today
from licensing import books, elements
from licensing.actions import pools
from licensing.models import PoolMovement, PoolState, QuotaPool
from licensing.models.balances import Movement
from shipments.actions import LineRequest, bulk, reserve
from shipments.models import Shipment
from shipments.tasks import lapse_reservations
from tests import make
from tests.interleave import AT_THE_GATE
from tests.make import unique
from tests.shipments.test_bulk_races import deadlocks, slowly, world
from tests.shipments.test_races import dsn, together

__all__ = ["world"]

KG = 1000
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def magnets(world, license, kilograms=100, *, said=None, **changes):
    """A request for magnets with 3 % dysprosium and 1 % terbium, unless another composition is said."""
    said = said or {"Dy": "0.03", "Tb": "0.01"}
    contents = elements.contents(said, elements.DECLARED, "")
    line = LineRequest(1, kilograms * KG, "kg", composition=said, contents=contents)
    return world.request(license, lines=[line], **changes)


def others(world):
    """Another company, of the same ministry."""
    return make.World(world.ministry, world.customs, make.exporter(world.ministry, unique("Other Co. ")))


def asked(world, license, **changes):
    """What became of it: its reference, or the code of its refusal."""
    try:
        return reserve(magnets(world, license, **changes), by=world.exporter).ref
    except DomainError as refused:
        return refused.code


def stands(ref="Q-EU-DY"):
    """Used and over-used, in kg."""
    pool = QuotaPool.objects.get(ref=ref)
    return pool.used / KG, pool.over_used / KG


def agree():
    return books.check_pools(whole=True) == [] and books.drift() == []


@contextmanager
def changed(function, old, new):
    """The function of the database with this in the place of that."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(%s::regproc)", [function])
        (stood,) = cursor.fetchone()
        assert old in stood
        cursor.execute(stood.replace(old, new))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(stood)


class Gate:
    """Whoever comes through waits, until so many do; a function has it where `changed` puts THROUGH."""

    THROUGH = "PERFORM pg_advisory_xact_lock_shared(4242);"

    @classmethod
    @contextmanager
    def opened_for(cls, waiters, then=lambda: None):
        """It opens when so many wait, after `then`."""
        with closing(psycopg2.connect(**dsn())) as gate:
            gate.autocommit = True
            cursor = gate.cursor()
            cursor.execute("SELECT pg_advisory_lock(4242)")
            error = []

            def watch():
                until = time.monotonic() + 15
                while time.monotonic() < until:
                    cursor.execute(AT_THE_GATE)
                    if cursor.fetchone()[0] >= waiters:
                        break
                    time.sleep(0.02)
                try:
                    then()
                except BaseException as wrong:
                    error.append(wrong)
                finally:
                    cursor.execute("SELECT pg_advisory_unlock(4242)")
                    connections.close_all()

            opener = threading.Thread(target=watch)
            opener.start()
            try:
                yield
            finally:
                opener.join()
            assert error == []


# --- the last of one pool ---------------------------------------------------------------------------------

LOCK = "WHERE p.id = ANY (pools) ORDER BY p.id FOR NO KEY UPDATE"
CLOCK = "now_at := legal_now();"
JUDGED = "IF jsonb_array_length(failures) = 0 AND NOT behind THEN\n        FOR n IN"


def two_for_the_last(world):
    """Of two companies, on licenses of their own; what became of each."""
    worlds = [world, others(world)]
    licenses = [one.license(kilograms=1_000) for one in worlds]
    make.pool(world.ministry, cap=5)
    return together([lambda w=w, on=on: asked(w, on) for w, on in zip(worlds, licenses, strict=True)])


def check_one_of_two(told):
    assert sorted(said if said == "quota-exhausted" else "taken" for said in told) == ["quota-exhausted", "taken"]
    assert stands() == (3, 0)


def test_of_two_companies_one_has_the_last_of_a_pool(world):
    with changed("ledger_take", JUDGED, "PERFORM pg_sleep(0.5);" + JUDGED):
        check_one_of_two(two_for_the_last(world))
    assert agree()


def test_twin_both_have_it_without_the_lock(world):
    """Both judge before either writes; what stands behind says that it is beyond the pool's room."""
    with changed("ledger_take", LOCK, ""), changed("ledger_take", JUDGED, Gate.THROUGH + JUDGED), Gate.opened_for(2):
        told = two_for_the_last(world)
    with pytest.raises(AssertionError):
        check_one_of_two(told)
    assert stands() == (6, 1)


# --- what changes a pool meanwhile ------------------------------------------------------------------------


def proposed(world, ref="Q-EU-DY", cap=1, state=PoolState.OPEN):
    pool = QuotaPool.objects.get(ref=ref)
    terms = {"cap": cap * KG, "state": state, "from_day": legal_today(), "reason": "Less", "seen": version(pool)}
    return pools.propose_change(ref, **terms, by=world.ministry.policy_officer)


def approve(world, change):
    return pools.approve(change.pk, seen=version(change), by=world.ministry.policy_approver)


def cut_while_one_asks(world):
    """A cut is approved, and not yet committed, when a reservation asks."""
    license = world.license(kilograms=1_000)
    make.pool(world.ministry, cap=5)
    change = proposed(world)
    with Gate.opened_for(1, then=lambda: time.sleep(0.5)):
        return together([lambda: (time.sleep(0.3), asked(world, license))[1], lambda: approve(world, change)])[0]


def test_a_reservation_waits_for_a_cut_that_is_approved_and_reads_it(world):
    with changed("pool_decide", "PERFORM pool_post(m);", "PERFORM pool_post(m);" + Gate.THROUGH):
        assert cut_while_one_asks(world) == "quota-exhausted"
    assert stands() == (0, 0)
    assert agree()


def test_twin_a_reservation_that_holds_nothing_takes_what_was_cut(world):
    with (
        changed("ledger_take", LOCK, ""),
        changed("pool_decide", "PERFORM pool_post(m);", "PERFORM pool_post(m);" + Gate.THROUGH),
    ):
        assert cut_while_one_asks(world).startswith("SH-")
    assert stands() == (3, 2)


def test_a_cut_waits_for_a_reservation_and_comes_after_it_in_the_chain(world):
    license = world.license(kilograms=1_000)
    make.pool(world.ministry, cap=5)
    change, done = proposed(world), "RETURN beyond;"
    with changed("pool_follow", done, Gate.THROUGH + done), Gate.opened_for(1, then=lambda: time.sleep(0.7)):
        told = together([lambda: asked(world, license), lambda: (time.sleep(0.4), approve(world, change))[0]])
    assert told[0].startswith("SH-")
    assert list(PoolMovement.objects.values_list("kind", flat=True)) == ["terms", "use", "terms"]
    assert agree()


@pytest.mark.parametrize(
    "terms", [{"cap": 1}, {"cap": 5, "state": PoolState.BLOCKED}, {"cap": 5, "state": PoolState.SUSPENDED}]
)
def test_a_reservation_that_waits_for_its_line_reads_how_its_pool_is_after_that(world, terms):
    license = world.license(kilograms=1_000)
    make.pool(world.ministry, cap=5)
    change = proposed(world, **terms)
    told = while_it_waits(license, lambda: asked(world, license), lambda: approve(world, change))
    assert (told, stands()) == ("quota-exhausted", (0, 0))
    assert agree()


# --- a pool that is opened meanwhile ----------------------------------------------------------------------

CLOSES = "LOCK TABLE licensing_quotapool IN ROW EXCLUSIVE MODE;"
ASKS = "pooled := EXISTS (SELECT FROM licensing_quotapool);"
BEGINS = "IF jsonb_typeof(request) = 'array' THEN"
DECIDED = "PERFORM pool_post(m);"
OF_MINE = "pg_backend_pid() = ANY (pg_blocking_pids(pid))"
OF_POOLS = """
    relation = 'licensing_quotapool'::regclass
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def waits(cursor, other, of):
    """It has ended, or waits for a lock: whether it waits."""
    until = time.monotonic() + 15
    while not other.done() and time.monotonic() < until:
        cursor.execute(f"SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND {of})")
        if cursor.fetchone()[0]:
            return True
        time.sleep(0.01)
    return False


def while_it_waits(license, asking, then):
    """What it was told: somebody else holds its line, does this, and lets it go on."""
    with closing(psycopg2.connect(**dsn())) as holder, ThreadPoolExecutor() as others:
        cursor = holder.cursor()
        cursor.execute("SELECT FROM licensing_licenseline WHERE license_id = %s FOR NO KEY UPDATE", [license.pk])
        other = others.submit(together, [asking])
        assert waits(cursor, other, OF_MINE)
        then()
        holder.rollback()
        return other.result()[0]


def at_the_gate(first, second):
    """What both were told: the second begins when the first is at the gate, which opens when that has ended, or waits
    for the pools."""
    with ThreadPoolExecutor() as others, closing(psycopg2.connect(**dsn())) as watch:
        watch.autocommit = True
        told = []

        def then():
            told.append(others.submit(together, [second]))
            waits(watch.cursor(), told[0], OF_POOLS)

        with Gate.opened_for(1, then):
            (one,) = together([first])
        return one, *told[0].result()


def opening(world, cap):
    """Its second person's step."""
    change = make.pool_change(world.ministry, cap=cap)
    return lambda: make.pool_approved(world.ministry, change)


def check_in_one_order():
    """What counts was reserved after the pool was opened, within its room; what does not, before."""
    assert stands()[1] == 0
    opened = PoolMovement.objects.get(kind="terms", pool__ref="Q-EU-DY").at
    uses = PoolMovement.objects.filter(kind="use", pool__ref="Q-EU-DY")
    assert all(one.at > opened for one in uses)
    counted = {one.shipment_id for one in uses}
    assert all(one.at < opened for one in Movement.objects.filter(kind="reserve").exclude(shipment_id__in=counted))
    assert agree()


@pytest.mark.parametrize(("cap", "refused", "used"), [(1, True, 0), (5, False, 3)])
def test_a_pool_that_is_opened_while_a_reservation_waits_for_its_line_counts_it(world, cap, refused, used):
    license = world.license(kilograms=1_000)
    told = while_it_waits(license, lambda: asked(world, license), opening(world, cap))
    assert (told == "quota-exhausted", stands()) == (refused, (used, 0))
    check_in_one_order()


def test_and_it_counts_each_row_of_a_bulk(world):
    license = world.license(kilograms=1_000)
    rows = [row_of(world, license) for _ in range(2)]
    told = while_it_waits(license, lambda: booked(world, rows), opening(world, cap=5))
    assert (told, stands()) == ({201, 409}, (3, 0))
    check_in_one_order()


def test_twin_it_is_missed_where_pools_are_asked_for_before_the_wait(world):
    license = world.license(kilograms=1_000)
    with changed("ledger_take", ASKS, ""), changed("ledger_take", BEGINS, ASKS + BEGINS):
        assert while_it_waits(license, lambda: asked(world, license), opening(world, cap=1)).startswith("SH-")
    assert books.drift() == []  # nothing else says so
    with pytest.raises(AssertionError):
        check_in_one_order()


def opened_while_one_is_judged(world):
    """Beside another pool, so that it asks which ones it uses."""
    license = world.license(kilograms=1_000)
    make.pool(world.ministry, "Q-TB", element="Tb")
    with changed("ledger_take", JUDGED, Gate.THROUGH + JUDGED):
        assert at_the_gate(lambda: asked(world, license), opening(world, cap=1))[0].startswith("SH-")


def test_a_pool_is_opened_after_the_reservations_that_are_judged(world):
    opened_while_one_is_judged(world)
    assert (stands(), stands("Q-TB")) == ((0, 0), (1, 0))
    check_in_one_order()


def test_twin_it_is_passed_by_what_nobody_judged(world):
    with changed("ledger_take", CLOSES, ""):
        opened_while_one_is_judged(world)
    assert stands() == (3, 2)
    with pytest.raises(AssertionError):
        check_in_one_order()


def asked_while_one_is_opened(world):
    """Approved, and not yet committed."""
    license = world.license(kilograms=1_000)
    with changed("pool_decide", DECIDED, DECIDED + Gate.THROUGH):
        return at_the_gate(opening(world, cap=1), lambda: asked(world, license))[1]


def test_a_reservation_waits_for_a_pool_that_is_approved(world):
    assert asked_while_one_is_opened(world) == "quota-exhausted"
    check_in_one_order()


def test_twin_it_passes_that_by(world):
    with changed("ledger_take", CLOSES, ""):
        assert asked_while_one_is_opened(world).startswith("SH-")
    with pytest.raises(AssertionError):
        check_in_one_order()


def opened_while_a_bulk_is_judged(world):
    license = world.license(kilograms=1_000)
    rows = [row_of(world, license) for _ in range(2)]
    with changed("ledger_take", BEGINS, Gate.THROUGH + BEGINS):
        return at_the_gate(lambda: booked(world, rows), opening(world, cap=5))[0]


def test_a_pool_is_opened_after_the_bulks_that_hold_what_they_need(world):
    assert opened_while_a_bulk_is_judged(world) == {201}
    assert stands() == (0, 0)
    check_in_one_order()


def test_twin_it_is_one_that_they_do_not_hold(world):
    with changed("ledger_hold", CLOSES, ""):
        assert opened_while_a_bulk_is_judged(world) == {201, 409}


def test_a_pool_that_is_not_held_is_not_judged(world):
    """Where somebody only asks, which keeps none from being opened."""
    license = world.license(kilograms=1_000)
    make.pool(world.ministry, "Q-TB", element="Tb")
    said = elements.contents({"Dy": "0.03"}, elements.DECLARED, "")
    lines = [{"line": 1, "quantity": KG, "unit": "g", "hs": "", "value": None, "contents": said}]
    whom = license.end_users.get().party_id
    gate = Gate.opened_for(1, opening(world, cap=5))
    asking = pytest.raises(OperationalError, match="another pool")
    with changed("ledger_take", CLOCK, Gate.THROUGH + CLOCK), gate, asking:
        make.taken(license, whom, KG, lines=lines, dry=True)


def test_two_pools_that_overlap_and_are_approved_at_once_are_one(world):
    def approved(change):
        try:
            return approve(world, change).ref
        except Invalid as refused:
            return refused.errors[0].code

    first, second = (make.pool_change(world.ministry, ref) for ref in ("A", "B"))
    with changed(
        "pool_decide", "INSERT INTO licensing_quotapool", "PERFORM pg_sleep(0.5); INSERT INTO licensing_quotapool"
    ):
        told = together([lambda: approved(first), lambda: approved(second)])
    assert sorted(told) in (["A", "overlaps"], ["B", "overlaps"])
    assert QuotaPool.objects.count() == 1


def test_two_changes_of_one_pool_that_are_proposed_at_once_are_one(world):
    make.pool(world.ministry)

    def tried():
        try:
            return proposed(world).ref
        except DomainError as refused:
            return refused.code

    with slowly("licensing_poolchange"):
        assert sorted(together([tried] * 2)) == ["Q-EU-DY", "pool-change-open"]


# --- clearances -------------------------------------------------------------------------------------------


def test_what_crosses_waits_for_what_another_has_used_before_it_says_what_is_beyond(world):
    license = world.license(kilograms=1_000)
    first, second = (
        Shipment.objects.get(ref=reserve(magnets(world, license), by=world.exporter).ref) for _ in range(2)
    )
    make.pool(world.ministry, cap=3)
    with closing(psycopg2.connect(**dsn())) as other:
        other.cursor().execute("SELECT shipment_pools(%s)", [first.pk])
        told = together([lambda: world.clear(second.ref, 100 * KG), lambda: (time.sleep(0.5), other.commit())])
    (incident,) = told[0].incidents
    assert incident.facts["pools"] == [{"pool": "Q-EU-DY", "over": 3 * KG}]
    assert stands() == (6, 3)
    assert agree()


# --- several pools ----------------------------------------------------------------------------------------


def booked(world, rows):
    return {one.status for one in bulk.reserve_many(rows, atomic=False, instance="", by=world.exporter)}


def row_of(world, license, *present, **facts):
    said = dict.fromkeys(present or ("Dy",), "0.03")
    return bulk.Row(unique("row-"), "0" * 64, magnets(world, license, said=said, **facts))


def in_opposite_order(worlds, batches):
    """Two bulks at once, with a moment between rows; what was answered, and whether they waited in a circle."""
    before = deadlocks()
    with changed("ledger_take", CLOCK, "PERFORM pg_sleep(0.4);" + CLOCK):
        told = together([lambda w=w, rows=rows: booked(w, rows) for w, rows in zip(worlds, batches, strict=True)])
    return set.union(*told), deadlocks() > before


def over_two_elements(world):
    worlds = [world, others(world)]
    licenses = [one.license(kilograms=1_000) for one in worlds]
    for ref in ("Ho", "Tb"):
        make.pool(world.ministry, ref, element=ref)
    orders = ("Ho", "Tb"), ("Tb", "Ho")
    batches = [
        [row_of(one, license, element) for element in order]
        for one, license, order in zip(worlds, licenses, orders, strict=True)
    ]
    return in_opposite_order(worlds, batches)


def test_two_bulks_over_two_pools_in_opposite_order_wait_in_no_circle(world):
    assert over_two_elements(world) == ({201}, False)
    assert agree()


def test_twin_they_do_where_pools_are_not_held_first(world):
    with changed("ledger_hold", "ORDER BY p.id FOR NO KEY UPDATE", "LIMIT 0"):
        _told, circle = over_two_elements(world)
    assert circle


def test_nor_do_two_with_rows_for_countries_that_are_not_on_their_licenses(world):
    """Of those nothing is held before, so nothing is taken."""
    worlds = [world, others(world)]
    countries = ["DE", "FR"]
    licenses = []
    for one, country in zip(worlds, countries, strict=True):
        signed = [one.declaration(country=country)]
        ref = one.application(kilograms=1_000, by_whom=signed)
        licenses.append(demo.issued(one.exporter, ref, one.ministry, signed))
    for country in countries:
        make.pool(world.ministry, country, destinations=[country])
    batches = [
        [row_of(one, license, destination=country) for country in order]
        for one, license, order in zip(worlds, licenses, (countries, countries[::-1]), strict=True)
    ]
    assert in_opposite_order(worlds, batches) == ({201, 409}, False)
    assert agree()


def swept_beside_a_clearance(world, clock):
    """Shipments of one pool each lapse, the later pool's first, while one that counts against both crosses."""
    swept, crossing = (world.license(kilograms=1_000) for _ in range(2))
    for ref in ("Ho", "Tb"):
        make.pool(world.ministry, ref, element=ref, period_until=legal_today() + timedelta(days=99))
    refs = [reserve(row_of(world, swept, element).request, by=world.exporter).ref for element in ("Tb", "Ho")]
    lapsing = [Shipment.objects.get(ref=ref).pk for ref in refs]
    in_60_days = legal_today() + timedelta(days=60)
    crosses = reserve(row_of(world, crossing, "Ho", "Tb", planned_on=in_60_days).request, by=world.exporter)
    clock.shift(days=40)
    before, slow = deadlocks(), "PERFORM pool_post(m);"
    with changed("pool_follow", slow, slow + "PERFORM pg_sleep(0.4);"):
        together([lapse_reservations, lambda: world.clear(crosses.ref, 50 * KG)])
    assert set(Shipment.objects.filter(pk__in=lapsing).values_list("state", flat=True)) == {"expired"}
    return deadlocks() > before


def test_the_sweep_and_a_clearance_of_the_same_pools_wait_in_no_circle(world, clock):
    assert not swept_beside_a_clearance(world, clock)
    assert (stands("Ho"), stands("Tb")) == ((1.5, 0), (1.5, 0))
    assert agree()


def test_twin_they_do_where_the_sweep_takes_one_pool_after_the_other(world, clock):
    with changed("shipment_lapse", "ORDER BY p.id FOR NO KEY UPDATE", "LIMIT 0"):
        assert swept_beside_a_clearance(world, clock)
