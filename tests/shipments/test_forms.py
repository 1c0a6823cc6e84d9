"""The shipment form: quantities as people type them, and defaults that fit the license."""

import csv
import uuid
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse

from core.legal_time import legal_today
from licensing.actions import licenses
from licensing.models import ControlItem, License
from licensing.selectors import licenses_for, with_balances
from licensing.web.forms.pools import OpenPoolForm
from shipments.models import Shipment
from shipments.web import pages
from shipments.web.counter import ClearForm, CorrectForm
from shipments.web.enforcement_forms import HitForm
from shipments.web.forms import ShipmentForm
from tests import make
from tests.licensing.test_holds import hold
from tests.licensing.test_turns import another_line, government, turn, two
from tests.licensing.test_verdicts import ban
from tests.make import seen

__all__ = ["two"]


@pytest.fixture
def browser(client, world):
    client.force_login(world.exporter.user)
    return client


def answers(license, **changes):
    return {
        "license": license.ref,
        "key": uuid.uuid4().hex,
        "client_reference": "PO-1",
        "end_user": license.end_users.get().party.ref,
        "consignee": license.consignees.get().ref,
        "port": "CNSHA",
        "planned_on": legal_today().isoformat(),
        "quantity_1": "100",
    } | changes


@pytest.mark.parametrize(
    ("typed", "grams", "said"),
    [
        ("12,000.5", 12_000_500, "12,000.500 kg"),
        ("12 000", 12_000_000, "12,000.000 kg"),
        ("１２．５", 12_500, "12.500 kg"),
        ("4.2", 4_200, "4.200 kg"),
    ],
)
def test_a_typed_quantity_is_read_and_repeated(typed, grams, said, browser, world):
    license = world.license(kilograms=60_000)
    response = browser.post("/shipments/new/", answers(license, quantity_1=typed), follow=True)
    assert Shipment.objects.get().lines.get().held == grams
    assert f"“{typed}” was read as {said}." in unescape(response.content.decode())


def test_an_unclear_comma_is_asked_about_and_nothing_is_reserved(browser, world):
    license = world.license(kilograms=60_000)
    response = browser.post("/shipments/new/", answers(license, quantity_1="4,2"))
    html = unescape(response.content.decode())
    assert response.status_code == 422
    assert "Do you mean 4.2 or 4,200?" in html
    assert 'value="4,2"' in html
    assert not Shipment.objects.exists()


def test_a_form_that_fails_elsewhere_repeats_what_it_read(browser, world):
    license = world.license(kilograms=60_000)
    response = browser.post("/shipments/new/", answers(license, quantity_1="4,200", planned_on=""))
    assert response.status_code == 422
    assert "“4,200” was read as 4,200.000 kg." in unescape(response.content.decode())


@pytest.mark.parametrize("wrong", [{"planned_on": "2020-01-01"}, {"client_reference": ""}, {"port": ""}])
def test_whatever_else_is_wrong_more_than_is_left_is_said_at_once(wrong, browser, world):
    license = world.license(kilograms=100)
    response = browser.post("/shipments/new/", answers(license, quantity_1="101", **wrong))
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {*wrong, "quantity_1"}
    assert "At most 100 kg." in unescape(response.content.decode())
    response = browser.post("/shipments/new/", answers(license, quantity_1="101"))
    assert response.status_code == 409  # alone the ledger says it


def test_a_day_too_far_off_is_said_beside_an_unclear_quantity(browser, world):
    far = (legal_today() + timedelta(days=91)).isoformat()
    response = browser.post("/shipments/new/", answers(world.license(), quantity_1="4,2", planned_on=far))
    assert response.context["form"].errors.keys() == {"planned_on", "quantity_1"}
    last = (legal_today() + timedelta(days=90)).isoformat()
    response = browser.post("/shipments/new/", answers(world.license(), quantity_1="4,2", planned_on=last))
    assert response.context["form"].errors.keys() == {"quantity_1"}


@pytest.mark.parametrize("port", ["DEHAM", "CN-SH", "CNSH", "上海"])
def test_a_port_that_is_none_is_refused_as_programs_are(port, browser, world):
    license = world.license()
    License.objects.filter(pk=license.pk).update(ports=[])
    response = browser.post("/shipments/new/", answers(license, port=port))
    assert response.status_code == 422 and not Shipment.objects.exists()
    assert response.context["form"].errors == {"port": ["A port code such as CNSHA."]}


