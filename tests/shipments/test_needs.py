"""What pages offer on which day: each limit from both sides."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.legal_time import legal_today
from core.templatetags.lodestone import day
from exporters.models import Qualification
from licensing.actions import licenses
from licensing.models import License
from licensing.models.balances import LicenseLine
from shipments.actions import cancel
from tests import make
from tests.licensing.test_verdicts import ban
from tests.make import needs_of, seen

DAY = timedelta(days=1)


def days(first, last):
    License.objects.update(usable_from=legal_today() + first * DAY, usable_until=legal_today() + last * DAY)


@pytest.mark.parametrize(("last", "needed"), [(-1, False), (0, True), (90, True), (91, False)])
def test_an_end_within_90_days_is_a_need_until_it_is_over(last, needed, world, license):
    days(-400, last)
    titles = [need.title for need in needs_of(world.exporter)]
    assert titles == ([f"License {license.ref} ends soon"] if needed else [])


def test_of_many_that_end_those_that_end_first_are_told(world, client):
    rows = [world.license(kilograms=10) for _ in range(12)]
    for number, row in enumerate(rows):
        License.objects.filter(pk=row.pk).update(usable_until=legal_today() + (number + 1) * DAY)
    client.force_login(world.exporter.user)
    page = client.get("/")
    assert [need.title for need in page.context["needs"]] == [f"License {row.ref} ends soon" for row in rows[:10]]
    assert "More than 10 things need you" in page.content.decode()


@pytest.mark.parametrize(("many", "said"), [(10, "10 things need you"), (11, "More than 10 things need you")])
def test_the_overview_says_how_many_things_there_are_or_that_there_are_more(many, said, world, client):
    for _ in range(many):
        world.application()
    client.force_login(world.exporter.user)
    page = client.get("/")
    assert (len(page.context["needs"]), said in page.content.decode()) == (10, True)
    assert ("More than" in page.content.decode()) is (many > 10)


def test_licenses_that_are_suspended_do_not_hide_what_has_a_day(world):
    for _ in range(11):
        suspended = world.license(kilograms=10)
        licenses.suspend(suspended.ref, seen=seen(suspended.ref), reason="Inspection", by=world.ministry.decider)
    days(0, 40)
    ending = world.license(kilograms=10)
    License.objects.filter(pk=ending.pk).update(usable_until=legal_today() + DAY)
    titles = [need.title for need in needs_of(world.exporter)][:10]
    assert f"License {ending.ref} ends soon" in titles


@pytest.mark.parametrize(
    ("left", "tone"), [(91, ""), (90, "blue"), (31, "blue"), (30, "ochre"), (0, "ochre"), (-1, "")]
)
def test_the_end_of_a_qualification_is_a_need_within_90_days_and_presses_within_30(left, tone, world, client):
    Qualification.objects.filter(pk=world.exporter.organization_id).update(last_day=legal_today() + left * DAY)
    found = [(need.tone, need.url) for need in needs_of(world.exporter)]
    assert found == ([(tone, "/company/#annual")] if tone else [])
    for actor, path in (
        (world.exporter, "/company/"),
        (world.ministry.decider, f"/desk/exporters/{world.exporter.organization_id}/"),
    ):
        client.force_login(actor.user)
        page = " ".join(client.get(path).content.decode().split())
        assert (f"It ends in {left} days." in page) is bool(tone)


@pytest.mark.parametrize(("left", "told"), [(0, "today"), (1, "in 1 day"), (2, "in 2 days")])
def test_what_ends_is_told_with_the_days_that_are_left(left, told, world, license):
    until = legal_today() + left * DAY
    License.objects.filter(pk=license.pk).update(usable_until=until)
    Qualification.objects.filter(pk=world.exporter.organization_id).update(last_day=until)
    texts = [need.text for need in needs_of(world.exporter) if need.due_on == until]
    assert len(texts) == 2 and all(text.startswith(f"Its last day is {day(until)}, {told}.") for text in texts)


DAYS = [(-1, 1, True), (0, 0, True), (1, 5, False), (-5, -1, False)]


SAID = {
    "clearances": ("Its one clearance is taken.", "Its one clearance is taken."),
    "quantity": ("Nothing is left on it.", "Nothing is left on it."),
    "end-users": ("The rules stop reservations", "No end-user of it is open."),
}
ONLY_ON_FORM = {"days": "Nothing can be reserved on it now.", "end-users": SAID["end-users"][1]}


def obstacle(client, world, license):
    """Where a shipment is begun, its form, and the license's own page, say the same of it."""
    client.force_login(world.exporter.user)
    page, form = client.get(f"/licenses/{license.ref}/"), client.get(f"/shipments/new/?license={license.ref}")
    found = page.context["obstacle"]
    assert form.context["obstacle"] == found
    assert (license.ref in client.get("/shipments/new/").content.decode()) is (not found)
    assert ("Record shipment" in page.content.decode()) is (not found)
    for code, (on_page, on_form) in SAID.items():
        assert (on_page in page.content.decode()) is (on_form in form.content.decode()) is (code == found)
    for code, text in ONLY_ON_FORM.items():
        assert (text in unescape(form.content.decode())) is (code == found)
        assert text not in unescape(page.content.decode())
    client.force_login(world.ministry.reviewer.user)  # who ships nothing
    page = client.get(f"/licenses/{license.ref}/").content.decode()
    assert not any(SAID[code][0] in page for code in ("clearances", "quantity"))
    return found


