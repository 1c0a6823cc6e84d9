"""Races over real HTTP, and their twins: the same verbs without lock and constraint, which must fail those checks."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg2
import pytest
import requests
from django.conf import settings
from django.db import OperationalError, connection, connections

from config.local import demo
from core import command
from core.errors import DomainError
from core.legal_time import day_end, legal_today
from core.models import HistoryLine
from licensing import books
from licensing.actions import licenses, revocations
from licensing.models import ApplicationEndUser, ApplicationLine
from licensing.models.balances import LicenseLine, Movement
from licensing.selectors import movements_of
from shipments.actions import reserve
from shipments.models import CustomsDeclaration, Incident, Shipment
from tests import make
from tests.interleave import AT_THE_GATE
from tests.make import seen
from tests.shipments.amid import amid

KG = 1000

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def live(server):
    from licensing.loading import load

    load()
    officers = make.ministry()
    return make.World(officers, make.customs(), make.exporter(officers)), server


def post(server, key, body, idempotency):
    """One POST, repeated while its own twin is in progress, as a client would."""
    while True:
        answer = requests.post(
            f"{server.url}/api/v1/shipments/",
            data=json.dumps(body),
            headers={
                "Authorization": f"Bearer {key}",
                "Idempotency-Key": idempotency,
                "Content-Type": "application/json",
            },
            timeout=30,
        )
        if answer.status_code not in (409, 503) or answer.json()["code"] not in ("in-progress", "busy"):
            return answer
        time.sleep(0.2)


def together(calls):
    """All calls at once, released by one barrier; their answers in order."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def check_not_overdrawn(authorized, accepted, each, line):
    assert accepted == authorized // each
    assert (line["reserved"], line["available"]) == (accepted * each, 0)


def test_twenty_posts_for_five_places(live):
    world, server = live
    license, key = world.license(kilograms=5_000), make.key(world.exporter, *make.EXPORTER_SCOPES)
    bodies = [world.body(license, "1000.000") for _ in range(20)]
    answers = together([lambda b=b, n=n: post(server, key, b, f"race-{n}") for n, b in enumerate(bodies)])
    assert sorted(a.status_code for a in answers) == [201] * 5 + [409] * 15
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"line-exhausted"}
    line = LicenseLine.objects.get()
    check_not_overdrawn(5_000_000, 5, 1_000_000, {"reserved": line.reserved, "available": line.available})
    assert Shipment.objects.count() == 5
    assert books.drift() == []


def test_one_key_sent_twenty_times_makes_one_shipment_and_twenty_equal_bodies(live):
    world, server = live
    license, key = world.license(kilograms=5_000), make.key(world.exporter, *make.EXPORTER_SCOPES)
    body = world.body(license, "1000.000")
    answers = together([lambda: post(server, key, body, "one-key")] * 20)
    assert {(a.status_code, a.content) for a in answers} == {(201, answers[0].content)}
    assert sum("Idempotency-Replayed" not in a.headers for a in answers) == 1
    assert (Shipment.objects.count(), LicenseLine.objects.get().reserved) == (1, 1_000_000)


def late_reservations(suspended_at):
    """Movements that were judged after the suspension was."""
    return Movement.objects.filter(kind="reserve", at__gt=suspended_at).count()


def test_no_reservation_commits_after_the_suspension(live):
    world, server = live
    license, key = world.license(kilograms=5_000), make.key(world.exporter, *make.EXPORTER_SCOPES)
    bodies = [world.body(license, "1.000") for _ in range(50)]

    def suspend():
        time.sleep(0.15)
        licenses.suspend(license.ref, seen=seen(license.ref), reason="Now", by=world.ministry.decider)
        return

    answers = together([suspend, *[lambda b=b, n=n: post(server, key, b, f"s-{n}") for n, b in enumerate(bodies)]])[1:]
    codes = {a.json().get("code", "accepted") for a in answers}
    assert codes <= {"accepted", "license-suspended"}
    accepted = [a for a in answers if a.status_code == 201]
    suspended_at = HistoryLine.objects.get(verb="suspend").at
    assert late_reservations(suspended_at) == 0
    assert Shipment.objects.count() == len(accepted)
    assert LicenseLine.objects.get().reserved == len(accepted) * 1_000


def ended_amid(world, license):
    """What all were answered while the ministry ended it."""
    make.end_proposed(world, license)
    page = seen(license.ref)
    return amid(world, license, lambda: revocations.revoke(license.ref, seen=page, by=world.ministry.other_decider))


