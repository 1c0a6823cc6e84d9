"""Bad input in pages: an error summary that names the field, everything typed kept, nothing written."""

import re
from dataclasses import replace
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import Client

from core.access import clock as clock_actor
from core.files import EICAR
from core.legal_time import legal_today
from core.models import ApiKey, Document, Organization, User
from core.templatetags.lodestone import day
from core.web.forms import JoinForm, KeyForm, MemberForm, OfficeForm, OfficerForm
from exporters.models import Exporter, Stop
from exporters.web.forms import ChangeForm, CompanyForm, RestateForm, SignupForm
from licensing.actions import licenses
from licensing.models import Application, ApplicationLine, ControlItem, Declaration, Revocation, Screening, Visit
from licensing.web.forms.applications import LineForm
from licensing.web.forms.companies import BarForm, StopForm
from licensing.web.forms.declarations import CertificateForm, OriginalForm
from licensing.web.forms.licenses import ProposeRevokeForm
from licensing.web.forms.screenings import ResolveForm, ScreenForm
from shipments.models import Shipment
from shipments.web.forms import VisitForm
from tests import make
from tests.make import seen


@pytest.fixture
def browser(client, world):
    client.force_login(world.exporter.user)
    return client


def refused(response, *sentences, status=422):
    assert response.status_code == status
    html = unescape(response.content.decode())
    assert 'class="errsum"' in html
    for sentence in sentences:
        assert sentence in html
    return html


@pytest.mark.parametrize(
    ("model", "forms", "fields"),
    [
        (User, [MemberForm, JoinForm, OfficerForm, SignupForm], {"name": "name", "your_name": "name"}),
        (ApiKey, [KeyForm], {"name": "name"}),
        (
            Organization,
            [OfficeForm, SignupForm, CompanyForm, ChangeForm],
            {"name_en": "name_en", "name_zh": "name_zh"},
        ),
        (
            Exporter,
            [CompanyForm, RestateForm, ChangeForm],
            {name: name for name in ("address", "legal_representative", "main_manager", "handler")},
        ),
        (ControlItem, [LineForm], {"code": "code"}),
        (ApplicationLine, [LineForm], {name: name for name in ("description", "specification", "maker")}),
        (Declaration, [CertificateForm], {"signer_name": "signer_name", "signer_post": "signer_post"}),
        (Declaration, [OriginalForm], {"note": "original_note"}),
        (Revocation, [ProposeRevokeForm], {"provision": "provision"}),
        (Stop, [StopForm, BarForm], {"number": "number", "provision": "provision"}),
        (Screening, [ScreenForm, ResolveForm], {"list_version": "list_version"}),
        (Visit, [VisitForm], {"went": "went"}),
    ],
)
def test_a_form_takes_as_many_characters_as_the_row_holds(model, forms, fields):
    room = {name: model._meta.get_field(held).max_length for name, held in fields.items()}
    taken = [(name, form.base_fields[name].max_length) for form in forms for name in fields if name in form.base_fields]
    assert {name for name, _ in taken} == set(fields)
    assert all(most == room[name] for name, most in taken)


def test_a_wrong_check_character_in_a_credit_code(client, reference):
    answers = {
        "your_name": "Lin Wei",
        "name_en": "Tianhe Magnets",
        "name_zh": "天河磁材",
        "uscc": "91360700MA35LT1X0Z",
        "email": "lin@example.cn",
        "password1": "a-long-enough-secret-7",
        "password2": "a-long-enough-secret-7",
    }
    response = client.post("/accounts/signup/", answers)
    html = response.content.decode()
    assert "This is not a unified social credit code" in html
    assert "天河磁材" in html
    assert "91360700MA35LT1X0Z" in html
    assert (User.objects.filter(email="lin@example.cn").count(), Organization.objects.count()) == (0, 0)


