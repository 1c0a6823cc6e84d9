"""What pages offer on which day: each limit from both sides."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.legal_time import legal_today
from core.templatetags.lodestone import day
from exporters.models import Exporter, Party, Qualification
from licensing.actions import licenses
from licensing.models import Declaration, License
from licensing.models.balances import LicenseLine
from shipments.actions import cancel, check
from tests import make
from tests.book import unguarded
from tests.licensing.test_verdicts import ban
from tests.make import needs_of, seen

DAY = timedelta(days=1)


def days(first, last):
    License.objects.update(usable_from=legal_today() + first * DAY, usable_until=legal_today() + last * DAY)


@pytest.mark.parametrize(("last", "needed"), [(-1, False), (0, True), (90, True), (91, False)])
def test_an_end_within_90_days_is_a_need_until_it_is_over(last, needed, world):
    license = world.license(kind="per_shipment", kilograms=10)
    days(-400, last)
    titles = [need.title for need in needs_of(world.exporter)]
    assert titles == ([f"License {license.ref} ends soon"] if needed else [])


@pytest.mark.slow
def test_of_many_that_end_those_that_end_first_are_told(world, client):
    rows = [world.license(kind="per_shipment", kilograms=10) for _ in range(12)]
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


@pytest.mark.slow
def test_licenses_that_are_suspended_do_not_hide_what_has_a_day(world):
    for _ in range(11):
        suspended = world.license(kind="per_shipment", kilograms=10)
        licenses.suspend(suspended.ref, seen=seen(suspended.ref), reason="Inspection", by=world.ministry.decider)
    days(0, 40)
    ending = world.license(kind="per_shipment", kilograms=10)
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
def test_what_ends_is_told_with_the_days_that_are_left(left, told, world):
    license = world.license(kind="per_shipment", kilograms=10)
    until = legal_today() + left * DAY
    License.objects.filter(pk=license.pk).update(usable_until=until)
    Qualification.objects.filter(pk=world.exporter.organization_id).update(last_day=until)
    texts = [need.text for need in needs_of(world.exporter) if need.due_on == until]
    assert len(texts) == 2 and all(text.startswith(f"Its last day is {day(until)}, {told}.") for text in texts)


DAYS = [(-1, 1, ""), (0, 0, ""), (1, 5, "early"), (-5, -1, "over")]


SAID = {
    "clearances": ("Its one clearance is taken.", "Its one clearance is taken."),
    "quantity": ("Nothing is left on it.", "Nothing is left on it."),
    "end-users": ("The rules stop reservations", "No end-user of it is open."),
    "last-cleared": ("Its last shipment has cleared.", "Its last shipment has cleared."),
    "exporter": ("The exporter's account is not active", "The exporter's account is not active"),
}
ONLY_ON_FORM = {
    "Nothing can be reserved on it now.": ("early", "over", "used-up"),
    SAID["end-users"][1]: ("end-users",),
}
OF_THE_LICENSE = {"license-expired", "license-suspended", "license-not-active", "not-yet-valid", "exporter-not-active"}
OWN = ("used-up", "over", "suspended", "early", "last-cleared", "exporter")


def obstacle(client, world, license):
    """Where a shipment is begun, its form, and the license's own page, say the same of it, and what the ledger says."""
    client.force_login(world.exporter.user)
    page, form = client.get(f"/licenses/{license.ref}/"), client.get(f"/shipments/new/?license={license.ref}")
    found = page.context["obstacle"] or ""
    assert (form.context["obstacle"] or "") == found
    failures = check(world.request(license, 1, planned_on=legal_today()), by=world.exporter).failures
    assert bool(OF_THE_LICENSE & {one["code"] for one in failures}) is (found in OWN)
    assert bool(failures) is bool(found)
    assert ("Reserve and record" in form.content.decode()) is (not found)
    assert (f"?license={license.ref}" in client.get("/shipments/new/").content.decode()) is (not found)
    assert ("Record shipment" in page.content.decode()) is (not found)
    for code, (on_page, on_form) in SAID.items():
        on_both = [text in unescape(one.content.decode()) for text, one in ((on_page, page), (on_form, form))]
        assert on_both == [code == found] * 2
    for text, codes in ONLY_ON_FORM.items():
        assert (text in unescape(form.content.decode())) is (found in codes)
        assert text not in unescape(page.content.decode())
    client.force_login(world.ministry.reviewer.user)  # who ships nothing
    page = client.get(f"/licenses/{license.ref}/").content.decode()
    assert not any(SAID[code][0] in page for code in ("clearances", "quantity", "last-cleared"))
    return found


