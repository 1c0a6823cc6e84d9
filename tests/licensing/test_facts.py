"""What the rules look at, and where it comes from: what nobody said stays unsaid, and is asked for."""

import re
from html import unescape

import pytest
from django.test import Client

from core.errors import Invalid
from core.history import version
from core.legal_time import legal_now
from exporters import actions as exporters
from exporters.models import Party
from licensing.actions import applications
from licensing.models import Application, ControlItem


@pytest.fixture
def browser(client, world):
    client.force_login(world.exporter.user)
    return client


def missing(ref):
    return applications.what_is_missing(Application.objects.get(ref=ref), at=legal_now())


def text(page):
    return " ".join(unescape(page.content.decode()).split())


def test_the_kind_of_a_party_is_unknown_until_somebody_says_it(browser, world):
    facts = {"name": "Auriga", "address": "Street 1", "country": "DK", "business": "Wind turbines", "version": 1}
    form = browser.get("/parties/new/").context["form"]
    assert not form["nature"].value()
    assert browser.post("/parties/new/", facts).status_code == 302
    row = Party.objects.get(name="Auriga")
    assert row.nature == ""
    assert "Kind not stated" in text(browser.get(f"/parties/{row.ref}/"))
    assert browser.post(f"/parties/{row.ref}/edit/", facts | {"nature": "academic"}).status_code == 302
    assert Party.objects.get(name="Auriga").nature == "academic"


def test_an_end_user_of_no_known_kind_stops_the_submission_and_leads_to_its_page(browser, world):
    signed = world.declaration()
    ref = world.application(by_whom=[signed])
    assert missing(ref) == []
    user = signed.end_user
    exporters.change_party(user.ref, version=user.version, by=world.exporter, name=user.name, nature="")
    (problem,) = missing(ref)
    assert (problem.code, problem.extra) == ("end-user-kind-unknown", {"party": user.ref})
    page = browser.get(f"/applications/{ref}/")
    assert f'href="/parties/{user.ref}/edit/#id_nature"' in page.content.decode()


def test_a_site_of_use_is_shown_where_given_and_led_to_where_a_draft_lacks_it(browser, world):
    signed = world.declaration(verified=False)
    user = signed.end_user
    Party.objects.filter(pk=user.pk).update(site_address="")
    pages = (f"/declarations/{signed.ref}/", f"/parties/{user.ref}/")
    reader = Client()
    reader.force_login(world.ministry.reviewer.user)

    def said():
        found = [text(browser.get(page)) for page in pages] + [text(reader.get(f"/desk/declarations/{signed.ref}/"))]
        return [("Site of use" in one, "Plant 2" in one) for one in found]

    link = f'href="/parties/{user.ref}/edit/#id_site_address"'
    assert said() == [(False, False)] * 3 and link not in browser.get(pages[0]).content.decode()
    Party.objects.filter(pk=user.pk).update(site_address="Plant 2")
    assert said() == [(True, True)] * 3
    facts = {
        "end_user": user.pk,
        "end_use": signed.end_use_id,
        "items": [one.pk for one in ControlItem.objects.all()[:1]],
    }
    facts |= {"end_use_text": "Motors " * 9, "product": "Motor", "position_in_product": "Rotor", "process": "processed"}
    drafted = browser.post("/declarations/new/", facts | {"version": 1}).headers["Location"]
    assert link not in browser.get(drafted).content.decode()
    Party.objects.filter(pk=user.pk).update(site_address="")
    assert link in browser.get(drafted).content.decode()


@pytest.mark.parametrize("name", ["purpose", "red_flag", "trade_mode", "transport_mode"])
def test_what_the_rules_ask_is_asked_without_an_answer_chosen(browser, world, name):
    form = browser.get("/applications/new/").context["form"]
    assert not form[name].value() and form.fields[name].choices[0][0] == ""
    ref = world.application()
    Application.objects.filter(ref=ref).update(**{name: ""})
    assert [(problem.pointer, problem.code) for problem in missing(ref)] == [(f"/{name}", "required")]
    assert "Not stated" in text(browser.get(f"/applications/{ref}/"))


def test_what_was_said_is_kept_and_shown_to_both_sides(client, world):
    ref = world.application(kind="per_shipment", purpose="civil_aircraft_parts", red_flag="wmd")
    row = Application.objects.get(ref=ref)
    assert (row.purpose, row.red_flag) == ("civil_aircraft_parts", "wmd")
    world.under_review(ref)
    for who, path in ((world.exporter, f"/applications/{ref}/"), (world.ministry.reviewer, f"/desk/cases/{ref}/")):
        client.force_login(who.user)
        seen = text(client.get(path))
        assert "Parts for civil aircraft" in seen and "Weapons of mass destruction" in seen


def test_a_word_that_no_rule_knows_is_refused(browser, world):
    answers = {"kind": "annual", "version": 1, "lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}
    page = browser.post("/applications/new/", answers | {"red_flag": "perhaps"})
    assert (page.status_code, Application.objects.count()) == (422, 0)


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("1C905.a.4", "Dy"),
        ("1C904.a.2", "Tb"),
        ("1C905.a.3", "Dy"),
        ("1C909.a.4", "Ho"),
        ("1C905.a.1", ""),
        ("1C905.b", ""),
        ("2B902.a", ""),
    ],
    ids=["magnet", "alloy", "target", "functional material", "metal", "oxide", "equipment"],
)
def test_magnets_and_alloys_say_how_much_of_their_element_they_contain(browser, world, code, asked):
    world.grade["Nd"] = "0.3"  # which is not what they are listed for
    ref = world.application(code=code)
    about = [one for one in missing(ref) if "composition" in one.pointer]
    assert [(one.pointer, one.code) for one in about] == [("/lines/0/composition", "required")] * bool(asked)
    page = text(browser.get(f"/applications/{ref}/"))
    assert (f'href="/applications/{ref}/edit/#id_lines-0-composition"' in page) == bool(asked)
    assert (f"Line 1, {code}: say how much {asked} the goods contain, at most." in page) == bool(asked)
    Application.objects.get(ref=ref).lines.update(composition={asked: "0.01"})
    assert [one for one in missing(ref) if "composition" in one.pointer] == []


def test_each_item_of_which_goods_may_be_alloys_or_contain_their_element_is_composed(world):
    """By the words of the control list, so that a category that it gains is not passed over."""
    listed = ControlItem.objects.filter(official=True).exclude(element="")
    alloy = re.compile(r"alloy|magnet|-containing|[a-z]{3,}-[a-z]{5,}")
    said = {item.code for item in listed if alloy.search(item.description_en)}
    assert {"1C902.a.4", "1C905.a.4", "1C909.a.4", "1C910.a.5", "1C912.a.2"} <= said
    assert said <= {item.code for item in listed if item.composed}
    assert not {item.category for item in listed if item.composed} & {"metal", "oxide", "compound"}


def test_magnets_of_which_nothing_is_said_are_not_filed(browser, world):
    case = Application.objects.get(ref=world.application())
    case.lines.update(composition={})
    path = f"/applications/{case.ref}/edit/"
    assert 'id="id_lines-0-composition"' in text(browser.get(path))
    with pytest.raises(Invalid) as refusal:
        applications.submit(case.ref, seen=version(case), by=world.exporter)
    assert [(one.pointer, one.code) for one in refusal.value.errors] == [("/lines/0/composition", "required")]