def test_a_license_ends_amid_reservations_and_clearances(live):
    """Each reservation that was accepted lay before, and each crossing is booked; with an incident if it came after."""
    world, _ = live
    license = world.license(kilograms=5_000)
    said = ended_amid(world, license)
    ended_at = HistoryLine.objects.get(verb="revoke").at
    accepted = said.count("accepted")
    assert set(said) == {"accepted", "cleared", "license-not-active"}
    assert (late_reservations(ended_at), said.count("cleared")) == (0, 40)
    line = LicenseLine.objects.get()
    assert (line.drawn, line.reserved, line.over_cleared) == (40 * 10 * KG, accepted * KG, 0)
    assert (line.available, line.lapsed, line.open) == (0, 5_000 * KG - line.drawn - line.reserved, False)
    late = CustomsDeclaration.objects.filter(declared_at__gte=ended_at).count()
    assert 0 < late < 40
    assert CustomsDeclaration.objects.filter(lawful=False).count() == late
    assert Incident.objects.filter(kind="license_not_usable").count() == late
    assert books.drift() == []


def test_a_reservation_that_waits_on_a_lock_across_the_end_is_refused(live, clock):
    """It asks in the last second, gets the lock in the next day, and the clock is read after the lock."""
    world, _ = live
    license = world.license(kilograms=100)
    clock.set(day_end(license.usable_until) - timedelta(seconds=1))
    request = world.request(license, 1_000, planned_on=legal_today())
    holder = psycopg2.connect(**dsn())
    holder.cursor().execute("SELECT 1 FROM licensing_licenseline FOR NO KEY UPDATE")
    result = []

    def ask():
        try:
            result.append(reserve(request, by=world.exporter))
        except DomainError as refused:
            result.append(refused.code)
        finally:
            connections.close_all()

    waiting = threading.Thread(target=ask)
    waiting.start()
    time.sleep(1.3)
    holder.rollback()
    holder.close()
    waiting.join()
    assert result == ["license-expired"]
    assert LicenseLine.objects.get().reserved == 0


def test_of_those_who_want_one_line_four_at_most_wait_for_its_row(transactional_db, live):
    """And the others each in one of its queues, of which a commit wakes one; all are served."""
    world, _ = live
    license = world.license(kilograms=100)
    holder, watcher = psycopg2.connect(**dsn()), psycopg2.connect(**dsn())
    holder.cursor().execute("SELECT 1 FROM licensing_licenseline FOR NO KEY UPDATE")
    watcher.autocommit = True
    waiting = []

    def watch():
        cursor = watcher.cursor()
        while len(waiting) < 10:
            cursor.execute(
                "SELECT array_agg(wait_event) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            waiting[:] = cursor.fetchone()[0] or []
            time.sleep(0.01)
        holder.rollback()

    requests = [world.request(license, 1_000, client_reference=f"Q-{number}") for number in range(10)]
    made = together([watch, *[lambda one=one: reserve(one, by=world.exporter) for one in requests]])[1:]
    holder.close()
    watcher.close()
    assert waiting.count("advisory") >= 10 - 4
    assert len({one.ref for one in made}) == 10
    assert LicenseLine.objects.get().reserved == 10_000


def test_a_lock_that_is_not_to_be_had_is_503_busy_and_changes_nothing(live):
    world, server = live
    license, key = world.license(kilograms=100), make.key(world.exporter, *make.EXPORTER_SCOPES)
    holder = psycopg2.connect(**dsn())
    holder.cursor().execute("SELECT 1 FROM licensing_licenseline FOR NO KEY UPDATE")
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "k", "Content-Type": "application/json"}
    body = json.dumps(world.body(license, "1.000"))
    answer = requests.post(f"{server.url}/api/v1/shipments/", data=body, headers=headers, timeout=30)
    holder.rollback()
    holder.close()
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "busy", "1")
    assert Shipment.objects.count() == 0
    again = requests.post(f"{server.url}/api/v1/shipments/", data=body, headers=headers, timeout=30)
    assert again.status_code == 201


def test_a_deadlock_is_tried_again_and_nobody_notices(transactional_db):
    tries = []

    @command.command
    def verb():
        tries.append(1)
        if len(tries) < 3:
            error = OperationalError("deadlock detected")
            error.__cause__ = type("Cause", (Exception,), {"pgcode": command.DEADLOCK})()
            raise error
        return "done"

    assert (verb(), len(tries)) == ("done", 3)


def two_lines(world):
    ref = world.application()
    line = ApplicationLine.objects.get(application__ref=ref)
    line.pk, line.number = None, 2
    line.save(force_insert=True)
    return demo.issued(world.exporter, ref, world.ministry, [row.declaration for row in end_users_of(ref)])


def end_users_of(ref):
    return ApplicationEndUser.objects.filter(application__ref=ref).select_related("declaration")


