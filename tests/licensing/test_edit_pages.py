"""Exporters' pages of what was sent: they say so and lead on."""

import re
from datetime import date
from html import unescape

import pytest

from licensing.actions import applications, declarations
from licensing.models import Application
from tests import make
from tests.make import seen


@pytest.fixture
def browser(client, world):
    client.force_login(world.exporter.user)
    return client


def test_the_edit_page_of_an_application_that_was_sent_says_so_and_leads_to_the_case(browser, world):
    ref = world.application()
    assert browser.get(f"/applications/{ref}/edit/").status_code == 200
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    response = browser.get(f"/applications/{ref}/edit/", follow=True)
    assert response.redirect_chain == [(f"/applications/{ref}/", 302)]
    assert f"{ref} was sent and can't be changed any more" in unescape(response.content.decode())


def test_a_form_that_was_open_when_the_application_was_sent_keeps_its_text(browser, world):
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    answers = {"kind": "annual", "remarks": "Typed before", "version": 1, "lines-TOTAL_FORMS": 0}
    response = browser.post(f"/applications/{ref}/edit/", answers | {"lines-INITIAL_FORMS": 0})
    assert response.status_code == 409
    html = unescape(response.content.decode())
    assert "The application was sent" in html
    assert "Typed before" in html
    assert Application.objects.get(ref=ref).remarks == ""


def test_the_edit_page_of_a_signed_declaration_says_so_and_leads_to_it(browser, world):
    declaration = world.declaration(verified=False)
    response = browser.get(f"/declarations/{declaration.ref}/edit/", follow=True)
    assert response.redirect_chain == [(f"/declarations/{declaration.ref}/", 302)]
    assert f"{declaration.ref} is signed and can't be changed" in unescape(response.content.decode())


def test_a_strangers_edit_page_is_not_there(client, world):
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    client.force_login(make.exporter(world.ministry, "Other Co., Ltd.").user)
    assert client.get(f"/applications/{ref}/edit/").status_code == 404


def test_a_rejected_declaration_begins_with_the_reason(client, world):
    row = world.declaration(verified=False)
    why = "The signature is not that of the end-user."
    declarations.reject(row.ref, seen=make.seen(row.ref), reason=why, by=world.ministry.reviewer)
    client.force_login(world.exporter.user)
    html = unescape(client.get(f"/declarations/{row.ref}/").content.decode())
    assert why in html[: html.index("What the end-user declares")]


def test_a_declaration_that_was_not_rejected_says_nothing_of_it(client, world):
    client.force_login(world.exporter.user)
    page = client.get(f"/declarations/{world.declaration(verified=False).ref}/")
    assert (page.status_code, "Rejected" in page.content.decode()) == (200, False)


def test_a_withdrawal_with_too_long_a_reason_is_refused_with_the_text_kept(browser, world):
    ref, long = world.application(), "Too long " * 223
    response = browser.post(f"/applications/{ref}/withdraw/", {"reason": long})
    assert (response.status_code, Application.objects.get(ref=ref).state) == (422, "draft")
    assert long in unescape(response.content.decode())
    assert browser.get(f"/applications/{ref}/withdraw/").status_code == 200
    assert browser.post(f"/applications/{ref}/withdraw/").status_code == 302
    assert Application.objects.get(ref=ref).state == "withdrawn"


def test_a_draft_keeps_the_goods_codes_of_its_lines(world, client):
    ref = world.application()
    Application.objects.get(ref=ref).lines.update(hs_code="85051110")
    client.force_login(world.exporter.user)
    assert 'value="85051110"' in client.get(f"/applications/{ref}/edit/").content.decode()


@pytest.mark.parametrize(
    ("known", "words"), [({"planned_until"}, "? to 27 Nov 2027"), ({"planned_from"}, "1 Feb 2027 to ?"), (set(), "Not")]
)
def test_a_draft_says_which_of_its_planned_days_is_not_stated(known, words, browser, world):
    days = {"planned_from": date(2027, 2, 1), "planned_until": date(2027, 11, 27)}
    ref = world.application()
    Application.objects.filter(ref=ref).update(**{name: days[name] if name in known else None for name in days})
    html = unescape(browser.get(f"/applications/{ref}/").content.decode())
    planned = html.partition("<dt>Planned</dt>")[2].partition("</dd>")[0]
    assert words in " ".join(re.sub("<.*?>", "", planned).split())
