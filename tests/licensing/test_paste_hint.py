"""What the form says of pasted rows is what it reads."""

import pytest
from django.utils import translation

from licensing.models import Basis
from tests.said import text_of


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_help_names_a_basis_as_the_choices_do(language, world, client):
    client.post("/language/", {"language": language, "next": "/"})
    hint = text_of(client, world.exporter, "/applications/new/").partition("data-paste-hint")[2].partition("</p>")[0]
    with translation.override(language):
        assert all(f"“{label}”" in hint for label in Basis.labels)
