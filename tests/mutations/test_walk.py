"""No guard without a row: the walk finds every guard that the product has, and each row's place and tests."""

from functools import cache
from pathlib import Path

import pytest
from django.db import connection

from core import codes, deliveries
from tests.mutations import copies, derived, guards, rows


def unnamed(found: set[str], named: set[str]) -> set[str]:
    return found - named


def of_no_guard(found: set[str], named: set[str]) -> set[str]:
    """Names that look like the walk's and are not in the product: mistyped, or what they named is gone."""
    kinds = {name.partition(":")[0] for name in found}
    return {name for name in named if name.partition(":")[0] in kinds} - found


@cache
def everything() -> list[rows.Row]:
    listed = rows.read()
    return listed + derived.rows({guard for row in listed for guard in row.guards})


def named() -> set[str]:
    return {guard for row in everything() for guard in row.guards}


def test_every_row_fits_its_file_and_names_tests_that_exist():
    assert rows.misfits(everything()) == []


def test_every_row_of_the_database_fits_what_stands_there(db):
    with connection.cursor() as cursor:
        assert all(copies.statement(row, cursor.cursor) for row in everything() if row.in_database)


@pytest.fixture
def patient(db):
    """A walk over all code on a busy machine takes longer than a transaction may idle."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def test_every_guard_has_a_row(patient):
    assert unnamed(guards.every(), named()) == set()


def test_every_row_names_guards_that_exist(patient):
    assert of_no_guard(guards.every(), named()) == set()


def test_the_walk_finds_a_guard_that_no_row_names(patient, tmp_path, monkeypatch):
    (tmp_path / "core").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "who.toml").write_text("[made-up]\n")
    (tmp_path / "core" / "actions.py").write_text(
        "LIMIT_DAYS = 3\n"
        "@command\n"
        "def flag(*, seen, by):\n"
        "    return _held(by)\n"
        "def _held(by):\n"
        "    return Row.objects.select_for_update(no_key=True).get(made_on__lt=by)\n"
    )
    before, rows_name = guards.every(), named()
    monkeypatch.setattr(guards, "ROOT", tmp_path)
    monkeypatch.setitem(codes._codes, "made-up", codes.Code("made-up", 409, "", ""))
    monkeypatch.setitem(deliveries._writers, ("shipment", "flag"), list)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_mail ADD CONSTRAINT made_up CHECK (id > 0), ADD UNIQUE (body)")
        cursor.execute("CREATE UNIQUE INDEX made_up_too ON core_mail (subject) WHERE id > 0")
        cursor.execute("CREATE TRIGGER made_up BEFORE UPDATE ON core_mail EXECUTE FUNCTION tsvector_update_trigger()")
    guards.forget()
    found = guards.every()
    guards.forget()
    assert unnamed(found, rows_name) - before == {
        "code:made-up",
        "access:made-up",
        "lock:core.flag",
        "seen:core.flag",
        "day:core.LIMIT_DAYS",
        "day:core._held",
        "mail:shipment.flag",
        "constraint:core_mail.made_up",
        "constraint:core_mail.made_up_too",
        "constraint:core_mail.core_mail_body_key",
        "trigger:core_mail.made_up",
    }


def a_list(folder: Path, text: str) -> list[rows.Row]:
    (folder / "list.toml").write_text(text)
    (folder / "code.py").write_text("a = 1\nb = 1\n")
    (folder / "test_code.py").write_text("def test_it(): ...\n")
    return rows.read(folder)


def test_a_row_that_fits_no_line_is_named(tmp_path):
    [gone, twice, fits] = a_list(
        tmp_path,
        "file = 'code.py'\ntests = ['test_code.py::test_it']\n"
        "[[row]]\nguards = ['rule:a']\nold = 'c = 1'\nnew = ''\n"
        "[[row]]\nguards = ['rule:a']\nold = ' = 1'\nnew = ''\n"
        "[[row]]\nguards = ['rule:a']\nold = 'a = 1'\nnew = ''\n",
    )
    assert rows.misfits([gone, twice, fits], tmp_path) == [
        "list#1: `old` stands 0 times in code.py:\nc = 1",
        "list#2: `old` stands 2 times in code.py:\n = 1",
    ]
    assert fits.mutated("a = 1\nb = 1\n") == "\nb = 1\n"


def test_a_row_whose_test_is_gone_is_named(tmp_path):
    made = a_list(
        tmp_path, "[[row]]\nfile = 'code.py'\nguards = ['x']\nold = 'a'\nnew = ''\ntests = ['test_code.py::test_no']"
    )
    assert rows.misfits(made, tmp_path) == ["list#1: there is no test test_code.py::test_no"]


@pytest.mark.parametrize(
    "text",
    [
        "[[row]]\nfile = 'code.py'\nguards = ['x']\nold = 'a'\nnew = 'a'\ntests = ['t']",
        "[[row]]\nfile = 'code.py'\nguards = ['x']\nold = 'a'\nnew = ''",
        "[[row]]\nfile = 'code.py'\nold = 'a'\nnew = ''\ntests = ['t']",
        "[[row]]\nguards = ['x']\nold = 'a'\nnew = ''\ntests = ['t']",
        "[[row]]\nsql = 'x'\nfunction = 'y'\nguards = ['x']\nold = 'a'\nnew = ''\ntests = ['t']",
        "[[rows]]\nfile = 'code.py'",
        "[[row]]\nfiles = 'code.py'\nguards = ['x']\nold = 'a'\nnew = ''\ntests = ['t']",
        "[[row]\n",
    ],
)
def test_a_row_that_makes_no_sense_is_refused(text, tmp_path):
    with pytest.raises(rows.BadRow, match="^list"):
        a_list(tmp_path, text)
