"""How many queries each page makes, by its route: with three rows of everything as with nine."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from licensing.models import Declaration, Inquiry, License
from tests.core.test_lists import LISTS, one_more, reader

PAGES = {
    "application": 29,
    "applications": 6,
    "company": 29,
    "control-list": 5,
    "declaration": 17,
    "declarations": 3,
    "desk": 11,
    "desk.case": 37,
    "desk.countersign": 7,
    "desk.declaration": 15,
    "desk.declarations": 4,
    "desk.exporter": 24,
    "desk.exporters": 4,
    "desk.incidents": 5,
    "desk.inquiries": 4,
    "desk.inquiry": 10,
    "desk.license": 34,
    "desk.licenses": 7,
    "desk.proposals": 4,
    "desk.reconsiderations": 9,
    "desk.reports": 4,
    "inquiries": 3,
    "inquiry": 11,
    "license": 36,
    "licenses": 6,
    "members": 6,
    "officers": 5,
    "overview": 13,
    "parties": 3,
    "shipments": 4,
}


def asked(do):
    """What is asked while this is done."""
    with CaptureQueriesContext(connection) as queries:
        do()
    return [one["sql"] for one in queries]


def pages(world):
    """Who reads what: each list, the overview, and a license as both sides have it."""
    license = License.objects.earliest("pk")
    exporter, reviewer = world.exporter.user, world.ministry.reviewer.user
    one = {"ref": license.ref}
    declaration, inquiry = ({"ref": of.objects.earliest("pk").ref} for of in (Declaration, Inquiry))
    return {name: (reader(name, world), reverse(name)) for name in LISTS} | {
        "overview": (exporter, reverse("overview")),
        "license": (exporter, reverse("license", kwargs=one)),
        "desk.license": (reviewer, reverse("desk.license", kwargs=one)),
        "application": (exporter, reverse("application", kwargs={"ref": license.application.ref})),
        "desk.case": (reviewer, reverse("desk.case", kwargs={"ref": license.application.ref})),
        "company": (exporter, reverse("company")),
        "desk.exporter": (reviewer, reverse("desk.exporter", kwargs={"pk": license.exporter_id})),
        "declaration": (exporter, reverse("declaration", kwargs=declaration)),
        "desk.declaration": (reviewer, reverse("desk.declaration", kwargs=declaration)),
        "inquiry": (exporter, reverse("inquiry", kwargs=inquiry)),
        "desk.inquiry": (reviewer, reverse("desk.inquiry", kwargs=inquiry)),
    }


@pytest.mark.slow
def test_each_page_makes_so_many_queries_for_three_rows_as_for_nine(client, world):
    def counts():
        found = {}
        for name, (user, path) in pages(world).items():
            client.force_login(user)
            assert client.get(path).status_code == 200  # rules are compiled, and sessions begun, once
            found[name] = len(asked(lambda path=path: client.get(path)))
        return found

    for rows in (3, 6):
        for _ in range(rows):
            one_more(world)
        assert counts() == PAGES