@pytest.mark.parametrize(("first", "last", "open_"), DAYS)
def test_a_license_is_offered_for_a_shipment_on_its_days(first, last, open_, world, license, client):
    days(first, last)
    assert obstacle(client, world, license) == ("" if open_ else "days")


@pytest.mark.parametrize(("grams", "open_"), [(99_999, True), (100_000, False)])
def test_a_license_whose_whole_quantity_is_reserved_is_not_offered(grams, open_, world, license, client):
    world.shipment(license, grams)
    assert obstacle(client, world, license) == ("" if open_ else "quantity")


def test_one_whose_tolerance_is_left_is(world, license, client):
    world.shipment(license, 100_000)
    LicenseLine.objects.update(tolerance=1)
    assert not obstacle(client, world, license)


def test_one_whose_clearances_are_all_taken_is_not(world, client):
    license = world.license(kind="per_shipment", kilograms=500)
    assert (license.max_clearances, obstacle(client, world, license)) == (1, "")
    shipment = world.shipment(license, 100_000)
    assert obstacle(client, world, license) == "clearances"
    cancel(shipment.ref, by=world.exporter)
    assert not obstacle(client, world, license)


def test_one_that_the_rules_closed_for_everybody_is_not(world, license, client):
    make.edition(ban("DE"))
    assert obstacle(client, world, license) == "end-users"


def test_where_a_shipment_is_begun_as_much_is_asked_for_one_license_as_for_three(world, client):
    client.force_login(world.exporter.user)
    counts = []
    for number in (1, 2):
        for _ in range(number):
            world.license(kind="per_shipment", kilograms=500)
            world.license(kilograms=500)
        make.edition(ban("FR"), f"E{number}")
        client.get("/shipments/new/")
        with CaptureQueriesContext(connection) as asked:
            assert len(client.get("/shipments/new/").context["licenses"]) == {1: 2, 2: 6}[number]
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_on_a_license_that_is_stopped_that_is_said_before_how_much_is_left(world, license, client):
    client.force_login(world.exporter.user)
    left = f"/licenses/{license.ref}/"
    stopped, figure = "Stopped: nothing can be reserved now", '<div class="left big">'
    page = client.get(left).content.decode()
    assert (stopped in page, figure in page) == (False, True)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inquiry", by=world.ministry.decider)
    page = " ".join(client.get(left).content.decode().split())
    assert (stopped in page, figure in page) == (True, False)
    assert page.index(stopped) < page.index("100 kg of 100 kg are neither shipped nor reserved")