def form(world, license):
    row = with_balances(licenses_for(world.exporter)).get(pk=license.pk)
    return ShipmentForm(license=row, closings=(), today=legal_today())


def offered(field):
    return [value for value, _label in field.choices]


def test_what_has_no_alternative_is_chosen(world):
    license = world.license()
    License.objects.filter(pk=license.pk).update(ports=["CNSHA"])
    fields = form(world, license).fields
    party, consignee = license.end_users.get().party.ref, license.consignees.get().ref
    found = [offered(fields[name]) for name in ("end_user", "consignee", "port")]
    assert found == [[party], [consignee], ["CNSHA"]]


def test_goods_go_to_the_country_that_stands_beside_the_end_user(browser, world):
    license = world.apart()
    said = form(world, license)
    german, japanese = license.end_users.order_by("pk")
    refs, names = [user.party.ref for user in (german, japanese)], [german.party.name, japanese.party.name]
    assert list(said.fields["end_user"].choices)[1:] == list(
        zip(refs, [f"{names[0]}, Germany", f"{names[1]}, Japan"], strict=True)
    )
    told = [said.fields[f"quantity_{number}"].help_text for number in (1, 2)]
    assert [text.partition(" left. ")[2] for text in told] == [
        f"Not for {names[1]}: its declaration does not name this.",
        f"Not for {names[0]}: its declaration does not name this.",
    ]
    facts = {"license": license.ref, "key": "k", "client_reference": "PO-1", "port": "CNSHA", "end_user": refs[1]}
    facts |= {"consignee": refs[0], "planned_on": legal_today().isoformat()}
    refused = browser.post("/shipments/new/", facts | {"quantity_1": "10"})
    assert refused.status_code == 409 and "Name an end-user who declared them" in text_of(refused)
    assert browser.post("/shipments/new/", facts | {"quantity_2": "10"}).status_code == 302
    assert Shipment.objects.get().destination == "JP"


@pytest.mark.parametrize("route", ["license", "desk.license", "application", "desk.case", "customs.license"])
def test_pages_say_whom_a_line_is_not_for(route, world, client):
    license = world.apart()
    actor = {"desk": world.ministry.decider, "customs": world.customs}.get(route.split(".")[0], world.exporter)
    client.force_login(actor.user)
    ref = license.application.ref if route in ("application", "desk.case") else license.ref
    said = text_of(client.get(reverse(route, args=[ref])))
    for user in license.end_users.all():
        assert said.count(f"Not for {user.party.name}: its declaration does not name this.") == 1


def test_nothing_is_chosen_where_there_are_several(world):
    license = world.license(users=2)
    License.objects.filter(pk=license.pk).update(ports=["CNNGB", "CNSHA"])
    fields = form(world, license).fields
    assert offered(fields["end_user"])[0] == ""
    assert offered(fields["port"]) == ["", "CNNGB", "CNSHA"]


@pytest.mark.parametrize(("ahead", "expected"), [(-1, 0), (0, 0), (5, 5)])
def test_the_planned_day_is_today_or_the_first_valid_day(ahead, expected, world):
    license = world.license()
    License.objects.filter(pk=license.pk).update(usable_from=legal_today() + timedelta(days=ahead))
    bound = form(world, license)
    assert bound["planned_on"].value() == (legal_today() + timedelta(days=expected)).isoformat()
    assert bound["client_reference"].value() is None


def test_an_end_user_that_is_closed_is_not_offered(world):
    license = world.license(kilograms=100, users=2)
    open_one, closed = license.end_users.order_by("pk")
    type(closed).objects.filter(pk=closed.pk).update(open=False)
    assert offered(form(world, license).fields["end_user"]) == [open_one.party.ref]


@pytest.mark.parametrize("turned", [False, True])
def test_an_end_user_whom_the_rules_close_is_not_offered_though_no_turn_was_made(turned, browser, two):
    make.edition(government)
    if turned:
        turn(two)
    open_one = two.end_users.order_by("pk")[0].party.ref
    assert offered(browser.get(new(two)).context["form"].fields["end_user"]) == [open_one]
    sheet = browser.get(f"/shipments/file/template.csv?license={two.ref}").content.decode("utf-8-sig")
    assert {row["end_user"] for row in csv.DictReader(sheet.splitlines())} == {open_one}


# --- nobody can be shipped to -----------------------------------------------------------------------------
SEND = "Reserve and record"


