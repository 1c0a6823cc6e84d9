"""A company that was returned reads why, at the top, and is led to each field that is to be mended."""

from html import unescape

import pytest

from config.local import demo
from core.errors import Invalid
from core.history import lines_of
from exporters import actions
from exporters.models import Exporter
from exporters.selectors import returned
from tests import make
from tests.make import needs_of

WHY = "The address is not that of the license."


@pytest.fixture
def company(ministry, client):
    """Sent, and returned in the officer's page."""
    actor = make.exporter()
    pk = demo.send_company(actor)
    client.force_login(ministry.intake.user)
    form = {"reason": WHY, "mend": ["business_license", "address"], "seen": make.seen(pk)}
    assert client.post(f"/desk/exporters/{pk}/return/", form).status_code == 302
    client.force_login(actor.user)
    return actor


def page(client):
    return " ".join(unescape(client.get("/company/").content.decode()).split())


def test_the_officer_is_led_back_to_the_list(ministry, client):
    pk = demo.send_company(make.exporter())
    client.force_login(ministry.intake.user)
    answer = client.post(f"/desk/exporters/{pk}/return/", {"reason": WHY, "seen": make.seen(pk)}, follow=True)
    assert (answer.status_code, answer.request["PATH_INFO"]) == (200, "/desk/exporters/")
    assert "The company is in this list again when it sends its account anew." in answer.content.decode()


def test_the_page_begins_with_the_reason_and_leads_to_the_fields(company, client):
    text = page(client)
    assert WHY in text[: text.index('<form class="card"')]
    links = '<a href="#id_address">Address</a> </li> <li> <a href="#id_business_license">Business license</a>'
    assert links in text
    for field in ("address", "business_license"):
        assert f'id="id_{field}"' in text


def test_the_overview_says_it_with_the_reason(company):
    first = needs_of(company)[0]
    assert (first.title, first.url, WHY in first.text) == ("Mend your company's account", "/company/", True)


def test_it_stands_until_the_company_sends_it_again(company, client, ministry):
    actions.describe(seen=make.seen(company.organization_id), by=company, address="2 Example Road")
    assert WHY in page(client)
    actions.submit(seen=make.seen(company.organization_id), by=company)
    assert returned(Exporter.objects.get(pk=company.organization_id)) is None
    assert "The ministry returned this" not in page(client)


def test_who_only_reads_is_not_led_to_a_form(company, client):
    client.force_login(make.colleague(company, "viewer").user)
    text = page(client)
    assert (WHY in text, "#id_address" in text) == (True, False)


def test_a_company_that_was_never_returned_reads_nothing_of_it(ministry, client):
    actor = make.exporter()
    client.force_login(actor.user)
    assert "The ministry returned this" not in page(client)


def test_it_is_not_returned_without_a_reason(ministry):
    pk = demo.send_company(make.exporter())
    with pytest.raises(Invalid) as refusal:
        actions.send_back(pk, seen=make.seen(pk), reason=" ", mend=["handler"], by=ministry.intake)
    assert [(one.pointer, one.code) for one in refusal.value.errors] == [("/reason", "required")]
    assert Exporter.objects.get(pk=pk).state == "pending"


def test_only_facts_of_the_page_are_named(ministry):
    actor = make.exporter()
    pk = demo.send_company(actor)
    actions.send_back(pk, seen=make.seen(pk), reason=WHY, mend=["state", "handler"], by=ministry.intake)
    assert lines_of(Exporter.objects.get(pk=pk)).last().facts == {"mend": ["handler"]}
