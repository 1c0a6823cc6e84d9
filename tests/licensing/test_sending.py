"""Who sends declares that it is true: only what stood before his eyes goes out."""

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from config.local import demo
from core.legal_time import legal_today
from licensing.actions import declarations
from licensing.models import Application, ApplicationLine, ControlItem, Declaration


@pytest.fixture
def browser(client, world):
    client.force_login(world.exporter.user)
    return client


def carried(page):
    return re.search(r'name="seen" value="(\d+)"', page.content.decode())[1]


def change(browser, ref, quantity):
    line = ApplicationLine.objects.get(application__ref=ref)
    row = line.application
    facts = {
        "version": row.version,
        "kind": row.kind,
        "contract_no": row.contract_no,
        "contract_on": row.contract_on,
        "planned_from": row.planned_from,
        "planned_until": row.planned_until,
        "purpose": row.purpose,
        "red_flag": row.red_flag,
        "currency": row.currency,
        "trade_mode": row.trade_mode,
        "transport_mode": row.transport_mode,
        "end_users": [user.declaration_id for user in row.end_users.all()],
        "consignees": [party.pk for party in row.consignees.all()],
        "lines-TOTAL_FORMS": 1,
        "lines-INITIAL_FORMS": 1,
        "lines-0-code": line.control_item.code,
        "lines-0-description": line.description,
        "lines-0-quantity": quantity,
        "lines-0-composition": "Dy 3.2",
        **{f"lines-0-{name}": getattr(line, name) for name in ("composition_basis", "specification", "maker")},
        "lines-0-unit_price": line.unit_price,
    }
    assert browser.post(f"/applications/{ref}/edit/", facts).status_code == 302


def test_an_application_is_not_sent_otherwise_than_it_was_seen(browser, world):
    ref = world.application(kilograms=6_000)
    first = carried(browser.get(f"/applications/{ref}/submit/"))
    change(browser, ref, "5000")

    page = browser.post(f"/applications/{ref}/submit/", {"seen": first})
    words = unescape(page.content.decode())
    assert (page.status_code, Application.objects.get(ref=ref).state) == (412, "draft")
    assert "Something happened since you opened this page" in words
    assert "Draft changed" in words and "5,000" in words

    assert browser.post(f"/applications/{ref}/submit/", {"seen": carried(page)}).status_code == 302
    assert Application.objects.get(ref=ref).state == "submitted"


def test_what_is_missing_is_an_error_once_it_was_sent(browser, world):
    ref = world.application()
    Application.objects.get(ref=ref).documents.all().delete()
    address = f"/applications/{ref}/submit/"
    before = browser.get(address)
    after = browser.post(address, {"seen": carried(before)})
    titles = [re.search("<title>(.*?)</title>", page.content.decode(), re.DOTALL)[1] for page in (before, after)]
    assert [title.startswith("Error:") for title in titles] == [False, True]
    lacking = [str(problem.message) for problem in before.context["missing"]]
    said = [message in unescape(page.content.decode()) for message in lacking for page in (before, after)]
    assert lacking and all(said)


def test_a_page_that_carries_nothing_sends_nothing(browser, world):
    ref = world.application()
    assert browser.post(f"/applications/{ref}/submit/").status_code == 412
    assert Application.objects.get(ref=ref).state == "draft"


def test_a_certificate_is_attached_to_the_declaration_that_was_seen(browser, world):
    facts = {name: getattr(world.declaration(), name) for name in declarations.FIELDS}
    item = ControlItem.objects.first()
    row = declarations.draft(by=world.exporter, items=[item], **facts)
    first = carried(browser.get(f"/declarations/{row.ref}/"))
    declarations.change(row.ref, version=1, by=world.exporter, items=[item], **facts | {"product": "Another product"})

    signature = {"signer_name": "J", "signer_post": "Head", "signed_on": legal_today()}
    files = {"certificate": SimpleUploadedFile("c.pdf", demo.pdf("x"), "application/pdf")}
    page = browser.post(f"/declarations/{row.ref}/attach_signed/", signature | files | {"seen": first})
    assert (page.status_code, Declaration.objects.get(ref=row.ref).state) == (412, "draft")
    words = unescape(page.content.decode())
    assert "Another product" in words and "Draft changed" in words

    files = {"certificate": SimpleUploadedFile("c.pdf", demo.pdf("x"), "application/pdf")}
    facts = signature | files | {"seen": carried(page)}
    assert browser.post(f"/declarations/{row.ref}/attach_signed/", facts).status_code == 302
    sent = {"seen": carried(browser.get(f"/declarations/{row.ref}/"))}
    assert browser.post(f"/declarations/{row.ref}/submit/", sent).status_code == 302
    assert Declaration.objects.get(ref=row.ref).state == "submitted"
