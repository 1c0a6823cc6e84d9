"""A repeat customer renews with unchanged facts: from the overview to the receipt, every click counted."""

import pytest

from core import calendar_file
from core.papers import make_due
from licensing.models import Application, License
from tests import make

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]

MOST_STEPS, MOST_CLICKS = 5, 12


class Counted:
    """What a person does on a page. steps: page loads on which anything was done; clicks: reloads are clicks, too."""

    def __init__(self, page):
        self.page, self.loads, self.used, self.clicks = page, 0, set(), 0
        page.on("domcontentloaded", lambda _page: self._loaded())

    def _loaded(self):
        self.loads += 1

    @property
    def steps(self):
        return len(self.used)

    def click(self, thing):
        self.used.add(self.loads)
        self.clicks += 1
        thing.click()

    def reload(self):
        self.clicks += 1
        self.page.reload()


@pytest.mark.parametrize(
    ("script", "width"), [(True, 1280), (False, 390)], ids=["with-javascript", "small-and-without"]
)
def test_unchanged_facts_are_renewed_in_five_steps_and_twelve_clicks(sign_in, demo_world, script, width):
    calendar_file.fill()
    license = License.objects.filter(kind="annual", exporter__organization__name_en__startswith="Lanting").first()
    license = make.ends_in(license, 120)
    page = sign_in("lin.wei", script=script, width=width)
    page.goto("/")
    person = Counted(page)
    person.click(page.get_by_role("link", name=f"Renew license {license.ref}"))
    page.wait_for_url(f"**/licenses/{license.ref}/#renew")
    assert "File by" in page.locator("#renew").inner_text()
    person.click(page.get_by_role("button", name=f"Begin the renewal of {license.ref}"))
    page.wait_for_url("**/applications/AP-*/")
    case = Application.objects.get(renews=license)
    changed = page.locator("section[aria-labelledby=h-copied] tbody th").all_inner_texts()
    assert changed == ["Planned from", "Planned until"]
    person.click(page.get_by_role("link", name="Check and send", exact=True))
    page.wait_for_url(f"**/applications/{case.ref}/submit/")
    person.click(page.locator("main form button").last)
    page.wait_for_url(f"**/applications/{case.ref}/")
    assert f"Your case number is {case.ref}" in page.locator("body").inner_text()
    make_due()
    person.reload()
    with page.expect_download() as receipt:
        person.click(page.locator("main a[href^='/documents/']", has_text="Receipt").first)
    assert receipt.value.suggested_filename.endswith(".pdf")
    case.refresh_from_db()
    assert (case.state, person.steps <= MOST_STEPS, person.clicks <= MOST_CLICKS) == ("submitted", True, True)
    assert (person.steps, person.clicks) == (5, 6)  # what it takes today