def test_a_new_company_joins_and_confirms_its_mail(client, reference, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    from core.models import Mail

    answers = {
        "your_name": "Lin Wei",
        "name_en": "Tianhe Magnets",
        "name_zh": "天河磁材",
        "uscc": make.credit_code(77),
        "email": "lin@example.cn",
        "password1": "a-long-enough-secret-7",
        "password2": "a-long-enough-secret-7",
    }
    response = client.post("/accounts/signup/", answers, follow=True)
    assert response.status_code == 200
    link = re.search(r"https?://[^/]+(/\S+)", Mail.objects.get().body).group(1)
    client.post(link)
    assert client.login(email="lin@example.cn", password=answers["password1"])
    assert client.get("/").status_code == 200
    assert Exporter.objects.get(uscc=answers["uscc"]).state == "draft"


def lines(**changes):
    row = {"code": "1C905.a.4", "description": "N42SH", "quantity": "1200.500", "hs_code": ""} | changes
    return {f"lines-0-{name}": value for name, value in row.items()} | {
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0",
    }


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"code": "1C999.z"}, "1C999.z is not on the lists loaded here."),
        ({"code": "ANN61-P1"}, "This label is for overseas exporters; choose an official code."),
        ({"quantity": "0"}, "The quantity must be more than zero."),
        ({"quantity": "-5"}, "The quantity must be more than zero."),
        ({"quantity": "1.0001"}, "The unit does not have that many decimal places"),
        ({"quantity": "1,5"}, "Do you mean 1.5 or 1,500?"),
        ({"hs_code": "12"}, "8 or 10 digits."),
    ],
)
def test_goods_that_can_not_be_right(browser, changes, sentence):
    answers = {"kind": "annual", "version": "1", "remarks": "Typed and kept", "contract_no": "K-7"} | lines(**changes)
    html = refused(browser.post("/applications/new/", answers), sentence)
    assert "Typed and kept" in html
    assert "K-7" in html
    assert Application.objects.count() == 0


def test_everything_is_checked_at_once(browser):
    answers = {
        "kind": "annual",
        "version": "1",
        "planned_from": "2027-02-01",
        "planned_until": "2027-01-01",
        "ports": "X",
    }
    refused(
        browser.post("/applications/new/", answers | lines(code="nope", quantity="x")),
        "The end lies before the start.",
        "X is not such a code; write for example CNSHA.",
        "nope is not on the lists loaded here.",
    )


def test_a_stale_form_does_not_overwrite(browser, world):
    ref = world.application()
    Application.objects.filter(ref=ref).update(version=9)
    answers = {"kind": "annual", "version": "1"} | lines()
    response = browser.post(f"/applications/{ref}/edit/", answers)
    assert response.status_code == 412
    assert "Somebody changed this since you opened it." in response.content.decode()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("certificate.pdf", b"<html>not a pdf</html>", "This is not a PDF."),
        ("certificate.pdf", EICAR, "A virus scanner would stop this file"),
        ("certificate.pdf", b"%PDF-1.4\n" + EICAR + b"\n%%EOF", "A virus scanner would stop this file"),
        ("certificate.pdf", b"%PDF-1.4\n", "This is not a PDF."),
        ("certificate.pdf", b"%PDF-1.4\n%%EOF" + b"x" * 4096, "This is not a PDF."),
        ("certificate.pdf.html", b"%PDF-1.4\n%%EOF", "Give the file a plain name that ends in .pdf."),
        ("x" * 197 + ".pdf", b"%PDF-1.4\n%%EOF", "Give the file a plain name that ends in .pdf."),
        ("certificate.svg", b"%PDF-1.4\n%%EOF", "Give the file a plain name that ends in .pdf."),
        ("certificate.pdf", b"%PDF-" + b"x" * (10 * 1024 * 1024 + 1), "The file is larger than 10 MB."),
    ],
)
def test_an_upload_that_is_no_pdf(browser, world, name, content, sentence):
    from config.local import demo

    party = demo.party(world.exporter, "End-user", "DE", "Motors")
    signed = demo.declaration(world.exporter, party, ["1C905.a.4"], "CIV_AUTO", "motors")
    before = Document.objects.count()
    from licensing.actions import declarations

    facts = {name_: getattr(signed, name_) for name_ in declarations.FIELDS}
    row = declarations.draft(by=world.exporter, items=[], **facts)
    answers = {
        "certificate": SimpleUploadedFile(name, content, "application/pdf"),
        "signer_name": "J. Brandt",
        "signer_post": "Buyer",
        "signed_on": legal_today().isoformat(),
        "seen": seen(row.ref),
    }
    html = refused(browser.post(f"/declarations/{row.ref}/attach_signed/", answers), sentence)
    assert "J. Brandt" in html
    row.refresh_from_db()
    assert (row.state, Document.objects.count()) == ("draft", before)


