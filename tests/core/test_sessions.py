"""A session lasts 30 minutes without a sign of life and 8 hours in all; typing is a sign of life."""

import pytest

from core.web import sessions

HALF_HOUR, EIGHT_HOURS = 1800, 8 * 3600


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1_700_000_000

    monkeypatch.setattr(sessions, "now_s", lambda: Clock.now)
    return Clock


@pytest.fixture
def browser(client, lanting, clock):
    client.force_login(lanting.user)
    assert client.get("/parties/").status_code == 200
    return client


def there(browser):
    return browser.get("/parties/").status_code == 200


@pytest.mark.parametrize(("idle_s", "still"), [(HALF_HOUR - 1, True), (HALF_HOUR, False)])
def test_half_an_hour_without_a_sign_of_life_ends_it(idle_s, still, browser, clock):
    clock.now += idle_s
    assert there(browser) is still
    assert there(browser) is still


@pytest.mark.parametrize(("late_s", "still"), [(-1, True), (0, False)])
def test_eight_hours_end_it_whatever_is_done(late_s, still, browser, clock):
    began = clock.now
    while clock.now + 1000 < began + EIGHT_HOURS:
        clock.now += 1000
        assert there(browser)
    clock.now = began + EIGHT_HOURS + late_s
    assert there(browser) is still


def test_typing_is_a_sign_of_life_and_asking_is_none(browser, clock):
    clock.now += 1700
    assert browser.get("/session/").json() == {"left_s": 100}
    assert browser.get("/session/").json() == {"left_s": 100}
    assert browser.post("/session/").json() == {"left_s": HALF_HOUR}
    clock.now += 1700
    assert there(browser)
    clock.now += HALF_HOUR
    assert browser.get("/session/").json() == {"left_s": 0}
    assert browser.post("/session/").json() == {"left_s": 0}
    assert not there(browser)


def test_the_page_knows_how_long_is_left(browser, clock):
    clock.now += 1000
    html = browser.get("/parties/").content.decode()
    assert 'data-url="/session/" data-left="1800"' in html
    browser.logout()
    assert "session-end" not in browser.get("/control-list/").content.decode()


def test_a_key_has_no_session_to_end(client, lanting, clock):
    from tests import make

    bearer = {"HTTP_AUTHORIZATION": f"Bearer {make.key(lanting, 'licenses:read')}"}
    assert client.get("/api/v1/licenses/", **bearer).status_code == 200
    clock.now += 10 * EIGHT_HOURS
    assert client.get("/api/v1/licenses/", **bearer).status_code == 200
