"""The public page behind a paper's code, which no walk over the access table opens: axe, two widths, no scrolling."""

import pytest

from licensing.models import License
from tests.browser.test_pages import browse, everybody, problems_of

__all__ = ["browse", "everybody"]

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]


def test_the_public_page_passes_axe_and_fits_whatever_holds(browse, everybody):
    """Of a license in each state, for its holder's code and an end-user's; the form, and what is not there."""
    paths = {"/v/": 200, "/v/EL-000000000/AAAAAAAAAA/": 404}
    for state in License.objects.order_by().values_list("state", flat=True).distinct():
        license = License.objects.filter(state=state).exclude(verify_code="").first()
        codes = [license.verify_code, *license.end_users.values_list("verify_code", flat=True)] if license else []
        paths |= dict.fromkeys((f"/v/{license.ref}/{code}/" for code in codes if code), 200)
    assert len(paths) > 6, paths
    page, errors = browse(None, "en"), []
    for path, status in paths.items():
        assert page.goto(path).status == status, path
        errors += problems_of(page, (1280, 390))
    assert not errors + [said for said in browse.said if "404" not in said], "\n".join(errors + browse.said)