def shipment_answers(world, license, **changes):
    body = world.body(license)
    return {
        "license": license.ref,
        "key": "k1",
        "client_reference": "PO-1",
        "end_user": body["end_user"],
        "consignee": body["consignee"],
        "port": "CNSHA",
        "planned_on": body["planned_on"],
        "quantity_1": "10.000",
    } | changes


def test_a_shipment_form_sent_twice_reserves_once(browser, world, license):
    answers = shipment_answers(world, license)
    first, second = (browser.post("/shipments/new/", answers) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    assert Shipment.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"quantity_1": "100.001"}, 409, "At most 100 kg."),
        ({"quantity_1": "0"}, 422, "Say how much is shipped."),
        ({"quantity_1": "1.23456"}, 422, "The unit does not have that many decimal places"),
        ({"end_user": "PTY-000000000"}, 422, "is not one of the available choices"),
        ({"planned_on": "2020-01-01"}, 422, "The planned day is today or up to 90 days ahead"),
    ],
)
def test_a_shipment_that_is_refused_keeps_what_was_typed(browser, world, license, changes, status, sentence):
    answer = browser.post("/shipments/new/", shipment_answers(world, license, **changes))
    html = refused(answer, sentence, status=status)
    assert 'value="PO-1"' in html
    assert Shipment.objects.count() == 0


@pytest.mark.parametrize(("how", "status"), [("suspended", 409), ("expired", 422)])
def test_an_ended_or_suspended_license_is_not_offered_and_keeps_what_was_typed(
    browser, world, license, clock, how, status
):
    answers = shipment_answers(world, license)
    if how == "suspended":
        licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    else:
        clock.shift(days=400)
        licenses.expire(license.pk, by=clock_actor())
    assert f"?license={license.ref}" not in browser.get("/shipments/new/").content.decode()
    html = refused(browser.post("/shipments/new/", answers), status=status)
    assert 'value="PO-1"' in html
    assert Shipment.objects.count() == 0


def test_a_suspended_license_says_since_when_why_and_when_it_can_be_used_again(browser, world, license):
    reserved = world.shipment(license, 1_000)
    assert "Record shipment" in browser.get("/").content.decode()
    answers = shipment_answers(world, license)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    since = day(license.suspensions.get().opened_at)
    for response in (
        browser.get("/shipments/new/"),
        browser.get(f"/shipments/new/?license={license.ref}"),
        browser.post("/shipments/new/", answers),
    ):
        html = " ".join(unescape(response.content.decode()).split())
        assert f'href="/licenses/{license.ref}/"' in html
        assert f"is suspended since {since}, because: Inspection" in html
        assert "It can be used again when this cause has ended." in html
    assert "Record shipment" not in browser.get("/").content.decode()
    for path in (f"/licenses/{license.ref}/", f"/shipments/{reserved.ref}/"):
        html = " ".join(browser.get(path).content.decode().split())
        assert "What was declared to customs already is cleared as usual." in html or path.startswith("/shipments/")
    assert "Do not declare it to customs now." in html


def test_a_strangers_reference_is_not_there(browser, world):
    other = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    license, ref = other.license(kilograms=100), other.application()
    for path in (
        f"/licenses/{license.ref}/",
        f"/applications/{ref}/",
        f"/parties/{license.end_users.get().party.ref}/",
        f"/declarations/{license.end_users.get().declaration.ref}/",
        f"/documents/{license.end_users.get().declaration.certificate_id}/",
    ):
        assert browser.get(path).status_code == 404, path


def test_an_officer_who_recommended_meets_403_on_deciding(client, world):
    both = world.ministry.other_decider
    ref = replace(world, ministry=replace(world.ministry, reviewer=both)).under_review(world.application())
    client.force_login(both.user)
    answers = {"outcome": "approve", "months": "12", "quantity_1": "60000.000"}
    answers["end_users"] = Application.objects.get(ref=ref).end_users.get().pk
    assert client.post(f"/desk/cases/{ref}/recommend/", answers | {"seen": seen(ref)}).status_code == 302
    assert client.post(f"/desk/cases/{ref}/approve/", {"seen": seen(ref)}).status_code == 403
    assert Application.objects.get(ref=ref).state == "awaiting_decision"


