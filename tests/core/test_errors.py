"""What is told when the database is away: made without it, and saying that a change may have been made."""

import pytest
from django.db import InterfaceError, OperationalError

from core import access, actions, problems
from core.errors import DomainError, one_stop
from core.web import pages

UNKNOWN = "it is not known whether it was made"


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_page_shows_what_was_typed_and_that_nobody_knows(error, world, client, monkeypatch):
    def away(**_):
        raise error("gone")

    monkeypatch.setattr(actions, "add_member", away)
    client.force_login(world.exporter.user)
    client.raise_request_exception = False
    answer = client.post("/members/add/", {"email": "li@example.cn", "name": "Li Na", "roles": "clerk"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert UNKNOWN in answer.content.decode()
    assert ">Li Na</textarea>" in answer.content.decode()
    assert "Nothing was changed" not in answer.content.decode()


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_what_breaks_before_a_view_is_reached_is_told_alike(error, client, monkeypatch):
    def away(_):
        raise error("gone")

    monkeypatch.setattr(access, "actor_for_user", away)
    client.raise_request_exception = False
    page, call = client.get("/licenses/"), client.get("/api/v1/licenses/")
    assert [(one.status_code, one.headers["Retry-After"]) for one in (page, call)] == [(503, "5")] * 2
    assert call.json()["code"] == "unavailable"
    assert UNKNOWN in page.content.decode() and UNKNOWN in call.json()["detail"]


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_call_that_breaks_inside_is_told_alike(error, rf):
    from core.api.problems import exception_handler

    request = rf.get("/api/v1/licenses/")
    answer = exception_handler(error("gone"), {"request": type("Request", (), {"_request": request})})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.content.decode().count(f'"code":"{problems.database_away().code}"') == 1


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_readyz_says_when_to_ask_again(error, rf, monkeypatch):
    class Away:
        def cursor(self):
            raise error("gone")

    monkeypatch.setattr(pages, "connection", Away())
    answer = pages.readyz(rf.get("/readyz"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("It is for Magneti S.p.A.. Wait.", "It is for Magneti S.p.A. Wait."),
        ("It is for Magneti S.p.A..", "It is for Magneti S.p.A."),
        ("It is for Magneti S.p.A.。", "It is for Magneti S.p.A.。"),
        ("See a..b.pdf, and so on ...", "See a..b.pdf, and so on ..."),
    ],
)
def test_a_name_that_ends_in_a_period_has_no_second_one(said, told):
    assert one_stop(said) == DomainError(said, code="forbidden").detail == told
