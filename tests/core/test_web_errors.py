"""Refusals that are met before a view is reached."""

import json
import re

import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.test import Client, RequestFactory

from core.web import errors, kept


def code_of(response):
    return response.status_code, json.loads(response.content)["code"]


@pytest.mark.parametrize(
    ("code", "exception"),
    [
        ("too-many-fields", TooManyFieldsSent),
        ("body-too-large", RequestDataTooBig),
        ("unreadable", SuspiciousOperation),
    ],
)
def test_a_form_with_too_many_fields_is_named(code, exception):
    response = errors.bad_request(RequestFactory().post("/api/v1/x/"), exception())
    assert code_of(response) == (413 if code == "body-too-large" else 400, code)


def test_what_breaks_below_the_api_is_a_problem_document():
    assert code_of(errors.server_error(RequestFactory().get("/api/v1/x/"))) == (500, "internal")


def test_a_csrf_refusal_below_the_api_is_a_problem_document():
    assert code_of(kept.csrf_failure(RequestFactory().post("/api/v1/x/"))) == (403, "csrf-failed")


def test_a_foreign_host_is_a_page_that_says_400(client):
    """Refused before anybody was looked for: the page must need nobody."""
    client.raise_request_exception = False
    answer = client.get("/accounts/login/", headers={"host": "elsewhere.example"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/html; charset=utf-8")


def test_no_password_is_repeated_back(world):
    """A form that was sent without its token shows what was typed, to copy from; never these."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.exporter.user)
    typed = dict.fromkeys(("oldpassword", "password", "password1", "password2"), "secret")
    page = browser.post("/accounts/password/change/", typed | {"note": "kept words"})
    assert page.status_code == 403 and "kept words" in page.content.decode()
    assert "secret" not in page.content.decode()
    del typed["password"]
    assert "secret" not in browser.post("/accounts/password/change/", typed).content.decode()


@pytest.mark.parametrize(
    ("path", "hinted"),
    [("/api/v1/nothing", True), ("/api/v1/nothing/", False), ("/nothing", False), ("/nothing/", False)],
)
def test_an_address_of_the_api_without_its_slash_is_told_so(path, hinted, client, db):
    answer = client.get(path, follow=False)
    assert answer.status_code == 404
    assert ("Addresses end in a slash;" in answer.content.decode()) is hinted


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v1/nothing/", "/api/v1/nothing", "/api/v2/shipments/", "/api/"])
def test_an_unknown_address_of_the_api_names_the_docs(path, client, db):
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    [docs] = re.findall(r"/\S+/", answer.json()["detail"])
    assert client.get(docs).status_code == 200