def text_of(response):
    return " ".join(unescape(response.content.decode()).split())


def new(license):
    return f"/shipments/new/?license={license.ref}"


def test_of_many_licenses_the_newest_are_offered_and_the_rest_found(browser, world, license, monkeypatch):
    monkeypatch.setattr(pages, "MOST_CHOSEN", 2)
    second = world.license(kilograms=10)
    response = browser.get("/shipments/new/")
    assert response.context["licenses"] == [second, license]
    assert "Only your newest" not in text_of(response)
    newest = [world.license(kilograms=10), second]
    response = browser.get("/shipments/new/")
    assert response.context["licenses"] == newest
    looked, none = "Only your newest 2 licenses in force were looked through.", "None of these can be used today."
    assert looked in text_of(response) and none not in text_of(response)
    suspended(world, *newest)
    said = text_of(browser.get("/shipments/new/"))
    assert f"{looked} {none}" in said and "No license can be used today" not in said
    suspended(world, license)
    monkeypatch.undo()
    said = text_of(browser.get("/shipments/new/"))
    assert "Only your newest" not in said and "No license can be used today" in said


def suspended(world, *rows):
    for row in rows:
        licenses.suspend(row.ref, seen=seen(row.ref), reason="Under inquiry.", by=world.ministry.decider)


@pytest.mark.parametrize("turned", [False, True])
def test_where_the_rules_close_everybody_no_button_stands_and_why(turned, browser, world, license):
    assert SEND in text_of(browser.get(new(license)))
    make.edition(ban("DE"))
    if turned:
        turn(license)
    said = text_of(browser.get(new(license)))
    assert SEND not in said and "Your reference" not in said
    assert "R033)" in said and "It can be used again when this cause has ended." in said
    assert ("is suspended since" in said) is turned
    assert ("No end-user of it is open." in said) is not turned


@pytest.mark.parametrize("turned", [False, True])
def test_what_an_older_page_sends_is_answered_by_the_ledger_and_kept(turned, browser, world, license):
    sent = answers(license, quantity_1="10")
    make.edition(ban("DE"))
    if turned:
        turn(license)
    response = browser.post("/shipments/new/", sent)
    said = text_of(response)
    assert response.status_code == 409
    assert "The rules in force forbid this export (R033)." in said
    assert "available choices" not in said and SEND not in said
    assert f'<option value="{sent["end_user"]}" selected>' in said and 'value="PO-1"' in said and 'value="10"' in said
    assert not Shipment.objects.exists()


def test_an_end_user_that_was_closed_meanwhile_stays_chosen_and_the_others_are_offered(browser, world):
    license = world.license(kilograms=100, users=2)
    open_one, closed = license.end_users.order_by("pk")
    type(closed).objects.filter(pk=closed.pk).update(open=False)
    refs = [user.party.ref for user in (open_one, closed)]
    consignee = license.consignees.order_by("pk")[0].ref
    facts = {"license": license.ref, "key": "k", "client_reference": "PO-1", "port": "CNSHA"}
    facts |= {"consignee": consignee, "planned_on": legal_today().isoformat(), "quantity_1": "10"}
    response = browser.post("/shipments/new/", facts | {"end_user": refs[1]})
    said = text_of(response)
    assert (response.status_code, Shipment.objects.count()) == (409, 0)
    assert "This end-user is closed on the license; its page says why. Name another end-user of it." in said
    assert f'<option value="{refs[1]}" selected>' in said and f'<option value="{refs[0]}">' in said and SEND in said
    assert browser.post("/shipments/new/", facts | {"end_user": refs[0]}).status_code == 302


