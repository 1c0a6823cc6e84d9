"""What the tests of whole programs share."""

from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHES = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache"}


@pytest.fixture
def strewn() -> Callable[[], set[str]]:
    """What stands in the checkout that did not before. Whatever a program writes belongs into its data folder."""
    before = {path.name for path in ROOT.iterdir()}
    return lambda: {path.name for path in ROOT.iterdir()} - before - CACHES
