"""Each test of the REST door also asks whether the OpenAPI document describes the answers that it gets."""

import pytest

from tests.api.document import JudgingClient


@pytest.fixture
def client():
    return JudgingClient()
