"""What every test stands on: fast hashing, a test database of this checkout's own, and the reference data."""

import atexit
import csv
import gc
import io
import os
import shutil
import tempfile
from datetime import UTC, datetime, time
from functools import cache
from itertools import islice
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import override_settings
from django.utils import translation

from core import grants, signing
from core.legal_time import LEGAL_ZONE
from licensing.actions import applications, receipts
from tests import make
from tests.again import begun
from tests.days import D
from tests.http import Server
from tests.kept import STANDING, Kept
from tests.servers import database_of

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure(config):
    # tests/core/test_rates.py and tests/licensing/test_verify.py turn them on
    settings.RATE_READS = settings.RATE_WRITES = settings.RATE_ADDRESS = settings.RATE_VERIFY = 0
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SIGNING_KEYS = tempfile.mkdtemp(prefix="lodestone-keys-")
    atexit.register(shutil.rmtree, settings.SIGNING_KEYS, ignore_errors=True)
    signing.make(datetime(2026, 1, 1, tzinfo=UTC), secret=b"a key that only the tests have..")
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = database_of(ROOT)
    DatabaseOperations.sql_flush = flushing(DatabaseOperations.sql_flush)
    flush.emit_post_migrate_signal = lambda *args, **named: None  # what it would fill again still stands
    settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = f"test-{os.getpid()}:"


def pytest_collection_modifyitems(items):
    """Of several workers each begins with its part of the slow tests: the last one would be waited for by all. Those
    to whom one world is told are the first one's, which makes it once."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    slow = [item for item in items if item.get_closest_marker("slow") or item.get_closest_marker("full")]
    if workers > 1 and slow:
        told = [item for item in slow if "told" in item.fixturenames]
        others = [item for item in slow if "told" not in item.fixturenames]
        begun = set(slow)
        quick = (item for item in [*items] if item not in begun)
        parts = [told, *(others[n :: workers - 1] for n in range(workers - 1))]
        share = len(items) // workers
        items[:] = [item for part in parts for item in (*part, *islice(quick, max(0, share - len(part))))]
        items += quick


def pytest_collection_finish():
    """What is loaded by now stays: a collector that goes over it again and again finds nothing. It looks seldom."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_runtest_setup():
    """Each test begins in English, whatever page the one before it read last."""
    translation.deactivate()
    begun.nowhere()


def flushing(real):
    """A test that commits ends by emptying every table but what migrating fills, which one guard refuses: it is off for
    that statement alone."""
    switch = (
        "DO $$ BEGIN ALTER TABLE licensing_policyedition {} TRIGGER pgtrigger_never_emptied_f5157;"
        " EXCEPTION WHEN undefined_object OR undefined_table THEN END $$;"
    )

    def sql_flush(self, style, tables, **options):
        emptied = real(self, style, [name for name in tables if name not in STANDING], **options)
        return [switch.format("DISABLE"), *emptied, switch.format("ENABLE")] if emptied else emptied

    return sql_flush


@pytest.fixture
def reference(request, db):
    """The control list, countries, instruments, legal days: as loaded. With more where more is asked for."""
    stage = next((kept for name, kept in STAGES.items() if name in request.fixturenames), REFERENCE)
    value = stage()
    if stage.put and connection.in_atomic_block:
        begun.patches = request.getfixturevalue("monkeypatch")
        begun.at(stage.then)
    return value


def loaded():
    from licensing.loading import load

    load()
    legal_days()


def everybody():
    loaded()
    officers, customs = make.ministry(), make.customs()
    return make.World(officers, customs, make.exporter(officers))


def licensed():
    world = everybody()
    world.made["license"] = world.license(kilograms=100)
    return world


REFERENCE = Kept(loaded)
STAGES = {"license": Kept(licensed), "world": Kept(everybody)}  # the one that holds most first


def legal_days():
    """The table that we ship: as core.calendar_file fills it in, in a twentieth of its time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM core_legalday LIMIT 1")
        if not cursor.rowcount:
            columns = "(day, working, kind, name, provisional, source)"
            cursor.cursor.copy_expert(f"COPY core_legalday {columns} FROM STDIN (FORMAT csv)", io.StringIO(shipped()))


@cache
def shipped():
    from core import calendar_file

    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(calendar_file.read(calendar_file.SHIPPED))
    return text.getvalue()


@pytest.fixture
def ministry(reference):
    return reference.ministry if reference else make.ministry()


@pytest.fixture
def customs(reference):
    return reference.customs if reference else make.customs()


@pytest.fixture
def lanting(reference, ministry):
    """A verified exporter's signatory."""
    return reference.exporter if reference else make.exporter(ministry)


@pytest.fixture
def world(reference):
    """One verified exporter with parties and verified declarations, and everybody else it needs."""
    return reference


@pytest.fixture
def license(reference):
    """Of this world, and active: 100 kg of magnets for one end-user."""
    return reference.made["license"]


@pytest.fixture
def clock(request):
    """Shifts legal_now() so that it shows an instant, or by an offset; undone at the end, whatever happens."""
    from tests.clock import Clock

    shifted = Clock()
    yield shifted
    if not connection.needs_rollback:
        shifted.reset()


@pytest.fixture(scope="session")
def web(django_db_setup, django_db_blocker):
    """One for all: to start it takes longer than most tests, and what it remembers is of texts, not of rows. It has the
    rights of the application's role, where that is known."""
    with override_settings(DATABASE_URL=os.environ.get("TEST_APPLICATION_URL", settings.DATABASE_URL)):
        with django_db_blocker.unblock():
            grants.after_migrate("default")
        server = Server()
    yield server
    server.stop()


@pytest.fixture
def server(web, transactional_db):
    """A real gunicorn, on this test's database."""
    if web.process.poll() is not None:  # a test stopped it, or killed it and ended before it was back
        web.start()
    return web


@pytest.fixture
def application(settings, transactional_db):
    """A session of the application's role, which asks for every guard to be ignored."""
    url = os.environ.get("TEST_APPLICATION_URL")
    assert url, "an embedded pair, or TEST_APPLICATION_URL beside DATABASE_URL, names the application's role"
    settings.DATABASE_URL = url
    grants.after_migrate("default")
    own = psycopg2.connect(url.rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"])
    own.autocommit = True
    with own.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', array_agg(DISTINCT tgname)::text, false) FROM pg_trigger")
        yield cursor
    own.close()


@pytest.fixture
def on(clock):
    """It is this day's noon, or another time of it."""

    def on(day, at=time(12)):
        clock.set(datetime.combine(D(day), at, LEGAL_ZONE))

    return on


@pytest.fixture
def accepted(world, on):
    """A case that was filed and accepted on this day."""

    def accepted(day):
        on(day)
        ref = world.application()
        applications.submit(ref, seen=make.seen(ref), by=world.exporter)
        receipts.accept(ref, by=world.ministry.intake)
        return ref

    return accepted
