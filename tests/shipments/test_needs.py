"""What pages offer on which day: each limit from both sides."""

from datetime import timedelta

import pytest

from core.legal_time import legal_today
from licensing.models import License
from shipments.needs import needs_of

DAY = timedelta(days=1)


@pytest.fixture
def license(world):
    return world.license(kilograms=100)


def days(first, last):
    License.objects.update(usable_from=legal_today() + first * DAY, usable_until=legal_today() + last * DAY)


@pytest.mark.parametrize(("last", "needed"), [(-1, False), (0, True), (90, True), (91, False)])
def test_an_end_within_90_days_is_a_need_until_it_is_over(last, needed, world, license):
    days(-400, last)
    titles = [need.title for need in needs_of(world.exporter)]
    assert titles == ([f"License {license.ref} ends soon"] if needed else [])


DAYS = [(-1, 1, True), (0, 0, True), (1, 5, False), (-5, -1, False)]


@pytest.mark.parametrize(("first", "last", "open_"), DAYS)
def test_a_license_is_offered_for_a_shipment_on_its_days(first, last, open_, world, license, client):
    days(first, last)
    client.force_login(world.exporter.user)
    assert (license.ref in client.get("/shipments/new/").content.decode()) is open_


@pytest.mark.parametrize(("grams", "open_"), [(99_999, True), (100_000, False)])
def test_a_license_whose_whole_quantity_is_reserved_is_not_offered(grams, open_, world, license, client):
    world.shipment(license, grams)
    client.force_login(world.exporter.user)
    assert (license.ref in client.get("/shipments/new/").content.decode()) is open_


@pytest.mark.parametrize(("first", "last", "open_"), DAYS)
def test_a_licenses_page_says_usable_on_its_days(first, last, open_, world, license, client):
    days(first, last)
    client.force_login(world.exporter.user)
    assert client.get(f"/licenses/{license.ref}/").context["usable"] is open_
