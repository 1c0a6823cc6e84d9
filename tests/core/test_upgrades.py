"""A process whose database was migrated for another version: 503 with Retry-After where something is gone for that."""

import json
import logging
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction

from core import problems, upgrades
from shipments.models import Shipment
from tests import make

ROOT = Path(__file__).parents[2]
NEWER = ("licensing", "0999_of_the_next_version")
UNKNOWN = "it is not known whether it was made"
GONE = {
    "column": "ALTER TABLE licensing_license RENAME usable_until TO ends_on",
    "table": "ALTER TABLE licensing_license RENAME TO licensing_permit",
}
BACK = {
    "column": "ALTER TABLE licensing_license RENAME ends_on TO usable_until",
    "table": "ALTER TABLE licensing_permit RENAME TO licensing_license",
}


def run(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)


def write_down(app, name):
    run("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())", app, name)


def cross_out(app, name):
    run("DELETE FROM django_migrations WHERE (app, name) = (%s, %s)", app, name)


@contextmanager
def without(what):
    run(GONE[what])
    try:
        yield
    finally:
        run(BACK[what])


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A process that has met nothing yet, and waits for nobody."""
    upgrades._met.clear()
    monkeypatch.setattr(upgrades, "sleep", lambda seconds: None)
    yield
    upgrades._met.clear()


@pytest.fixture
def other():
    """The database was migrated for the next version."""
    write_down(*NEWER)
    yield
    cross_out(*NEWER)


@pytest.fixture
def ask(transactional_db, world, client):
    client.raise_request_exception = False
    client.force_login(world.exporter.user)
    return client.get


def met(state):
    """What explains says of an error that PostgreSQL raises with this SQLSTATE."""
    with pytest.raises(Error) as raised, transaction.atomic():
        run(f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$")
    return upgrades.explains(raised.value)


@pytest.mark.parametrize("state", ["42703", "42P01", "42883", "42501", "42804", "42P10", "23502"])
def test_what_does_not_fit_the_schema_may_be_the_other_versions(state, db, other):
    assert met(state)


@pytest.mark.parametrize("state", ["23505", "22012", "P0001", "57014", "XX000"])
def test_another_error_stays_what_it_is_beside_another_version(state, db, other):
    assert not met(state)


def test_any_other_exception_stays_what_it_is(db, other):
    assert not upgrades.explains(None)
    assert not upgrades.explains(ValueError("42703"))


def test_the_same_version_explains_nothing(db):
    assert (upgrades.differences(), met("42703")) == ([], False)


def test_a_process_that_is_ahead_of_its_database_says_the_same(db):
    here = [one for one in upgrades.MigrationLoader(None).disk_migrations if one[0] == "licensing"]
    run("DELETE FROM django_migrations WHERE app = 'licensing'")  # and what they replace
    assert (upgrades.differences(), met("42703")) == (sorted(map(".".join, here)), True)


def test_migrations_of_an_app_that_is_not_here_any_more_say_nothing(db):
    write_down("gone", "0001_initial")
    assert upgrades.differences() == []


def test_a_migration_that_took_the_place_of_others_is_no_difference(db, other, monkeypatch):
    """Their rows stay where they were applied."""
    loader = upgrades.MigrationLoader(None)
    newest = type(loader.disk_migrations[loader.graph.leaf_nodes("licensing")[0]])
    monkeypatch.setattr(newest, "replaces", [*newest.replaces, NEWER])
    assert upgrades.differences() == []


@pytest.mark.parametrize("app", ["core", "exporters", "licensing", "shipments"])
def test_a_database_that_stands_between_migrations_that_were_replaced_is_not_set_up(app, ask, settings):
    """Django would break, or leave out what replaces them and say nothing."""
    settings.DATABASE_OWNER_URL = ""
    [(_app, name)] = [one for one in upgrades.MigrationLoader(None).replacements if one[0] == app]
    had = [one for of, one in upgrades.MigrationRecorder(connection).applied_migrations() if of == app]
    run("DELETE FROM django_migrations WHERE app = %s", app)
    write_down(app, upgrades.MigrationLoader(None).replacements[app, name].replaces[0][1])
    try:
        assert f"{app}.{name}" in upgrades.differences()
        assert ask("/readyz").json()["migrations"] == "pending"
        for command in ("setup", "migrate"):
            with pytest.raises(CommandError, match=rf"{app}\.{name} replaces, and not all"):
                call_command(command)
    finally:
        run("DELETE FROM django_migrations WHERE app = %s", app)
        for one in had:
            write_down(app, one)


def test_it_is_said_in_the_log_once_with_the_error_and_what_differs(db, other, caplog):
    assert met("42703") and met("42P01")
    said = [one for one in caplog.records if one.name == "core.upgrades"]
    assert [(one.levelno, one.migrations) for one in said] == [(logging.ERROR, [".".join(NEWER)])]
    assert said[0].exc_info[1].__cause__.pgcode == "42703"


def test_where_nobody_can_be_asked_it_is_our_fault(db, other, monkeypatch):
    def away(*_):
        raise Error("gone")

    monkeypatch.setattr(upgrades, "MigrationRecorder", away)
    assert not met("42703")


def told(answers):
    return [(one.status_code, one.headers["Retry-After"]) for one in answers]


def test_what_is_gone_with_the_other_version_is_503_with_retry_after_and_readyz_says_so(ask, other):
    assert ask("/readyz").status_code == 200  # what still fits is still served
    for what in GONE:
        with without(what):
            page, call = ask("/licenses/"), ask("/api/v1/licenses/")
        assert told([page, call]) == [(503, "5")] * 2
        assert (call.headers["Content-Type"], call.json()["code"]) == (problems.MEDIA_TYPE, "upgrading")
        for said in (page.content.decode(), call.json()["detail"]):
            assert "Lodestone is being upgraded" in said and UNKNOWN in said
    ready = ask("/readyz")
    assert (told([ready]), ready.json()["database"], ready.json()["migrations"]) == ([(503, "5")], "ok", "ahead")
    cross_out(*NEWER)
    assert ask("/readyz").status_code == 200


def test_what_the_same_version_lacks_is_our_fault(ask):
    for what in GONE:
        with without(what):
            page, call = ask("/licenses/"), ask("/api/v1/licenses/")
        assert [page.status_code, call.status_code, call.json()["code"]] == [500, 500, "internal"]
    assert ask("/readyz").status_code == 200


def test_what_breaks_before_a_view_is_reached_is_told_alike(ask, other):
    run("ALTER TABLE core_membership RENAME roles TO parts")
    try:
        page, call = ask("/licenses/"), ask("/api/v1/licenses/")
    finally:
        run("ALTER TABLE core_membership RENAME parts TO roles")
    assert (told([page, call]), call.json()["code"]) == ([(503, "5")] * 2, "upgrading")


@pytest.mark.parametrize("path", ["/licenses/", "/api/v1/licenses/"])
def test_a_migration_that_is_written_down_just_after_its_commit_is_waited_for(path, ask, monkeypatch):
    """Whatever waited for its locks goes on before that."""
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        write_down(*NEWER)

    monkeypatch.setattr(upgrades, "sleep", sleep)
    try:
        with without("column"):
            answer = ask(path)
    finally:
        cross_out(*NEWER)
    assert (answer.status_code, waited) == (503, [upgrades.WRITTEN_S])


def test_readyz_meets_it_too(ask, other):
    run("ALTER TABLE core_delivery RENAME ended_at TO given_up_at")
    try:
        answer = ask("/readyz")
    finally:
        run("ALTER TABLE core_delivery RENAME given_up_at TO ended_at")
    assert (answer.status_code, answer.json()["database"], answer.json()["migrations"]) == (503, "ok", "ahead")


def test_what_was_sent_under_a_key_is_done_once_by_whoever_can(ask, license, world, client, other):
    headers = {"HTTP_AUTHORIZATION": f"Bearer {make.key(world.exporter, *make.EXPORTER_SCOPES)}"}

    def send():
        text = json.dumps(body)
        return client.post("/api/v1/shipments/", text, "application/json", HTTP_IDEMPOTENCY_KEY="K", **headers)

    body = world.body(license, "1.000")
    run("ALTER FUNCTION shipment_reserve RENAME TO shipment_take")
    try:
        refused = send()
        assert Shipment.objects.count() == 0
    finally:
        run("ALTER FUNCTION shipment_take RENAME TO shipment_reserve")
    done, again = send(), send()
    assert [refused.status_code, done.status_code, again.status_code] == [503, 201, 201]
    assert (refused.json()["code"], Shipment.objects.count()) == ("upgrading", 1)


AGAIN = {
    "licensing": ("post", "pools", "ledger", "corrections", "sweeps", "guards", "hold", "doors", "books"),
    "shipments": ("pools", "books", "reports", "reserve", "bulk", "sweeps", "doors"),
}


def test_files_of_functions_are_read_again_by_a_migration_that_changes_one(db):
    for app, names in AGAIN.items():
        for name in names:
            run((ROOT / app / "sql" / f"{name}.sql").read_text(encoding="utf-8"))
    with connection.cursor() as cursor:
        cursor.execute('SELECT shipment_reserve(\'{"license": "EL-"}\', true)')
        assert json.loads(cursor.fetchone()[0]) == {"missing": True}
