"""At 1280 px a list's search stands in one row, and a form of the policy desk uses its page's width."""

import pytest

from licensing.models import Draft

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]
PLACES = "all => all.map(one => one.getBoundingClientRect()).filter(box => box.width).map(box => [box.x, box.y])"


def test_the_search_of_applications_is_one_row(sign_in):
    page = sign_in("lin.wei")
    page.goto("/applications/")
    found = page.eval_on_selector_all(".filters form > :is(label, button)", PLACES)
    heights = [y for _x, y in found]
    assert len(found) == 6 and max(heights) - min(heights) < 8


def test_forms_of_the_policy_desk_have_two_questions_beside_each_other(sign_in):
    page = sign_in("fang.li")
    for path in ("/desk/quotas/new/", f"/desk/policy/{Draft.objects.latest('pk').ref}/rows/rules/new/"):
        page.goto(path)
        found = page.eval_on_selector_all(".pairs > .field", PLACES)
        assert len({x for x, _y in found}) == 2, path


def test_a_panel_that_goes_on_below_shows_it_until_its_end(sign_in):
    page = sign_in("han.rui")
    page.goto("/desk/countersign/")
    page.locator("main td a").first.click()
    page.wait_for_selector(".decide")
    shadow = "all => getComputedStyle(all[0], '::after').opacity"
    seen = []
    for down in ("0", "all[0].scrollHeight"):
        page.eval_on_selector_all(".decide", f"all => all[0].scrollTo(0, {down})")
        page.wait_for_timeout(200)
        seen.append(float(page.eval_on_selector_all(".decide", shadow)))
    assert seen == [1, 0]
    page.set_viewport_size({"width": 1280, "height": 2400})  # all of it is in sight
    page.wait_for_timeout(200)
    assert float(page.eval_on_selector_all(".decide", shadow)) == 0
