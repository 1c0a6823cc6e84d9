"""Lockout: the eleventh failed sign-in of an account in 15 minutes, the sixty-first from an address."""

import time

import pytest
import time_machine
from django.core.cache import cache

from tests import make

PASSWORD = "a-long-enough-secret-7"


@pytest.fixture(autouse=True)
def empty(db):
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def person(lanting):
    lanting.user.set_password(PASSWORD)
    lanting.user.save()
    lanting.user.emailaddress_set.get_or_create(email=lanting.user.email, verified=True, primary=True)
    return lanting.user.email


def tries(client, email, password="wrong", address="192.0.2.1"):
    return client.post("/accounts/login/", {"login": email, "password": password}, REMOTE_ADDR=address)


def test_the_eleventh_failure_locks_the_account_and_says_for_how_long(client, person):
    with time_machine.travel(time.time(), tick=False) as now:
        assert [tries(client, person).status_code for _ in range(10)] == [200] * 10
        now.shift(300)
        locked = tries(client, person, PASSWORD, address="192.0.2.2")
        assert locked.status_code == 429
        assert locked.headers["Retry-After"] == "601"
        assert "Try again in 11 min" in locked.content.decode()
        assert "_auth_user_id" not in client.session
        other = make.exporter(None, "Other Co., Ltd.").user.email
        assert tries(client, other).status_code == 200  # another account from the same address
        now.shift(599)
        assert tries(client, person, PASSWORD).status_code == 429
        now.shift(2)
        assert tries(client, person, PASSWORD).status_code == 302


def test_sixty_failures_of_whomever_lock_the_address(client, db):
    found = []
    with time_machine.travel(time.time(), tick=False) as now:
        for number in range(61):
            now.shift(3)  # at most 30 a minute are taken from one address, right or wrong
            found.append(tries(client, f"n{number}@example.cn").status_code)
        assert found == [200] * 60 + [429]
        assert tries(client, "m@example.cn", address="192.0.2.9").status_code == 200


def test_a_form_of_the_account_pages_sent_too_often_says_when_to_come_back(client, db):
    answers = [client.post("/accounts/password/reset/", {"email": "nobody@example.cn"}) for _ in range(21)]
    last = next(answer for answer in answers if answer.status_code == 429)
    assert last.headers["Retry-After"] == "60"
    assert "Wait a minute, then try again." in last.content.decode()


def test_the_wait_is_counted_from_the_oldest_try(client, person):
    with time_machine.travel(time.time(), tick=False) as now:
        for _ in range(10):
            tries(client, person)
            now.shift(60)
        assert tries(client, person).headers["Retry-After"] == "301"