def settled(license, many):
    """So many movements as a reader pages them: another database's transaction may hold them back for a while."""
    until = time.monotonic() + 240
    while True:
        rows = [(row.transaction, row.id, row.line_number) for row in movements_of(license)]
        if len(rows) >= many or time.monotonic() > until:
            return rows
        time.sleep(0.1)


def test_a_reader_of_movements_misses_none_that_is_committed_behind_a_later_one(live):
    world, server = live
    license = two_lines(world)
    party = license.end_users.get().party_id
    whom = {"license": license.pk, "end_user": party, "consignee": party, "destination": "DE", "port": "CNSHA"}
    opened = settled(license, 2)
    first, second = (psycopg2.connect(**dsn()) for _ in range(2))
    for number, own in ((1, first), (2, second), (1, first)):  # their numbers are interleaved
        line = {"line": number, "quantity": KG, "unit": "kg"}
        asked = whom | {"planned_on": legal_today().isoformat(), "lines": [line]}
        own.cursor().execute("SELECT ledger_take(%s::jsonb, false)", [json.dumps(asked)])
    second.commit()
    page = [(row.transaction, row.id, row.line_number) for row in movements_of(license)]
    by_id = Movement.objects.filter(license_id=license.pk).latest("id").id
    first.commit()
    after = settled(license, 5)
    assert page == opened  # not one that stands behind what may still come
    assert after[: len(opened)] == opened
    assert [row[2] for row in after[len(opened) :]] == [1, 1, 2]
    assert after[len(opened)][1] < by_id  # whoever pages by id has passed it
    address = f"{server.url}/api/v1/licenses/{license.ref}/movements/"
    key = make.key(world.exporter, *make.EXPORTER_SCOPES)
    read = requests.get(address, headers={"Authorization": f"Bearer {key}"}, timeout=30).json()["results"]
    assert [row["line"] for row in read] == [row[2] for row in after]
    first.close()
    second.close()


# --- twins ------------------------------------------------------------------------------------------------


def dsn(name=None):
    found = connection.settings_dict
    return {
        "host": found["HOST"],
        "port": found["PORT"],
        "user": found["USER"],
        "password": found["PASSWORD"],
        "dbname": name or found["NAME"],
    }


@pytest.fixture
def twin(live):
    """A database of its own, copied from the test's, in which lock and constraint can be dropped."""
    world, server = live
    license = world.license(kilograms=5_000)
    for one in list(server.running):  # the browser tests' own, too: what is connected to cannot be copied
        one.stop()
    connections.close_all()
    name = f"{connection.settings_dict['NAME']}_twin"
    base = settings.DATABASE_URL.rsplit("/", 1)[0]
    owner = psycopg2.connect(f"{base}/postgres")
    owner.autocommit = True
    cursor = owner.cursor()
    cursor.execute(f"DROP DATABASE IF EXISTS {name}")
    cursor.execute(f"CREATE DATABASE {name} TEMPLATE {connection.settings_dict['NAME']}")
    yield world, license, name
    cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    owner.close()


def functions(change):
    """The ledger's functions as they stand, so changed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname IN ('ledger_take', 'ledger_settle')")
        source = "".join(f"{text};\n" for (text,) in cursor.fetchall())
    changed = change(source)
    assert JUDGED in source
    assert changed != source
    return changed


def take(name, license, count, barrier=None, *, judged=None):
    """`count` reservations of 1,000 kg at the level of the ledger's own verb, each in a transaction of its own."""
    user = license.end_users.get().party_id
    planned = license.usable_from.isoformat()

    def ask(number):
        own = psycopg2.connect(**dsn(name))
        try:
            request = {
                "license": license.pk,
                "end_user": user,
                "consignee": user,
                "destination": license.destinations[0],
                "port": "CNSHA",
                "planned_on": planned,
                "shipment": number,
                "shipment_ref": f"SH-{number}",
                "lines": [{"line": 1, "quantity": 1_000_000, "unit": "kg", "hs": "", "value": None}],
            }
            cursor = own.cursor()
            cursor.execute("SELECT ledger_take(%s::jsonb, false)", [json.dumps(request)])
            accepted = cursor.fetchone()[0]["accepted"]
            own.commit()
            return accepted
        finally:
            own.close()

    return together([lambda n=n: ask(n) for n in range(1, count + 1)])


# Everybody judges before anybody writes: a shared advisory lock that the test holds exclusively until all wait.
JUDGED = "IF jsonb_array_length(failures) = 0 AND NOT behind THEN\n        FOR n IN"
PAUSE = "PERFORM pg_advisory_xact_lock_shared(4242);\n        " + JUDGED


def without_locks(source):
    source = source.replace("FOR NO KEY UPDATE", "")
    return source.replace(JUDGED, PAUSE, 1)