@pytest.mark.parametrize(("first", "last", "found"), DAYS)
def test_a_license_is_offered_for_a_shipment_on_its_days(first, last, found, world, license, client):
    days(first, last)
    assert obstacle(client, world, license) == found


@pytest.mark.parametrize(
    ("state", "found"), [("exhausted", "used-up"), ("expired", "over"), ("suspended", "suspended"), ("active", "")]
)
def test_a_license_is_offered_while_it_is_in_force(state, found, world, license, client):
    if state == "suspended":
        licenses.suspend(license.ref, seen=seen(license.ref), reason="Inquiry", by=world.ministry.decider)
    License.objects.exclude(state=state).update(state=state)
    assert obstacle(client, world, license) == found


def test_one_that_is_suspended_and_over_is_over(world, license, client):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inquiry", by=world.ministry.decider)
    days(-5, -1)
    assert obstacle(client, world, license) == "over"


def test_one_whose_last_shipment_has_cleared_is_not_while_another_is_under_way(world, license, client):
    _other, last = world.shipment(license, 10_000), world.shipment(license, 10_000, final=True)
    assert not obstacle(client, world, license)
    world.clear(last.ref, 10_000)
    license.refresh_from_db()
    assert (license.state, obstacle(client, world, license)) == ("active", "last-cleared")


def not_active(license):
    """No move leads there."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE exporters_exporter DISABLE TRIGGER USER")
    Exporter.objects.filter(pk=license.exporter_id).update(state="pending")


def test_one_of_an_exporter_that_is_not_active_is_not(world, license, client):
    not_active(license)
    assert obstacle(client, world, license) == "exporter"


def test_the_overview_offers_a_shipment_where_a_license_can_be_used(world, license, client):
    client.force_login(world.exporter.user)

    def offers():
        return "Record shipment" in client.get("/").content.decode()

    assert offers()
    for first, last in ((1, 5), (-5, -1)):
        days(first, last)
        assert not offers()
    days(0, 0)
    assert offers()
    License.objects.update(last_cleared=True)
    assert not offers()
    License.objects.update(last_cleared=False)
    not_active(license)
    assert not offers()


@pytest.mark.parametrize(("grams", "open_"), [(99_999, True), (100_000, False)])
def test_a_license_whose_whole_quantity_is_reserved_is_not_offered(grams, open_, world, license, client):
    world.shipment(license, grams)
    assert obstacle(client, world, license) == ("" if open_ else "quantity")


@pytest.mark.parametrize(("final_pct", "found"), [(0, ""), (500, "quantity")])
def test_one_whose_tolerance_is_left_is_unless_it_is_the_last_shipments(final_pct, found, world, license, client):
    world.shipment(license, 100_000)
    LicenseLine.objects.update(tolerance=1, final_pct=final_pct)
    assert obstacle(client, world, license) == found


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


@pytest.mark.slow
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


def test_a_name_that_ends_in_a_period_ends_its_sentence(world):
    row = world.declaration(verified=False)
    with unguarded():
        Declaration.objects.filter(pk=row.pk).update(state="signed")
    Party.objects.filter(pk=row.end_user_id).update(name="Magneti S.p.A.")
    (need,) = needs_of(world.exporter)
    assert need.text == f"{row.ref}, Magneti S.p.A. An application can't be sent without it."
