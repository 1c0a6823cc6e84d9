"""The first edition, compiled."""

import pytest

from licensing.loading import first_document
from licensing.policy import engine
from licensing.policy.editions import canonical, read


@pytest.fixture(scope="module")
def first():
    return engine.Compiled(read(canonical(first_document())))
