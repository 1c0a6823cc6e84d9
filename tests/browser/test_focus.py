"""What has the keyboard's focus is to be seen: nothing that sticks to the window's edge lies over it (WCAG 2.4.11)."""

import pytest

from licensing.models import Application
from licensing.states import ApplicationState

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]

COVERED = """() => {
  const on = document.activeElement, box = on.getBoundingClientRect();
  if (on === document.body) return null;
  const at = (y) => document.elementFromPoint(box.left + Math.min(box.width / 2, 20), y);
  const labels = [...(on.labels || [])];
  const seen = (over) => over && [on, ...labels].some((one) => one.contains(over) || over.contains(one));
  const inside = [box.top + 2, box.top + box.height / 2, box.bottom - 2].filter((y) => y > 0 && y < innerHeight);
  return inside.some((y) => seen(at(y))) ? "" : on.outerHTML.slice(0, 200);
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_lies_over_what_has_the_focus_on_a_case(width, sign_in):
    page = sign_in("zhao.min", width=width)
    case = Application.objects.filter(state=ApplicationState.AWAITING_APPLICANT, reviewer__name="Zhao Min").first()
    page.goto(f"/desk/cases/{case.ref}/")
    nothing_is_covered(page)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_draft_opens_without_a_jump_and_its_bar_lies_over_no_field(width, sign_in):
    page = sign_in("lin.wei", width=width)
    page.goto("/applications/new/")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.activeElement === document.body")
    nothing_is_covered(page)


def nothing_is_covered(page):
    covered, stops = [], 0
    for _ in range(200):
        page.keyboard.press("Tab")
        found = page.evaluate(COVERED)
        if found is None:
            break
        stops += 1
        covered += [found] if found else []
    assert stops > 10 and covered == []