def hold_until_waiting(name, waiters, run):
    gate = psycopg2.connect(**dsn(name))
    gate.cursor().execute("SELECT pg_advisory_lock(4242)")
    gate.commit()
    watcher = psycopg2.connect(**dsn(name))
    watcher.autocommit = True

    def open_gate():
        cursor = watcher.cursor()
        for _ in range(400):
            cursor.execute(AT_THE_GATE)
            if cursor.fetchone()[0] >= waiters:
                break
            time.sleep(0.05)
        cursor = gate.cursor()
        cursor.execute("SELECT pg_advisory_unlock(4242)")
        gate.commit()

    opener = threading.Thread(target=open_gate)
    opener.start()
    try:
        return run()
    finally:
        opener.join()
        gate.close()
        watcher.close()


def line_of(name):
    own = psycopg2.connect(**dsn(name))
    try:
        cursor = own.cursor()
        cursor.execute("SELECT reserved, ledger_available(l) FROM licensing_licenseline l")
        reserved, available = cursor.fetchone()
        return {"reserved": reserved, "available": available}
    finally:
        own.close()


def run_sql(name, *statements):
    own = psycopg2.connect(**dsn(name))
    own.autocommit = True
    for statement in statements:
        own.cursor().execute(statement)
    own.close()


def test_twin_of_the_race_oversells_without_lock_and_constraint(twin):
    _, license, name = twin
    run_sql(
        name,
        functions(without_locks),
        "ALTER TABLE licensing_licenseline DROP CONSTRAINT license_line_within_authorized",
        # and the guard of whoever wrote by what he read before the wait
        "CREATE OR REPLACE FUNCTION ledger_keep(line licensing_licenseline) RETURNS void LANGUAGE sql AS"
        " 'UPDATE licensing_licenseline SET reserved = reserved + 1000000 WHERE id = line.id'",
    )
    accepted = hold_until_waiting(name, 20, lambda: take(name, license, 20))
    with pytest.raises(AssertionError):
        check_not_overdrawn(5_000_000, sum(accepted), 1_000_000, line_of(name))
    assert sum(accepted) == 20


def test_what_stands_behind_the_lock_would_also_have_refused(twin):
    _, license, name = twin
    run_sql(name, functions(without_locks))
    with pytest.raises(psycopg2.errors.CheckViolation):
        hold_until_waiting(name, 20, lambda: take(name, license, 20))
    assert line_of(name)["reserved"] <= 5_000_000


def test_twin_of_the_suspension_lets_a_late_reservation_through_without_the_lock(twin):
    """Usability read without the line's lock: the suspension commits while the reservation is between look and leap."""
    _, license, name = twin
    run_sql(name, functions(without_locks))

    def suspend_in_between():
        own = psycopg2.connect(**dsn(name))
        cursor = own.cursor()
        for _ in range(400):
            cursor.execute(AT_THE_GATE)
            if cursor.fetchone()[0] == 1:
                break
            time.sleep(0.05)
        cursor.execute("UPDATE licensing_licenseline SET open = false")
        cursor.execute("UPDATE licensing_license SET state = 'suspended'")
        own.commit()
        own.close()

    gate = psycopg2.connect(**dsn(name))
    gate.cursor().execute("SELECT pg_advisory_lock(4242)")
    gate.commit()
    result = []

    def ask():
        result.extend(take(name, license, 1))
        connections.close_all()

    asking = threading.Thread(target=ask)
    asking.start()
    suspend_in_between()
    gate.cursor().execute("SELECT pg_advisory_unlock(4242)")
    gate.commit()
    asking.join()
    gate.close()
    with pytest.raises(AssertionError):
        assert result == [False]
    assert line_of(name)["reserved"] == 1_000_000


def test_twin_of_the_key_makes_two_shipments_without_the_unique_constraint(twin):
    """The claim's INSERT without its unique constraint behind it: both callers think that they are the first."""
    world, _, name = twin
    run_sql(name, "ALTER TABLE core_idempotency DROP CONSTRAINT idempotency_key_once")
    barrier = threading.Barrier(2)

    def claim():
        own = psycopg2.connect(**dsn(name))
        cursor = own.cursor()
        cursor.execute(
            "INSERT INTO core_idempotency (organization_id, key, fingerprint, content_type, body, created_at) "
            "VALUES (%s, 'k', 'f', '', '', legal_now()) ON CONFLICT DO NOTHING RETURNING id",
            [world.exporter.organization_id],
        )
        first = cursor.fetchone() is not None
        barrier.wait()
        own.commit()
        own.close()
        return first

    with ThreadPoolExecutor(2) as pool:
        firsts = list(pool.map(lambda _: claim(), range(2)))
    with pytest.raises(AssertionError):
        assert sum(firsts) == 1
