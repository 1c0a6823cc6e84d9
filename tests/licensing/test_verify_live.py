"""What a running copy tells at the public address: a suspension within five seconds, whichever process answers."""

import time

import pytest
import requests

from licensing.actions import licenses
from tests.make import seen
from tests.shipments.test_races import live

__all__ = ["live"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
MOST = 5  # seconds


def test_a_suspension_shows_on_the_public_page_and_over_rest_within_five_seconds(live):
    world, server = live
    license = world.license(kilograms=100)
    page = f"{server.url}/v/{license.ref}/{license.verify_code}/"
    rest = f"{server.url}/api/v1/verify/{license.ref}/?code={license.verify_code}"

    def told():
        answers = requests.get(page, timeout=MOST), requests.get(rest, timeout=MOST)
        assert [one.status_code for one in answers] == [200, 200]
        return "已暂停" in answers[0].text, answers[1].json()["state"]

    assert told() == (False, "in_force")
    began = time.monotonic()
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    while told() != (True, "suspended"):
        assert time.monotonic() - began < MOST
        time.sleep(0.5)
    assert time.monotonic() - began < MOST
