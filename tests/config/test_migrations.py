"""No migration locks a table for long, or breaks the version that still runs: squawk reads each one's SQL."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

APPS = ("core", "exporters", "licensing", "shipments")
SQUAWK = Path(sys.executable).parent / "squawk"
NOT_ASKED = {
    "prefer-text-field": "lengths are the models' own, and a longer varchar rewrites nothing",
    "prefer-bigint-over-int": "as is the size of a small number",
    "prefer-bigint-over-smallint": "likewise",
    "require-lock-timeout": "each connection has one (config/settings.py)",
    "require-statement-timeout": "likewise",
    "ban-drop-default": "Django adds a column with a default and drops that in the same transaction",
    "ban-drop-column": "no older version serves while setup migrates (docs/deploy.md)",
    "ban-drop-constraint": "likewise",
    "ban-drop-function": "likewise",
}
# Rows come by the shipment or the message, so a lock is long; elsewhere it is held for milliseconds.
LARGE = re.compile(
    r"\b(core_(historyline|delivery|idempotency|document)|licensing_(application|finding|licenseline|movement)"
    r"|shipments_(shipment|shipmentline|customsmessage|customsdeclaration))\b"
)
# (migration, rule): why it may. The first migrations are not read: they meet no rows.
EMPTY = "no version serves while setup migrates, and the column that is read through is new: each row has nothing there"
ACCEPTED: dict[tuple[str, str], str] = {
    ("core_0015_typed_answers", "prefer-robust-stmts"): "what a try that was broken off has left is dropped first",
    ("licensing_0004_accounts", "adding-foreign-key-constraint"): "the tables that refer to lines are new and empty",
    ("licensing_0004_accounts", "adding-required-field"): "of bytes, whose default it does not read",
    ("licensing_0004_accounts", "require-concurrent-index-creation"): "no older version serves while setup migrates",
    ("licensing_0036_replaced", "adding-foreign-key-constraint"): EMPTY,
    ("licensing_0036_replaced", "constraint-missing-not-valid"): EMPTY,
    ("licensing_0036_replaced", "require-concurrent-index-creation"): EMPTY,
    ("licensing_0041_copied", "adding-foreign-key-constraint"): EMPTY,
    ("licensing_0041_copied", "constraint-missing-not-valid"): EMPTY,
    ("licensing_0042_renewals", "adding-foreign-key-constraint"): EMPTY,
    ("licensing_0042_renewals", "constraint-missing-not-valid"): EMPTY,
    ("licensing_0042_renewals", "require-concurrent-index-creation"): EMPTY,
    ("licensing_0043_special_circumstances", "constraint-missing-not-valid"): EMPTY,
    ("licensing_0050_prices", "constraint-missing-not-valid"): EMPTY,
    ("shipments_0003_accounts", "constraint-missing-not-valid"): "likewise",
    ("shipments_0004_reports", "adding-foreign-key-constraint"): EMPTY,
    ("shipments_0004_reports", "constraint-missing-not-valid"): EMPTY,
    ("shipments_0004_reports", "require-concurrent-index-creation"): EMPTY,
    ("shipments_0009_corrections", "adding-foreign-key-constraint"): "of new tables, and of a column that is null",
    ("shipments_0018_clearances", "prefer-robust-stmts"): "likewise",
    ("shipments_0021_questioned", "prefer-robust-stmts"): "likewise",
}


@pytest.fixture(scope="module")
def found(django_db_setup, django_db_blocker, tmp_path_factory):
    """What squawk says of every migration but the first ones: {(migration, rule): message}."""
    folders = {atomic: tmp_path_factory.mktemp("sql") for atomic in (True, False)}
    with django_db_blocker.unblock():
        loader = MigrationLoader(connection)
        for (app, name), migration in sorted(loader.graph.nodes.items()):
            if app in APPS and name != "0001_initial":
                sql = "\n".join(loader.collect_sql([(migration, False)]))
                (folders[migration.atomic] / f"{app}_{name}.sql").write_text(sql + "\n", encoding="utf-8")
    return {
        (Path(one["file"]).stem, one["rule_name"]): f"{one['message']} {LARGE.findall(text)}"
        for atomic, folder in folders.items()
        for one in _warnings(sorted(folder.iterdir()), atomic)
        if LARGE.search(text := _statement(one))
    }


def _warnings(files, atomic):
    rules = ["--pg-version=15", f"--exclude={','.join(NOT_ASKED)}", "--reporter=json"]
    rules += ["--assume-in-transaction"] * atomic
    done = subprocess.run([SQUAWK, *rules, *files], capture_output=True, text=True, check=False)
    return json.loads(done.stdout)


def _statement(one):
    lines = Path(one["file"]).read_text(encoding="utf-8").splitlines()
    return "\n".join(lines[one["line"] : one["line_end"] + 1])


@pytest.mark.slow
def test_no_migration_does_what_squawk_warns_of(found):
    assert [f"{what}: {message}" for what, message in sorted(found.items()) if what not in ACCEPTED] == []


@pytest.mark.django_db
def test_what_serves_before_0015_books_until_then():
    """0014 runs files of today, which leave rights to the functions of shipments that come later."""
    loader = MigrationLoader(connection)
    sql = "\n".join(loader.collect_sql([(loader.graph.nodes["licensing", "0014_said_once"], False)]))
    for one in ("take(jsonb, boolean)", "settle(jsonb)", "correct(jsonb)", "credit(jsonb)"):
        assert sql.rfind(f"ALTER FUNCTION ledger_{one} SECURITY DEFINER") > sql.rfind(
            "CREATE OR REPLACE FUNCTION ledger_"
        )


@pytest.mark.slow
def test_what_is_accepted_is_still_there(found):
    assert sorted(set(ACCEPTED) - set(found)) == []


@pytest.mark.slow
def test_squawk_finds_what_it_should(tmp_path):
    (tmp_path / "bad.sql").write_text("ALTER TABLE core_user ADD COLUMN x int NOT NULL;\n")
    done = subprocess.run([SQUAWK, tmp_path / "bad.sql"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "adding-required-field" in done.stdout
