"""The countries that goods go on to: ticked in a list of all of them, on a phone, by keyboard, and without script."""

import re

import pytest
from playwright.sync_api import expect

from licensing.models import Declaration

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]


def filled(page):
    page.goto("/declarations/new/")
    for name in ("end_user", "end_use", "process"):
        page.locator(f"[name={name}]").select_option(index=1)
    page.locator("[name=items]").first.check()
    for name in ("end_use_text", "product", "position_in_product"):
        page.locator(f"[name={name}]").fill("Traction motors of cars, which are made at the site and sold there.")
    page.locator("[name=re_export]").check()
    page.locator(".others > summary").focus()
    page.keyboard.press("Enter")


def tick(page, country):
    box = page.get_by_label(country, exact=True)
    box.focus()
    page.keyboard.press("Space")
    expect(box).to_be_checked()


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_they_are_ticked_by_keyboard_on_a_phone_and_come_first_the_next_time(script, sign_in):
    page = sign_in("lin.wei", width=390, script=script)
    filled(page)
    search, japan = page.get_by_label("Find in this list"), page.get_by_label("Japan", exact=True)
    assert search.is_visible() is script
    if script:
        search.fill("JAP")
        assert page.locator("[name=re_export_countries]:visible").count() == 1
        search.press("Enter")
        expect(page).to_have_url(re.compile(r"/declarations/(new|DE-\w+/edit)/"))  # nothing is sent
    tick(page, "Japan")
    if script:
        search.fill("franc")
        expect(japan).to_be_visible()  # what is ticked stays
        assert page.locator("[name=re_export_countries]:visible").count() == 2
    tick(page, "France")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url(re.compile(r"/declarations/[A-Z]+-\w+/$"))
    row = Declaration.objects.latest("pk")
    assert row.re_export_countries == ["FR", "JP"]
    page.goto(f"/declarations/{row.ref}/edit/")
    boxes = page.locator("[name=re_export_countries]")
    assert [boxes.nth(place).is_checked() for place in range(3)] == [True, True, False]
