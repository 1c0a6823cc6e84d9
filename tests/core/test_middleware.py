"""What every request meets before and after its view."""

import pytest

from tests import make


@pytest.mark.parametrize("path", ["/", "/keys/", "/shipments/", "/desk/", "/nowhere/", "/control-list/", "/account/"])
def test_nothing_told_to_somebody_signed_in_is_kept_by_a_cache(path, world, client):
    client.force_login(world.exporter.user)
    assert client.get(path).headers["Cache-Control"] == "no-store"


def test_nothing_told_to_a_program_is_kept_by_a_cache(world, client):
    bearer = f"Bearer {make.key(world.exporter, 'licenses:read')}"
    for path in ("/api/v1/licenses/", "/api/v1/shipments/", "/api/v1/nowhere/"):
        assert client.get(path, headers={"Authorization": bearer}).headers["Cache-Control"] == "no-store"


def test_what_is_the_same_for_everybody_may_be_kept(client, reference):
    assert "Cache-Control" not in client.get("/control-list/").headers
    client.cookies["sid"] = "x"
    assert client.get("/static/css/tokens.css").headers["Cache-Control"].startswith("max-age=")
