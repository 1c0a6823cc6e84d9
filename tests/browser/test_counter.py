"""Customs at the counter with a scanner and a keyboard: found, declared, cleared, and told what is unusual."""

import pytest

from shipments.models import Shipment
from tests.browser.test_pages import problems_of

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]

DECLARED = "5301 2026 0123 4567"


def tab_to(page, name):
    """The keyboard alone leads there."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name || document.activeElement.innerText.trim()") == name:
            return
    raise AssertionError(f"no way to {name}")


@pytest.mark.parametrize("script", [True, False])
def test_a_shipment_is_declared_and_cleared_by_keyboard_alone(script, sign_in):
    page = sign_in("port", script=script)
    shipment = Shipment.objects.filter(state="reserved").first()
    assert page.evaluate("document.activeElement.name") == "number"
    page.keyboard.type(shipment.ref.lower().replace("-", " "))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customs/shipments/{shipment.ref}/")
    tab_to(page, "declaration_no")
    page.keyboard.type(DECLARED)
    page.keyboard.press("Enter")
    page.get_by_text("Recorded. The shipment is now: Declared.").wait_for()
    tab_to(page, "quantity_1")
    tab_to(page, "final")
    page.keyboard.press("Space")
    tab_to(page, "Clear")
    page.keyboard.press("Enter")
    page.get_by_text("Recorded. The shipment is now: Cleared.").wait_for()
    line = shipment.lines.get()
    assert (line.held, line.drawn) == (0, line.quantity)


def test_the_next_scan_takes_the_place_of_a_number_that_was_not_found(sign_in):
    page = sign_in("port")
    ref = Shipment.objects.first().ref
    page.keyboard.type("EL-NO NUMBER")
    page.keyboard.press("Enter")
    page.locator(".errmsg").wait_for()
    page.wait_for_load_state()
    page.keyboard.type(ref)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customs/shipments/{ref}/")


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh-hans", 390)])
def test_what_is_wrong_or_unusual_passes_axe_and_fits(language, width, sign_in):
    page = sign_in("port", width=width)
    page.context.add_cookies([{"name": "language", "value": language, "url": page.url}])
    shipment = Shipment.objects.filter(state="reserved").first()
    found = []
    page.goto("/customs/?number=EL-1")
    found += problems_of(page, [width])
    page.goto(f"/customs/shipments/{shipment.ref}/")
    form = page.locator('form[action$="/clear/"]')
    page.locator('details:has(form[action$="/clear/"]) summary').click()
    form.locator("button").click()
    page.wait_for_load_state()
    assert page.locator(".errmsg").count()
    found += problems_of(page, [width])
    form.locator("[name=declaration_no]").fill(DECLARED)
    form.locator("[name=quantity_1]").fill("900000")
    form.locator("[name=final][value=true]").check()
    form.locator("button").click()
    page.locator("#unusual").wait_for()
    found += problems_of(page, [width])
    form.locator("button").click()
    page.locator(".banner.ok").first.wait_for()
    found += problems_of(page, [width])
    assert found == []
