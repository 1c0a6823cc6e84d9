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
ACCEPTED: dict[tuple[str, str], str] = {}


@pytest.fixture(scope="module")
def found(django_db_setup, django_db_blocker, tmp_path_factory):
    """What squawk says of every migration but the first ones: {(migration, rule): message}."""
    folders = {atomic: tmp_path_factory.mktemp("sql") for atomic in (True, False)}
    with django_db_blocker.unblock():
        loader = MigrationLoader(connection)
        for (app, name), migration in sorted(loader.graph.nodes.items()):
            if app in APPS and not migration.initial:
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
    if not files:
        return []  # it would read what is typed
    done = subprocess.run([SQUAWK, *rules, *files], capture_output=True, text=True, check=False)
    return json.loads(done.stdout)


def _statement(one):
    lines = Path(one["file"]).read_text(encoding="utf-8").splitlines()
    return "\n".join(lines[one["line"] : one["line_end"] + 1])


@pytest.mark.slow
def test_no_migration_does_what_squawk_warns_of(found):
    assert [f"{what}: {message}" for what, message in sorted(found.items()) if what not in ACCEPTED] == []


@pytest.mark.slow
def test_what_is_accepted_is_still_there(found):
    assert sorted(set(ACCEPTED) - set(found)) == []


@pytest.mark.slow
def test_squawk_finds_what_it_should(tmp_path):
    (tmp_path / "bad.sql").write_text("ALTER TABLE core_user ADD COLUMN x int NOT NULL;\n")
    done = subprocess.run([SQUAWK, tmp_path / "bad.sql"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "adding-required-field" in done.stdout
