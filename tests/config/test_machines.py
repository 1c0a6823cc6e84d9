"""The machines that keep the shape: imports, style, types, migrations, deployment checks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as tested
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
PRODUCTION = {
    "LODESTONE_MODE": "production",  # against what the tests' own environment says
    "SECRET_KEY": "3k9s8d7f6g5h4j3k2l1q0w9e8r7t6y5u4i3o2p1a0s9d8f7g6h5j4k",
    "BASE_URL": "https://licenses.example",
    "EMAIL_URL": "smtp://localhost:25",
    "SIGNING_KEYS": str(tested.SIGNING_KEYS),
}

MODES = ("production", "local")


def run(*command, **environment):
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        [BIN / "lint-imports", "--no-cache"],
        [BIN / "ruff", "check", "--no-cache", "."],
        [BIN / "ruff", "format", "--no-cache", "--check", "."],
        [BIN / "mypy", "--no-incremental"],
        [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
    ],
    ids=["imports", "ruff", "format", "mypy", "migrations"],
)
def test_the_tree_is_clean(command):
    done = run(*command)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_deployment_checks_are_clean_under_production_settings():
    done = run(sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_production_does_not_start_on_a_database_that_may_lose_commits():
    """The test server runs with these off, which is exactly what must be refused."""
    done = run(sys.executable, "-c", "import config.wsgi", **PRODUCTION, DJANGO_SETTINGS_MODULE="config.settings")
    assert done.returncode != 0
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        assert f"PostgreSQL runs with {name} = off" in done.stderr


@pytest.mark.full
@pytest.mark.parametrize("program", ["worker", "beat"])
def test_worker_and_beat_do_not_start_there_either(program, tmp_path, strewn):
    data = {"LODESTONE_DATA": str(tmp_path)}
    done = run(sys.executable, "-m", "celery", "-A", "config", program, **PRODUCTION, **data)
    assert strewn() == set()
    assert done.returncode != 0
    assert "PostgreSQL runs with fsync = off" in done.stdout + done.stderr


@pytest.mark.full
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"BASE_URL": "http://licenses.example"}, "BASE_URL must be the public https"),
        ({"LODESTONE_MODE": "staging"}, "must be 'local' or 'production'"),
        ({"SECRET_KEY": "short"}, "security.W009"),
        ({"SECRET_KEY": "local-only-" + "0" * 50}, "SECRET_KEY is the local default"),
        ({"SIGNING_KEYS": ""}, "SIGNING_KEYS is not set"),
        ({"SIGNING_KEYS": "/nowhere"}, "/nowhere has no active key"),
    ],
)
def test_nonsense_in_the_environment_is_loud(changes, words):
    done = run(sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **(PRODUCTION | changes))
    assert done.returncode != 0
    assert words in done.stderr


@pytest.mark.django_db
def test_production_does_not_start_with_demo_accounts(settings):
    from config.local import demo
    from core import checks
    from core.models import Organization

    office = Organization.objects.create(kind="ministry", name_en="Bureau")
    demo.person("somebody", "Some Body", office, "intake")
    settings.LOCAL = False
    assert [message.id for message in checks.no_demo(databases=["default"])] == ["core.E004"]


@pytest.mark.django_db
def test_production_does_not_start_on_a_warning(settings, monkeypatch):
    """Tests connect as the owner of the history, which is what is warned of."""
    from core import checks

    settings.LOCAL = False
    monkeypatch.setattr(checks.checks, "run_checks", lambda **_: checks.two_roles())
    with pytest.raises(ImproperlyConfigured, match="core.W002"):
        checks.start_gate()


def test_only_run_says_local():
    """Whoever starts anything else, but for benchmarks, gets production: the default, which no file has to say."""
    done = subprocess.run(["git", "grep", "-lE", "LODESTONE_MODE\\W+local"], cwd=ROOT, capture_output=True, text=True)
    code = {name for name in done.stdout.split() if not name.endswith(".md") and not name.startswith("tests/")}
    assert code == {"run", "config/local/launcher.py", "config/local/settings.py", "benchmarks/ground.py"}


def test_production_does_not_know_the_commands_of_local_mode():
    help_ = [sys.executable, "manage.py", "help", "--commands"]
    production, local = (set(run(*help_, **PRODUCTION | {"LODESTONE_MODE": mode}).stdout.split()) for mode in MODES)
    assert local - production == {"demo", "tour", "up"}
    assert production <= local
    assert {"setup", "bootstrap"} <= production
