"""What every request meets before and after its view."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from core.access import NOBODY
from core.middleware import Refusals, Transport
from tests import make


@pytest.mark.parametrize("path", ["/", "/keys/", "/shipments/", "/desk/", "/nowhere/", "/control-list/", "/account/"])
def test_nothing_told_to_somebody_signed_in_is_kept_by_a_cache(path, world, client):
    client.force_login(world.exporter.user)
    assert client.get(path).headers["Cache-Control"] == "no-store"


def test_nothing_told_to_a_program_is_kept_by_a_cache(world, client):
    bearer = f"Bearer {make.key(world.exporter, 'licenses:read')}"
    for path in ("/api/v1/licenses/", "/api/v1/shipments/", "/api/v1/nowhere/"):
        assert client.get(path, headers={"Authorization": bearer}).headers["Cache-Control"] == "no-store"


@pytest.fixture
def keyed(world, client):
    """Asks with a key, and with the cookies of the browser."""
    headers = {"Authorization": f"Bearer {make.key(world.exporter, 'licenses:read')}"}
    return lambda path, **query: client.get(path, query, headers=headers)


def test_a_call_with_a_key_has_no_session(keyed, client, world):
    client.force_login(world.exporter.user)
    assert "Cookie" not in keyed("/api/v1/licenses/").headers["Vary"]
    assert "Cookie" in client.get("/api/v1/licenses/").headers["Vary"]
    answer = keyed("/licenses/")  # of a page a key opens nothing, and ends no session
    assert (answer.status_code, "Cookie" in answer.headers["Vary"]) == (200, True)


def test_what_every_answer_has_a_call_with_a_key_has_too(keyed):
    found = keyed("/api/v1/licenses/").headers
    assert (found["X-Frame-Options"], found["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert found["Content-Language"] == "en"
    assert int(found["Content-Length"]) > 0


@pytest.mark.parametrize("path", ["/api/v1/docs/", "/api/v1/docs/explorer/"])
def test_the_pages_of_the_docs_open_to_a_key_too(path, keyed):
    assert keyed(path).status_code == 200


def test_no_text_was_kept_for_a_call_with_a_key(keyed):
    answer = keyed("/api/v1/licenses/", kept="00000000-0000-0000-0000-000000000000")
    assert answer.status_code == 422


def test_what_is_the_same_for_everybody_may_be_kept(client, reference):
    assert "Cache-Control" not in client.get("/control-list/").headers
    client.cookies["sid"] = "x"
    assert client.get("/static/css/tokens.css").headers["Cache-Control"].startswith("max-age=")


@pytest.mark.parametrize("path", ["/healthz", "/accounts/login/", "/static/css/tokens.css", "/api/v1/nowhere/"])
def test_a_page_loads_what_is_ours_and_nothing_else(path, client):
    said = client.get(path).headers["Content-Security-Policy"]
    assert sorted(said.split("; ")) == [
        "base-uri 'none'",
        "connect-src 'self'",
        "default-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "img-src 'self' data:",
        "manifest-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
    ]


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/api/v1/licenses/", "GET"),
        ("/applications/new/", "GET, POST"),
        ("/api/v1/shipments/SH-1/cancel/", "POST"),
        ("/nowhere/", "GET, HEAD, OPTIONS, PATCH, POST"),
    ],
)
@pytest.mark.parametrize("method", ["FOO", "TRACE", "DELETE"])
def test_a_method_that_nothing_answers_is_told_what_the_address_does(method, path, allow, client):
    answer = client.generic(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)


def reached(request):
    raise AssertionError("the wire should have been stopped before")


def test_an_address_below_the_api_is_plain_ascii(rf):
    answer = Transport(reached)(rf.get("/api/v1/licenses/\u00e9/"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_a_cookie_with_a_nul_is_no_session(rf):
    for cookie in ('sid="a\\000b"', "sid=a\x00b"):
        seen = Transport(lambda request: request.COOKIES)(rf.get("/", headers={"Cookie": cookie}))
        assert seen == {}


@pytest.mark.parametrize(
    ("error", "path", "status"),
    [
        (Http404(), "/api/v1/x/", 404),
        (Http404(), "/x/", None),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"), "/api/v1/x/", 400),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"), "/x/", 400),
        (KeyError("a bug"), "/api/v1/x/", None),
    ],
)
def test_what_a_view_raises_is_told_in_the_words_of_its_edge(error, path, status, client, world, rf):
    request = rf.get(path)
    request.user, request.actor, request.request_id = AnonymousUser(), NOBODY, "x"
    answer = Refusals(reached).process_exception(request, error)
    assert (answer and answer.status_code) == status
