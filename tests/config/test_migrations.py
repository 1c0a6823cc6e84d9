"""No migration locks a table for long, or breaks the version that still runs: squawk reads each one's SQL."""

import json
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
}
# (migration, rule): why it may. The first migrations are not read: they meet no rows.
FEW = "a row for each company or officer: thousands at most, and the lock is held for milliseconds"
ACCEPTED = {
    ("core_0007_province_of_an_intake_officer", "changing-column-type"): FEW,
    ("core_0007_province_of_an_intake_officer", "constraint-missing-not-valid"): FEW,
    ("exporters_0003_code_held_by_the_verified", "require-concurrent-index-creation"): FEW,
    ("exporters_0003_code_held_by_the_verified", "require-concurrent-index-deletion"): FEW,
    ("exporters_0005_province_is_a_code", "changing-column-type"): FEW,
    ("exporters_0005_province_is_a_code", "constraint-missing-not-valid"): FEW,
    ("licensing_0007_months", "ban-drop-function"): "only setup called it",
}


@pytest.fixture(scope="module")
def found(django_db_setup, django_db_blocker, tmp_path_factory):
    """What squawk says of every migration but the first ones: {(migration, rule): message}."""
    folder = tmp_path_factory.mktemp("sql")
    with django_db_blocker.unblock():
        loader = MigrationLoader(connection)
        for (app, name), migration in sorted(loader.graph.nodes.items()):
            if app in APPS and name != "0001_initial":
                sql = "\n".join(loader.collect_sql([(migration, False)]))
                (folder / f"{app}_{name}.sql").write_text(sql + "\n", encoding="utf-8")
    rules = ["--pg-version=15", "--assume-in-transaction", f"--exclude={','.join(NOT_ASKED)}", "--reporter=json"]
    done = subprocess.run([SQUAWK, *rules, *sorted(folder.iterdir())], capture_output=True, text=True, check=False)
    return {(Path(one["file"]).stem, one["rule_name"]): one["message"] for one in json.loads(done.stdout)}


@pytest.mark.slow
def test_no_migration_does_what_squawk_warns_of(found):
    assert {what: message for what, message in found.items() if what not in ACCEPTED} == {}


@pytest.mark.slow
def test_what_is_accepted_is_still_there(found):
    assert set(ACCEPTED) - set(found) == set()


@pytest.mark.slow
def test_squawk_finds_what_it_should(tmp_path):
    (tmp_path / "bad.sql").write_text("ALTER TABLE core_user ADD COLUMN x int NOT NULL;\n")
    done = subprocess.run([SQUAWK, tmp_path / "bad.sql"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "adding-required-field" in done.stdout
