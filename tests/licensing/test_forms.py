"""Goods on the application's form."""

import re

import pytest
from django.utils.html import escape

from config.local import demo
from core.web.labels import said
from exporters.models import Party
from licensing.actions import applications
from licensing.models import ControlItem, Declaration
from licensing.selectors import search_items, usable_declarations
from licensing.web.forms import ApplicationForm, LineForm
from licensing.web.forms.declarations import DeclarationForm
from tests.make import seen
from tests.said import text_of


def errors(code):
    items = {item.code.lower(): item for item in search_items()}
    form = LineForm({"code": code, "description": "Magnets", "quantity": "1"}, items=items)
    return [error["code"] for error in form.errors.get_json_data().get("code", [])]


@pytest.mark.parametrize(("code", "wrong"), [("1C999.z", ["unknown-code"]), ("ANN61-P1", [])])
def test_a_code_is_on_the_lists(code, wrong, reference):
    assert errors(code) == wrong


def test_a_code_is_taken_in_any_case(reference):
    assert errors("1c905.A.4") == []


def test_countries_that_are_ticked_come_first(world):
    row = world.declaration(verified=False)
    row.re_export_countries = ["JP", "FR"]
    form = DeclarationForm(instance=row, parties=Party.objects.all(), items=ControlItem.objects.all())
    boxes = form["re_export_countries"].subwidgets
    assert [(box.choice_label, box.data["selected"]) for box in boxes[:2]] == [("France", True), ("Japan", True)]
    assert not any(box.data["selected"] for box in boxes[2:])


@pytest.fixture
def known(world):
    """Two declarations of one end-user, and one of another whose name comes before."""
    first = world.declaration().end_user
    other = demo.party(world.exporter, "Aachen Motors", "DE", "Motors")
    for user, product in ((other, "pumps"), (first, "servo motors")):
        demo.declaration(world.exporter, user, ["1C905.a.4"], "CIV_AUTO", product)
    return other, first


def test_declarations_stand_under_their_end_users(known, client, world):
    client.force_login(world.exporter.user)
    other, first = known
    page = client.get("/applications/new/").content.decode()
    picker = page.partition("End-users, by their declarations")[2].partition("Who receives the goods")[0]
    assert re.findall(r"<legend>(.*?)</legend>", picker) == [escape(other.label()), escape(first.label())]
    assert re.findall(r"<span>(.*?) · ", picker) == ["pumps", "servo motors", "traction motors"]
    assert escape(str(first)) not in picker.partition("</legend>")[2].replace(escape(first.label()), "")


def test_a_mistake_leads_to_the_first_declaration(known, client, world):
    client.force_login(world.exporter.user)
    both = [one.pk for one in Declaration.objects.filter(end_user=known[1])]
    page = client.post("/applications/new/", {"kind": "annual", "end_users": both, "lines-TOTAL_FORMS": 0}).content
    assert b'href="#id_end_users_0_0"' in page and b'id="id_end_users_0_0"' in page


def test_what_was_chosen_is_said_with_its_end_user(known, world):
    form = ApplicationForm(
        {"end_users": [str(one.pk) for one in Declaration.objects.filter(product="pumps")]},
        declarations=usable_declarations(world.exporter),
        parties=Party.objects.all(),
    )
    (words,) = [words for label, words in said(form) if label.startswith("End-users")]
    assert words.startswith(f"{known[0].label()}, pumps · ")


def test_the_picker_and_the_declaration_say_what_it_was_used_for(client, world):
    one = world.declaration()
    draft = world.application(by_whom=[one], kind="per_shipment")
    filed = [world.application(by_whom=[one], kind="per_shipment") for _ in range(3)]
    path = f"/declarations/{one.ref}/"
    assert "filed on it" not in text_of(client, world.exporter, "/applications/new/")
    for ref in filed:
        applications.submit(ref, seen=seen(ref), by=world.exporter)
    picker = text_of(client, world.exporter, "/applications/new/")
    one.refresh_from_db()
    assert f"{one.ref}, {one.get_state_display()} · filed on it: {filed[2]}, {filed[1]}…" in picker
    page = text_of(client, world.exporter, path)
    assert all(f'<a href="/applications/{ref}/">' in page for ref in [draft, *filed])
    license = world.license(kilograms=100)
    own = license.end_users.get().declaration.ref
    assert f'<a href="/licenses/{license.ref}/">' in text_of(client, world.exporter, f"/declarations/{own}/")
    unused = demo.declaration(world.exporter, one.end_user, ["1C905.a.4"], "CIV_AUTO", "pumps")
    assert "What it was named in" not in text_of(client, world.exporter, f"/declarations/{unused.ref}/")


def test_pages_ask_for_what_is_to_be_confirmed_and_show_that(world, client, monkeypatch):
    row = world.declaration(verified=False)
    for place in ("licensing.models.declarations", "licensing.web.forms.declarations"):
        monkeypatch.setattr(f"{place}.CONFIRMATIONS", ("no_transfer",))
    client.force_login(world.exporter.user)
    for address in ("/declarations/new/", f"/declarations/{row.ref}/"):
        page = client.get(address).content.decode()
        assert "o transfer to a third party without permission" in page and "ot for military use" not in page
