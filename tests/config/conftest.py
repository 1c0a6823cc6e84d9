"""What the tests of whole programs share."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHES = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache"}


@pytest.fixture
def checkout_stays_clean():
    """Whatever a program writes goes into its data folder: nothing new stands where it was started."""
    before = {path.name for path in ROOT.iterdir()}
    yield
    assert {path.name for path in ROOT.iterdir()} - before - CACHES == set()
