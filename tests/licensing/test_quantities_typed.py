"""Quantities typed into an application and a recommendation are read as people type them, and repeated."""

from html import unescape

import pytest

from licensing.models import Application, ControlItem, DecisionStep
from licensing.web.forms import LineForm, RecommendForm
from tests.make import seen


def line(quantity):
    items = {"1c905.a.4": ControlItem.objects.get(code="1C905.a.4")}
    return LineForm({"code": "1C905.a.4", "description": "NdFeB magnets", "quantity": quantity}, items=items)


def test_a_line_of_goods_reads_thousands_and_repeats_them(reference):
    form = line("12,000.5")
    assert form.is_valid()
    assert (form.line().quantity, form.read_as) == (12_000_500, "“12,000.5” was read as 12,000.500 kg.")
    assert form["quantity"].help_text == form.read_as


@pytest.mark.parametrize(("typed", "repeated"), [("800", False), ("800 kg", False), ("8.5", True), ("1 200", True)])
def test_plain_digits_are_not_repeated(typed, repeated, reference):
    form = line(typed)
    assert form.is_valid()
    assert (bool(form.read_as), "was read as" in str(form["quantity"].help_text)) == (repeated, repeated)


@pytest.mark.parametrize(
    ("typed", "sentence"), [("4,2", "Do you mean 4.2 or 4,200?"), ("一千", "Write a number such as 12,000.5")]
)
def test_a_line_of_goods_asks_about_what_it_can_not_read(typed, sentence, reference):
    form = line(typed)
    assert not form.is_valid()
    assert form.errors["quantity"][0].startswith(sentence)


def test_a_recommendation_reads_thousands_and_repeats_them(world, client):
    ref = world.under_review(world.application())
    client.force_login(world.ministry.reviewer.user)
    user = Application.objects.get(ref=ref).end_users.get().pk
    answers = {
        "outcome": "approve",
        "months": "12",
        "quantity_1": "1 200.5",
        "end_users": user,
        "text": "A year's need.",
    }
    answers["seen"] = seen(ref)
    html = unescape(client.post(f"/desk/cases/{ref}/recommend/", answers, follow=True).content.decode())
    assert DecisionStep.objects.get().lines.get().quantity == 1_200_500
    assert "“1 200.5” was read as 1,200.500 kg." in html


def test_saving_an_application_repeats_each_line(world, client):
    client.force_login(world.exporter.user)
    answers = {"kind": "annual", "version": 1, "lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 0}
    answers |= {"lines-0-code": "1C905.a.4", "lines-0-description": "Magnets", "lines-0-quantity": "１２，０００"}
    html = unescape(client.post("/applications/new/", answers, follow=True).content.decode())
    assert Application.objects.get().lines.get().quantity == 12_000_000
    assert "“１２，０００” was read as 12,000.000 kg." in html


@pytest.mark.parametrize("typed", ["300 kg", "300kg", "300 KG "])
def test_the_unit_may_stand_behind_the_number(typed, reference):
    form = line(typed)
    assert form.is_valid()
    assert form.line().quantity == 300_000


@pytest.mark.parametrize("typed", ["300 g", "kg", "3 kg kg"])
def test_another_unit_is_no_number(typed, reference):
    assert not line(typed).is_valid()


def test_what_was_not_typed_anew_is_not_repeated(world, client):
    client.force_login(world.exporter.user)
    answers = {"kind": "annual", "version": 1, "lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 0}
    answers |= {"lines-0-code": "1C905.a.4", "lines-0-description": "Magnets", "lines-0-quantity": "12000.000"}
    assert "was read as" in client.post("/applications/new/", answers, follow=True).content.decode()
    answers |= {"lines-INITIAL_FORMS": 1}
    page = client.post(f"/applications/{Application.objects.get().ref}/edit/", answers, follow=True)
    assert "Saved as" in page.content.decode()
    assert "was read as" not in page.content.decode()


def test_a_quantity_that_was_emptied_recommends_nothing(world):
    """All that was asked is what stands there before; nothing is no quantity."""
    row = Application.objects.get(ref=world.under_review(world.application()))
    users = [row.end_users.get().pk]
    form = RecommendForm(
        {"outcome": "approve", "months": "12", "quantity_1": "", "end_users": users, "text": "x"}, row=row
    )
    assert not form.is_valid() and "quantity_1" in form.errors
