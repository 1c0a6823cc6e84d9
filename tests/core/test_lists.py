"""What a list page may be asked for: nonsense is answered, never guessed at."""

from html import unescape

import pytest

NO_PAGE, NO_FILTER = "There is no such page of this list.", "This list can't be filtered by that."


@pytest.mark.parametrize("path", ["/parties/", "/applications/", "/declarations/", "/licenses/", "/shipments/"])
@pytest.mark.parametrize("page", ["0", "2", "-1", "1e9", "9" * 40, "１", "x", "last"])
def test_a_page_that_is_not_there_is_422(path, page, client, lanting):
    client.force_login(lanting.user)
    response = client.get(path, {"page": page})
    assert (response.status_code, NO_PAGE in response.content.decode()) == (422, True)


@pytest.mark.parametrize("path", ["/desk/", "/desk/countersign/", "/desk/declarations/", "/desk/exporters/"])
def test_officers_lists_refuse_it_too(path, client, ministry):
    client.force_login(ministry.decider.user)
    assert client.get(path, {"page": "0"}).status_code == 422
    assert client.get(path, {"page": "1"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "query", "sentence"),
    [
        ("/shipments/", {"state": "’;--"}, NO_FILTER),
        ("/desk/", {"view": "everything"}, NO_FILTER),
        ("/desk/", {"q": "x" * 101}, "Search for at most 100 characters."),
        ("/control-list/", {"q": "x" * 101}, "at most 100 characters"),
        ("/control-list/", {"list": "nonsense"}, "is not one of the available choices"),
        ("/control-list/", {"page": "1000000000"}, NO_PAGE),
    ],
)
def test_a_filter_that_makes_no_sense_is_422(path, query, sentence, client, lanting, ministry):
    client.force_login((ministry.reviewer if path == "/desk/" else lanting).user)
    response = client.get(path, query)
    assert (response.status_code, sentence in unescape(response.content.decode())) == (422, True)


def test_the_bounds_and_what_a_list_does_not_know_are_let_through(client, lanting, ministry):
    client.force_login(lanting.user)
    for query in ("", "?page=1", "?page=", "?state=", "?state=reserved", "?page=1&page=1", "?ordering=owner__password"):
        assert client.get(f"/shipments/{query}").status_code == 200, query
    client.force_login(ministry.reviewer.user)
    assert client.get("/desk/", {"q": "x" * 100}).status_code == 200