def test_a_form_without_its_csrf_token_keeps_the_typed_text(world):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.exporter.user)
    response = strict.post("/applications/new/", {"remarks": "Five hundred typed characters"})
    assert response.status_code == 403
    html = response.content.decode()
    assert "Five hundred typed characters" in html


def test_too_many_fields_are_refused(browser):
    response = browser.post("/applications/new/", {f"field{n}": "x" for n in range(2_000)})
    assert response.status_code == 400


LISTS = [
    ("exporter", "/applications/"),
    ("exporter", "/licenses/"),
    ("exporter", "/shipments/"),
    ("exporter", "/parties/"),
    ("exporter", "/declarations/"),
    ("exporter", "/"),
    ("decider", "/desk/?view=decided"),
    ("decider", "/desk/licenses/"),
    ("decider", "/desk/declarations/"),
    ("decider", "/desk/exporters/"),
    ("key", "/api/v1/licenses/"),
    ("key", "/api/v1/shipments/"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("who", "path"), LISTS)
def test_lists_ask_the_same_number_of_queries_for_one_row_and_three(who, path, world, client):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    headers = {}
    if who == "key":
        headers["HTTP_AUTHORIZATION"] = f"Bearer {make.key(world.exporter, *make.EXPORTER_SCOPES)}"
    else:
        client.force_login((world.exporter if who == "exporter" else world.ministry.decider).user)
    counts = []
    for more in (1, 2):
        for _ in range(more):
            world.shipment(world.license(kilograms=100), 1_000)
        client.get(path, **headers)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path, **headers).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("path", "kind"), [("/applications/", "text/html"), ("/api/v1/licenses/", "application/problem")]
)
def test_a_database_that_is_away_is_503_with_retry_after(path, kind, world, client, monkeypatch):
    client.force_login(world.exporter.user)
    client.raise_request_exception = False

    def gone(self, *args, **kwargs):
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as away:
        away.setattr(DatabaseWrapper, "create_cursor", gone)
        response = client.get(path)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert response.headers["Content-Type"].startswith(kind)


def test_officers_see_papers_of_what_they_see_and_of_nothing_else(client, world):
    ref = world.application()
    paper = Application.objects.get(ref=ref).documents.first().document_id
    client.force_login(world.ministry.reviewer.user)
    assert client.get(f"/documents/{paper}/").status_code == 404
    from licensing.actions import applications

    applications.submit(ref, seen=seen(ref), by=world.exporter)
    response = client.get(f"/documents/{paper}/")
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == f'attachment; filename="document-{paper}.pdf"'


def test_a_file_that_was_handed_in_may_do_nothing(browser, world):
    paper = Application.objects.get(ref=world.application()).documents.first().document_id
    policy = browser.get(f"/documents/{paper}/").headers["Content-Security-Policy"]
    assert policy == "sandbox; default-src 'none'"


def test_markup_in_a_description_is_shown_and_never_becomes_markup(browser, world, license):
    evil = '<svg onload=alert(1)><button formaction="/x">'
    license.lines.update(description=evil)
    for path in (f"/shipments/new/?license={license.ref}", f"/licenses/{license.ref}/", "/"):
        html = browser.get(path).content.decode()
        assert evil not in html, path
        assert "&lt;svg onload" in html, path


def test_somebody_whose_membership_ended_is_told_so(client, world):
    from core.models import Membership

    client.force_login(world.exporter.user)
    Membership.objects.filter(user=world.exporter.user).update(ended_at="2026-01-01T00:00:00Z")
    response = client.get("/")
    assert response.status_code == 403
    assert "belongs to no organization any more" in response.content.decode()


@pytest.mark.parametrize("path", ["/licenses/%00/", "/shipments/?state=%00", "/control-list/?q=%00"])
def test_a_nul_in_an_address_is_refused(browser, path):
    assert browser.get(path).status_code == 400


def test_a_declaration_that_only_drafts_rely_on_says_so_to_officers(client, world):
    row = world.declaration(verified=False)
    world.application(by_whom=[row])
    client.force_login(world.ministry.reviewer.user)
    html = client.get(f"/desk/declarations/{row.ref}/").content.decode()
    assert "AP-" not in html
    assert "No case relies on it yet." in html