UNUSABLE = {
    "used up": ({"state": "exhausted"}, "It is used up, and what was left has lapsed. Use another license."),
    "expired": ({"state": "expired"}, "Use another license, or apply for a new one."),
    "over": ({"usable_from": -9, "usable_until": -1}, "Use another license, or apply for a new one."),
    "early": ({"usable_from": 3}, "Come back then, or use another license."),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_on_a_license_that_can_not_be_used_the_form_says_why_and_has_no_fields(case, browser, license):
    changes, why = UNUSABLE[case]
    days = {name: legal_today() + timedelta(days=one) for name, one in changes.items() if name.startswith("usable")}
    License.objects.filter(pk=license.pk).update(**changes | days)
    said = text_of(browser.get(new(license)))
    assert why in said.replace("</b>", "")
    assert not any(one in said for one in (SEND, "Your reference", "the moment you send", "What happens next"))
    sent = browser.post("/shipments/new/", answers(license, quantity_1="10"))  # from an older page: it is kept
    assert (sent.status_code, 'value="10"' in text_of(sent), SEND in text_of(sent)) == (409, True, False)


@pytest.mark.parametrize(("left", "told"), [(0, True), (-1, False)])
def test_one_that_is_used_up_may_be_in_force_again_until_its_last_day(left, told, browser, license):
    last = legal_today() + timedelta(days=left)
    License.objects.filter(pk=license.pk).update(state="exhausted", usable_from=last, usable_until=last)
    said = text_of(browser.get(new(license)))
    assert "It is used up" in said
    assert ("it is in force again only if customs corrects what crossed" in said) is told


@pytest.mark.parametrize(("countries", "shut"), [(["DE"], True), (["FR"], False)])
def test_where_a_hold_stops_every_line_no_fields_stand_and_until_when(countries, shut, browser, license):
    make.edition(hold(*countries, reservations=True))
    said = text_of(browser.get(new(license)))
    assert (SEND in said, "Your reference" in said) == (not shut, not shut)
    assert ("The rules stop each of its lines." in said) is ("Bureau of Export Control" in said) is shut
    assert (license.ref in text_of(browser.get("/shipments/new/"))) is not shut
    assert ("Record shipment" in text_of(browser.get(f"/licenses/{license.ref}/"))) is not shut


def test_where_a_hold_stops_one_line_of_two_the_other_is_offered(browser, license):
    another_line({"item.control_code": "1C903.a.2"})
    make.edition(hold("DE", match={"item.element": ["Dy"]}, reservations=True))
    assert SEND in text_of(browser.get(new(license)))
    assert license.ref in text_of(browser.get("/shipments/new/"))
    assert "Record shipment" in text_of(browser.get(f"/licenses/{license.ref}/"))


@pytest.mark.parametrize(("closed", "label"), [(False, "Do not record it"), (True, "Open the license")])
def test_the_way_out_of_the_form_leads_to_the_license(closed, label, browser, license):
    if closed:
        make.edition(ban("DE"))
    assert f'<a class="btn sec" href="/licenses/{license.ref}/">{label}</a>' in text_of(browser.get(new(license)))


def test_an_end_user_of_no_license_of_this_number_is_no_choice(browser, world, license):
    other = world.license(kilograms=10).end_users.get().party.ref
    response = browser.post("/shipments/new/", answers(license, quantity_1="10", end_user=other))
    assert (response.status_code, "available choices" in text_of(response)) == (422, True)


NEEDED = "(one of these is needed)"


def noted(form):
    return {name for name, field in form.fields.items() if getattr(field, "note", "") == NEEDED}


def test_of_several_lines_one_is_needed_and_no_quantity_is_called_optional(world):
    both = {"quantity_1", "quantity_2"}
    license = world.apart()
    assert noted(form(world, license)) == both
    shipment = world.shipment(license, 1_000)
    for one in (ClearForm, CorrectForm):
        assert noted(one(row=shipment)) == both
    single = form(world, world.license())
    assert noted(single) == set() and single.fields["quantity_1"].required


def test_of_what_is_hit_and_of_what_a_quota_counts_one_is_needed(world):
    assert noted(HitForm()) == {"item", "destination", "end_user"}
    assert noted(OpenPoolForm()) == {"element", "category", "list_name"}


def test_a_list_that_an_edition_added_is_offered_wherever_one_is_chosen(world, client):
    added = ControlItem.objects.order_by("pk").first()
    added.pk, added.code, added.list_name = None, "9Z999", "spring"
    added.save(force_insert=True)
    assert "spring" in dict(OpenPoolForm().fields["list_name"].choices)
    assert any(("list:spring", "spring") in group for _, group in HitForm().fields["item"].choices[1:])
    client.force_login(world.exporter.user)
    for path, status in (("/control-list/?list=spring", 200), ("/control-list/?list=autumn", 422)):
        answer = client.get(path)
        assert (answer.status_code, ">9Z999<" in answer.content.decode()) == (status, status == 200), path
    answer = client.get("/api/v1/control-items/?list=spring").json()
    assert [item["code"] for item in answer["results"]] == ["9Z999"]
    answer = client.get("/api/v1/control-items/?list=autumn").json()
    assert answer["errors"][0]["pointer"] == "/list" and "spring" in answer["errors"][0]["message"]
