"""A world of fixed days, people and references, told once for all texts."""

import itertools
import random

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from tests import make
from tests.clock import Clock
from tests.conftest import legal_days
from tests.seen import world
from tests.seen.gather import undone


class Texts(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def snapshot(snapshot):
    return snapshot.use_extension(Texts)


class Drawn(random.Random):
    """In place of `secrets`: the same in each run."""

    def randbits(self, bits):
        return self.getrandbits(bits)

    def token_hex(self, size):
        return self.randbytes(size).hex()


class Fixed(Clock):
    """The legal clock and Python's stand still at one instant."""

    def __init__(self):
        self.traveller = None

    def set(self, at):
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION legal_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
                f"$$ SELECT timestamptz '{at.isoformat()}' $$"
            )
        self.traveller.move_to(at)


def restart_sequences():
    """Primary keys count on from what the migrations left; undone with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
        first = {name: 1 for (name,) in cursor.fetchall()}
        for table in connection.introspection.table_names(cursor):
            for one in connection.introspection.get_sequences(cursor, table):
                cursor.execute(f'SELECT coalesce(max("{one["column"]}"), 0) + 1 FROM "{table}"')
                first[one["name"]] = cursor.fetchone()[0]
        for name, number in first.items():
            cursor.execute(f"ALTER SEQUENCE {name} RESTART WITH {number}")


@pytest.fixture(scope="module")
def told(django_db_setup, django_db_blocker, tmp_path_factory):
    """All of it in one transaction, which ends with nothing left."""
    from licensing.loading import load

    fixed = Fixed()
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        time_machine.travel(world.BEGIN, tick=False) as fixed.traveller,
    ):
        for module in ("core.references", "core.actions.keys"):
            patch.setattr(f"{module}.secrets", Drawn(module))
        patch.setattr(make, "serial", itertools.count(1))
        patch.setattr(settings, "DATA_DIR", tmp_path_factory.mktemp("data"))  # not of a copy that was started here
        with undone():
            fixed.set(world.BEGIN)
            restart_sequences()
            load()
            legal_days()
            everything = world.told(fixed)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")  # nobody else does, as long as the transaction lasts
            yield everything
