"""The counter: an officer of customs without a program finds what has a number, and says what a message says."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.local import demo
from core.access import clock as by_clock
from core.legal_time import LEGAL_ZONE, legal_now, legal_today, on_the_wire
from core.models import Delivery, HistoryLine, Membership, Paper, Role
from core.papers import make_due
from licensing import books
from licensing import selectors as licensing
from licensing.actions import licenses, verdicts
from licensing.models import Application, License, Suspension
from licensing.models.balances import LicenseLine, Movement
from licensing.papers import checker, proof
from shipments.actions import ClearedLine, cancel, lapse, officers, receive, reports
from shipments.models import (
    CustomsDeclaration,
    CustomsMessage,
    Incident,
    Resolution,
    Return,
    Shipment,
    ShipmentLine,
)
from shipments.web.customs import AtTheCounter, WithPapers
from tests import make
from tests.licensing.test_amendments import replaced
from tests.licensing.test_verdicts import ban
from tests.make import seen

KG = 1000
DECLARED = "530120260123456789"


@pytest.fixture
def officer(request, world):
    """Who comes when what the test asks for stands there (in which others' tests are like it)."""
    for name in {"license", "shipment"} & set(request.fixturenames):
        request.getfixturevalue(name)
    return demo.person("port", "Pan Hai", world.customs.organization, Role.CUSTOMS)


@pytest.fixture
def browser(client, officer):
    client.force_login(officer.user)
    return client


@pytest.fixture
def license(world):
    return world.license(kilograms=1_000)


@pytest.fixture
def shipment(world, license):
    return world.shipment(license, 400 * KG)


def local(at):
    return f"{at.astimezone(LEGAL_ZONE):%Y-%m-%dT%H:%M:%S}"


def text(response):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def carried(browser, shipment, verb):
    """What the page's form of this verb has in it, unseen and prefilled."""
    return filled(browser.get(reverse("customs.shipment", args=[shipment.ref])), verb)


def filled(response, verb):
    html = response.content.decode()
    form = re.search(rf'action="[^"]*/{verb}/".*?</form>', html, re.DOTALL)[0]
    inputs = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]*>", form)]
    return {one["name"]: one.get("value", "") for one in inputs if one["type"] != "radio"}


def send(browser, shipment, verb, data):
    return browser.post(reverse(f"shipment.{verb}", args=[shipment.ref]), data, follow=True)


def say(browser, shipment, verb, **typed):
    """The form as the page has it, with what was typed into it."""
    data = carried(browser, shipment, verb) | {"declaration_no": DECLARED}
    data |= {"final": "true"} if verb == "clear" else {}
    return send(browser, shipment, verb, data | typed)


def plain(found):
    """Without what names this one of two alike."""
    return {name: value for name, value in found.items() if name not in ("message_id", "declaration_no", "shipment")}


def booked(shipment):
    """Every row that a message leaves."""
    of_it, of_license = {"shipment": shipment.pk}, {"license": shipment.license_id}
    messages = CustomsMessage.objects.filter(**of_it)
    lines = HistoryLine.objects.order_by("seq")
    told = lines.filter(subject_kind="shipment", subject_id=shipment.pk)
    rows = [
        (Shipment.objects.filter(pk=shipment.pk), "state declared_at cleared_at counted report_due_on"),
        (ShipmentLine.objects.filter(**of_it), "line_number quantity held drawn released over_cleared added"),
        (License.objects.filter(pk=shipment.license_id), "state"),
        (LicenseLine.objects.filter(**of_license), "reserved drawn lapsed over_cleared open chain_seq"),
        (
            Movement.objects.filter(license_id=shipment.license_id).order_by("pk"),
            "line_number kind account quantity available_after",
        ),
        (Suspension.objects.filter(**of_license), "cause"),
        (lines.filter(subject_kind="license", subject_id=shipment.license_id), "verb from_state to_state"),
        (told, "verb from_state to_state reason"),
        (Delivery.objects.filter(line__in=told), "consumer to"),
        (messages, "source event status"),
        (Resolution.objects.filter(message__in=messages), "quantity drawn over_cleared"),
        (CustomsDeclaration.objects.filter(**of_it), "declared_at lawful"),
        (Incident.objects.filter(**of_it).order_by("pk"), "kind handling__ended_at"),
    ]
    found = [(query.model.__name__, list(query.values_list(*names.split()))) for query, names in rows]
    return [*found, [plain(one.facts) for one in told], [plain(one.body) for one in messages]]


AT = timedelta(minutes=-2)
SAID = {
    "declared": ("declare", {}, {}),
    "questioned": ("question", {"reason": "Are these magnets?"}, {"reason": "Are these magnets?"}),
    "rejected": ("reject", {"reason": "Not allowed"}, {"reason": "Not allowed"}),
    "rejected without a reason": ("reject", {}, {}),
    "cleared, less": ("clear", {"quantity_1": "396.5"}, {"final": True, "quantity": "396.500"}),
    "cleared, a part": ("clear", {"quantity_1": "100", "final": "false"}, {"final": False, "quantity": "100.000"}),
    "cleared, more": ("clear", {"quantity_1": "1,500"}, {"final": True, "quantity": "1500.000"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("before", ["reserved", "declared", "cancelled", "suspended"])
def test_a_form_leaves_what_a_message_leaves(said, before, browser, world):
    verb, typed, sent = SAID[said]
    one, other = (world.shipment(world.license(kilograms=1_000), 400 * KG) for _ in range(2))
    key = make.key(world.customs, "customs:confirm")
    at = (legal_now() + AT).replace(microsecond=0)
    for shipment in (one, other):
        if before == "declared":
            receive(world.message(shipment.ref, "declared", declared_at=at), by=world.customs)
        if before == "cancelled":
            cancel(shipment.ref, by=world.exporter)
        if before == "suspended":
            ref = shipment.license.ref
            licenses.suspend(ref, seen=make.seen(ref), reason="Inspection", by=world.ministry.decider)
            Suspension.objects.update(opened_at=at - timedelta(hours=1))
    body = {
        "message_id": "GAC-1",
        "event": said.partition(",")[0].partition(" ")[0],
        "shipment": other.ref,
        "declaration_no": "530120260000000002",
        "declared_at": on_the_wire(at),
        **({"reason": sent["reason"]} if "reason" in sent else {}),
    }
    if verb == "clear":
        lines = [{"license_line": 1, "quantity": sent["quantity"], "unit": "kg"}]
        body |= {"cleared_at": on_the_wire(at), "final": sent["final"], "lines": lines}
    said_by_program = browser.post(
        "/api/v1/customs/messages/", json.dumps(body), "application/json", HTTP_AUTHORIZATION=f"Bearer {key}"
    )
    assert said_by_program.status_code == 200
    when = {"declared_at": local(at)} | ({"cleared_at": local(at)} if verb == "clear" else {})
    response = say(browser, one, verb, **when, **typed)
    if response.status_code == 409:  # told what is unusual
        response = send(browser, one, verb, filled(response, verb) | {"final": "true"} | typed)
    assert response.status_code == 200
    assert booked(one) == booked(other)
    assert books.drift() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "typed",
    [
        "{ref}",
        " {lower} ",
        "{ref} ",
        "{spaced}",
        "{bare}",
        "{letter_o}",
        "{compact}",
        "EL {bare}",
        "{wide}",
        "EL–{bare}",
        "https://lodestone.example/v/{ref}/{spoken}/",
        " HTTPS://LODESTONE.EXAMPLE/V/{spaced}/{code}/#{token} ",
        "lodestone.example/v/{lower}",
        "{ref}/1",
        "{lower} / 12",
        "{wide}／1",
        "{code}",
        "{spoken}",
    ],
)
def test_a_scanner_leads_straight_to_the_license(typed, browser, world):
    license = zero(world.license(kilograms=100))
    bare = license.ref.removeprefix("EL-")
    assert "0" in bare
    forms = {
        "ref": license.ref,
        "lower": license.ref.lower(),
        "spaced": f"EL-{bare[:4]} {bare[4:]}",
        "bare": bare,
        "letter_o": license.ref.replace("0", "O"),
        "token": "eyJhbGciOiJFZDI1NTE5In0." * 40,
        "wide": "".join(chr(ord(one) + 0xFEE0) for one in license.ref),  # as a Chinese input method types it
        "code": license.verify_code,
        "spoken": proof.spoken(license.verify_code).lower(),
        "compact": f"el{bare.lower().replace('0', 'o')}",
    }
    response = browser.get("/customs/", {"number": typed.format(**forms)})
    assert (response.status_code, response.url) == (302, f"/customs/licenses/{license.ref}/")


@pytest.mark.parametrize("typed", ["{ref}/1-{mark}", "{code}", "{spoken}", "https://x.example/v/{ref}/{code}/"])
def test_an_extract_leads_to_the_license_and_says_whose_part_it_is(typed, browser, world):
    license = world.license(kilograms=100, users=2)
    first, second = license.end_users.order_by("pk")
    code = second.verify_code
    typed = typed.format(ref=license.ref, code=code, mark=code[:5], spoken=proof.spoken(code).lower())
    response = browser.get("/customs/", {"number": typed})
    assert response.url == f"/customs/licenses/{license.ref}/?end_user={second.party.ref}"
    page = text(browser.get(response.url))
    assert f"This paper is an extract: the part of {second.party.name}, Germany." in page
    assert f"{second.party.name}, Germany This extract" in page and code not in page
    assert "extract" not in text(browser.get(f"/customs/licenses/{license.ref}/?end_user=x"))


@pytest.mark.parametrize("typed", ["{ref}/1-2F4K2", "https://x.example/v/{ref}/2F4K2-M1R7Q/"])
def test_a_code_of_no_paper_of_the_license_is_told(typed, browser, world):
    license = world.license(kilograms=100)
    page = browser.get("/customs/", {"number": typed.format(ref=license.ref)}, follow=True)
    assert page.redirect_chain == [(f"/customs/licenses/{license.ref}/?end_user=%3F", 302)]
    assert "The code is not one of this license." in text(page)
    assert "not one of this" not in text(browser.get(f"/customs/licenses/{license.ref}/"))


def zero(license):
    """The license under a number with a zero in it, which a scanner or a person may take for an O."""
    while "0" not in (ref := make.unknown(License.PREFIX)):
        pass
    License.objects.filter(pk=license.pk).update(ref=ref)
    license.refresh_from_db()
    return license


def test_a_number_leads_to_a_shipment(browser, shipment):
    for typed in (shipment.ref, shipment.ref.removeprefix("SH-").lower()):
        assert browser.get("/customs/", {"number": typed}).url == f"/customs/shipments/{shipment.ref}/"


def test_the_field_has_the_focus_and_nothing_else_is_offered(browser, db):
    response = browser.get("/", follow=True)
    assert response.redirect_chain == [("/customs/", 302)]
    html = response.content.decode()
    assert html.count("autofocus") == 1
    assert re.search(r'<input[^>]*name="number"[^>]*autofocus', html)


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ("{unknown}", 404, "Nothing has this number."),
        ("EL-123", 422, "That is no such number"),
        ("", 422, "This field is required."),
        ("<b>x</b>", 422, "That is no such number"),
        ("ＥＬ-７", 422, "That is no such number"),
        ("2F4K2-M1R7Q", 404, "No license has this code."),
        ("{unknown}/1", 404, "Nothing has this number."),
        ("2F4K2-M1R7Q/1", 422, "That is no such number"),
        ("EL-1/x", 422, "That is no such number"),
    ],
)
def test_a_number_of_nothing_is_told_and_kept(typed, status, said, browser, world):
    typed = typed.format(unknown=make.unknown())
    response = browser.get("/customs/", {"number": typed})
    assert (response.status_code, said in text(response)) == (status, True)
    assert response.context["form"]["number"].value() == typed


def test_a_number_with_a_wrong_check_character_is_no_number(browser, world):
    ref = world.license(kilograms=100).ref
    wrong = ref[:-1] + ("2" if ref[-1] != "2" else "3")
    assert browser.get("/customs/", {"number": wrong}).status_code == 422


def test_a_license_at_the_counter_shows_lines_and_balance_and_nothing_of_the_case(browser, world, license, shipment):
    world.clear(shipment.ref, 100 * KG, final=False)
    page = text(browser.get(f"/customs/licenses/{license.ref}/"))
    for said in (
        "1,000 kg",
        "300 kg",
        "100 kg",
        "600 kg",
        "The license can be used now.",
        shipment.ref,
        "Germany",
        "CNSHA",
    ):
        assert said in page, said
    assert str(license.end_users.get().party.name) in page
    assert str(license.consignees.get().name) in page
    case = license.application
    for hidden in (case.ref, shipment.client_reference, license.verify_code, license.edition):
        assert hidden not in page


def test_what_the_goods_are_made_of_by_whom_and_where_stands_beside_each_line(browser, world):
    """Of a case whose first line was not granted: the license has the second as its first."""
    ref = world.asked_apart()
    case = Application.objects.get(ref=ref)
    case.lines.filter(number=1).update(specification="Another", hs_code="8505119000")
    case.lines.filter(number=2).update(
        specification="N42SH-40", maker="Ordos Works", origin_id="CN", hs_code="8505111000"
    )
    japanese = case.end_users.order_by("pk")[1].pk
    license = demo.issued(
        world.exporter, ref, world.ministry, [], quantities_={1: 0}, text="Less.", end_users=[japanese]
    )
    LicenseLine.objects.filter(license=license).update(composition={"Dy": "0.032"})
    shipment = world.shipment(license, KG)
    for path in (f"/customs/licenses/{license.ref}/", f"/customs/shipments/{shipment.ref}/"):
        page = text(browser.get(path))
        said = re.search(r"At most Dy 3\.2 % · .*Model: N42SH-40 · Maker: Ordos Works · Origin: China", page)
        assert said and "Another" not in page, path
        assert "Customs goods code in the application: 8505111000" in page and "8505119000" not in page, path
        assert "Customs goods codes that begin with 85051110" in page, path
    browser.force_login(world.exporter.user)
    page = text(browser.get(f"/licenses/{license.ref}/"))
    assert "Customs goods code 8505111000 Customs goods codes that begin with 85051110" in page


def test_the_next_step_of_the_counter_is_said(browser, world, license, shipment):
    page = text(browser.get(f"/customs/licenses/{license.ref}/"))
    assert "Open the shipment that its declaration names" in page
    assert "The next step is open below" in text(browser.get(f"/customs/shipments/{shipment.ref}/"))
    world.clear(shipment.ref, 300 * KG)
    assert "Nothing more is expected of customs." in text(browser.get(f"/customs/shipments/{shipment.ref}/"))
    page = text(browser.get(f"/customs/licenses/{license.ref}/"))
    assert "The exporter reserves a shipment first" in page


def test_at_the_counter_goods_of_a_suspended_license_may_not_be_declared(browser, world, license, shipment):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Diversion.", by=world.ministry.decider)
    page = text(browser.get(f"/customs/shipments/{shipment.ref}/"))
    assert "The goods may not be declared now." in page and "The next step is open below" not in page


SENTENCES = {
    "next": "The next step is open below: compare the papers, then record it.",
    "not now": "The goods may not be declared now.",
    "gone": "Its reservation is gone, so the goods may not be declared now.",
    "misfit": "Its declaration is recorded, though it does not fit.",
    "nothing": "Nothing more is expected of customs.",
}


def sentences(response):
    """Which of them the page says, and which steps are open."""
    opened = re.findall(r'<details class="fold" open>.*?action="[^"]*/(\w+)/"', response.content.decode(), re.DOTALL)
    return [name for name, words in SENTENCES.items() if words in text(response)], opened


def suspend(world, license):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Diversion.", by=world.ministry.decider)


def test_what_was_declared_though_it_might_not_be_is_not_to_be_declared_again(browser, world, license, shipment):
    path = f"/customs/shipments/{shipment.ref}/"
    suspend(world, license)
    receive(world.message(shipment.ref, "declared"), by=world.customs)
    assert sentences(browser.get(path)) == (["misfit"], ["clear"])
    world.clear(shipment.ref, 100 * KG, final=False)
    assert sentences(browser.get(path)) == (["misfit"], ["clear"])


def test_what_was_declared_before_a_suspension_is_cleared_next(browser, world, license, shipment):
    receive(world.message(shipment.ref, "declared"), by=world.customs)
    suspend(world, license)
    assert sentences(browser.get(f"/customs/shipments/{shipment.ref}/")) == (["next"], ["clear"])


def test_what_is_not_reserved_any_more_may_not_be_declared(browser, world, license, shipment, clock):
    late = world.shipment(license, KG)
    cancel(shipment.ref, by=world.exporter)
    assert sentences(browser.get(f"/customs/shipments/{shipment.ref}/")) == (["gone"], ["declare"])
    days = (late.reserved_until - legal_today()).days
    clock.shift(days=days)
    assert sentences(browser.get(f"/customs/shipments/{late.ref}/")) == (["next"], ["declare"])
    clock.shift(days=days + 1)
    assert sentences(browser.get(f"/customs/shipments/{late.ref}/")) == (["gone"], ["declare"])
    lapse(late.pk, by=by_clock())
    assert sentences(browser.get(f"/customs/shipments/{late.ref}/")) == (["gone"], ["declare"])


def test_a_correction_that_failed_expects_nothing_more_of_customs(browser, shipment):
    say(browser, shipment, "clear", quantity_1="400")
    response = say(browser, shipment, "correct", quantity_1="much", reason="Mistyped")
    assert (response.status_code, sentences(response)) == (422, (["nothing"], ["correct"]))


def test_a_license_at_the_counter_has_its_conditions_and_how_many_clearances_are_taken(browser, world):
    license = world.license(kilograms=1_000)
    License.objects.filter(pk=license.pk).update(max_clearances=3)
    first, _second = (world.shipment(license, 100 * KG) for _ in range(2))
    world.clear(first.ref, 100 * KG)
    page = text(browser.get(f"/customs/licenses/{license.ref}/"))
    assert "2 of 3 clearances taken, 1 of them cleared" in page
    beside = text(browser.get(f"/customs/shipments/{first.ref}/"))
    assert license.conditions.exists()
    assert all(str(one) in page and str(one) in beside for one in license.conditions.all())


def test_a_license_that_is_stopped_says_by_what_cause_and_for_whom_and_not_in_whose_words(browser, world, license):
    path, by = f"/customs/licenses/{license.ref}/", world.ministry.decider
    assert "Why it is stopped" not in text(browser.get(path))
    licenses.suspend(license.ref, seen=make.seen(license.ref), reason="A hidden reason", by=by)
    Suspension.objects.update(end_user=license.end_users.get())
    page = text(browser.get(path))
    name = license.end_users.get().party.name
    assert re.search(rf"Why it is stopped, .* Enforcement , since .* Closed for {name} alone\.", page)
    assert "A hidden reason" not in page


def test_customs_opens_the_certificate_of_a_license_and_its_credential_and_no_letter(browser, world, license):
    make_due()
    [paper] = licensing.certificates_of(license)
    page = browser.get(f"/customs/licenses/{license.ref}/").content.decode()
    addresses = [f"/documents/{paper.document_id}/", f"/documents/{paper.document_id}/credential/"]
    assert all(f'href="{path}"' in page for path in (*addresses, "/.well-known/jwks.json", "/verify.py"))
    assert checker.SHA256 in page
    name = paper.document.name.removesuffix(".pdf")
    assert f"python3 verify.py {name}.jws jwks.json {name}.pdf</code>" in page
    assert [browser.get(path).status_code for path in addresses] == [200, 200]
    others = Paper.objects.exclude(kind="certificate")
    assert others.exists()
    assert {browser.get(f"/documents/{one.document_id}/").status_code for one in others} == {404}


def test_a_page_at_the_counter_has_of_a_license_what_it_shows(browser, license, shipment):
    paths = {f"/customs/licenses/{license.ref}/": WithPapers, f"/customs/shipments/{shipment.ref}/": AtTheCounter}
    assert {path: type(browser.get(path).context["license"]) for path in paths} == paths


def test_whose_it_is_stands_beside_what_is_compared_in_both_scripts(browser, world, license, shipment):
    names = {"name_en": "Ordos Magnets Co.", "name_zh": "鄂尔多斯磁材公司"}
    make.renamed(world.exporter, world.ministry, **names)
    for path in (f"/customs/licenses/{license.ref}/", f"/customs/shipments/{shipment.ref}/"):
        papers = text(browser.get(path)).partition("Compare with the papers")[2]
        assert "Exporter Ordos Magnets Co. 鄂尔多斯磁材公司" in papers, path


def test_only_open_shipments_stand_on_the_license(browser, world, license, shipment):
    gone = world.shipment(license, KG)
    world.clear(gone.ref, KG)
    page = text(browser.get(f"/customs/licenses/{license.ref}/"))
    assert (shipment.ref in page, gone.ref in page) == (True, False)


def test_a_license_that_can_not_be_used_says_so(browser, world, license):
    licenses.suspend(license.ref, seen=make.seen(license.ref), reason="A hidden reason", by=world.ministry.decider)
    page = text(browser.get(f"/customs/licenses/{license.ref}/"))
    assert "The license can’t be used now." in page
    assert "A hidden reason" not in page


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (1, 9, "The license can’t be used yet."),
        (0, 0, "The license can be used now."),
        (-9, -1, "The last day of the license is over."),
    ],
    ids=["early", "now", "over"],
)
def test_the_page_of_a_license_says_whether_its_days_have_come_or_are_over(first, last, said, browser, license):
    days = {"usable_from": legal_today() + timedelta(first), "usable_until": legal_today() + timedelta(last)}
    License.objects.filter(pk=license.pk).update(**days)
    assert said in text(browser.get(f"/customs/licenses/{license.ref}/"))


def test_what_was_declared_before_a_suspension_is_cleared_as_usual_and_the_page_says_so(browser, world, license):
    declared, reserved = (world.shipment(license, KG) for _ in range(2))
    say(browser, declared, "declare")
    licenses.suspend(license.ref, seen=make.seen(license.ref), reason="Inquiry", by=world.ministry.decider)
    pages = {one: text(browser.get(f"/customs/shipments/{one.ref}/")) for one in (declared, reserved)}
    usual = "This shipment was declared while it could be used: what crosses is cleared as usual."
    assert [usual in page for page in pages.values()] == [True, False]
    assert text(browser.get(f"/customs/licenses/{license.ref}/")).count("On hold now") == 1
    receive(world.message(reserved.ref, "declared"), by=world.customs)  # too late: an incident is open
    assert usual not in text(browser.get(f"/customs/shipments/{reserved.ref}/"))


def test_what_crossed_under_anothers_number_is_not_called_declared_in_time(browser, world, license, shipment):
    other = world.shipment(license, KG)
    receive(world.message(other.ref, "declared", declaration_no=DECLARED), by=world.customs)
    world.clear(shipment.ref, KG, final=False, declaration_no=DECLARED)
    licenses.suspend(license.ref, seen=make.seen(license.ref), reason="Inquiry", by=world.ministry.decider)
    page = text(browser.get(f"/customs/shipments/{shipment.ref}/"))
    assert ("can’t be used now" in page, "cleared as usual" in page) == (True, False)


def test_what_the_rules_forbade_is_not_called_cleared_as_usual(browser, world, license, shipment):
    say(browser, shipment, "declare")
    about = {"shipment": shipment, "message_id": "GAC-1", "text": "", "opened_at": legal_now()}
    Incident.objects.create(ref=make.unique("INC-"), kind="rules_forbade", **about)
    licenses.suspend(license.ref, seen=make.seen(license.ref), reason="Inquiry", by=world.ministry.decider)
    page = text(browser.get(f"/customs/shipments/{shipment.ref}/"))
    assert ("can’t be used now" in page, "cleared as usual" in page) == (True, False)


def test_a_shipment_at_the_counter_has_the_quantities_that_are_reserved(browser, world, shipment):
    world.clear(shipment.ref, 100 * KG, final=False)
    response = browser.get(f"/customs/shipments/{shipment.ref}/")
    assert filled(response, "clear")["quantity_1"] == "300.000"
    assert shipment.client_reference not in text(response)


@pytest.mark.parametrize(
    ("before", "first"), [("", "declare"), ("declared", "clear"), ("questioned", "clear"), ("cleared", "")]
)
def test_what_comes_next_stands_open(before, first, browser, world, shipment):
    if before:
        more = {"grams": KG} if before == "cleared" else {"reason": "Why?"} if before == "questioned" else {}
        receive(world.message(shipment.ref, before, **more), by=world.customs)
    html = browser.get(f"/customs/shipments/{shipment.ref}/").content.decode()
    opened = re.findall(r'<details class="fold" open>.*?action="[^"]*/(\w+)/"', html, re.DOTALL)
    assert opened == ([first] if first else [])


def test_the_page_says_what_was_booked(browser, world, shipment):
    page = text(say(browser, shipment, "clear", quantity_1="396.5"))
    assert "Recorded. The shipment is now: Cleared. Line 1: 396.5 kg drawn, 3.5 kg released." in page


def test_a_number_that_was_mistyped_is_followed_by_the_right_one(browser, client, world, shipment):
    wrong, right = "530120260000000911", DECLARED
    say(browser, shipment, "declare", declaration_no=wrong)
    response = send(browser, shipment, "declare", carried(browser, shipment, "declare") | {"declaration_no": right})
    send(browser, shipment, "declare", filled(response, "declare"))
    page = browser.get(reverse("customs.shipment", args=[shipment.ref]))
    assert wrong in text(page) and right in text(page)
    assert filled(page, "clear")["declaration_no"] == right
    client.force_login(world.exporter.user)
    assert right in text(client.get(f"/shipments/{shipment.ref}/"))


def test_sent_twice_a_form_is_one_message_and_says_the_same(browser, world, shipment):
    data = carried(browser, shipment, "clear") | {"declaration_no": DECLARED, "final": "false", "quantity_1": "100"}
    answers = [text(send(browser, shipment, "clear", data)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert CustomsMessage.objects.count() == 1
    assert ShipmentLine.objects.get(shipment=shipment).drawn == 100 * KG


def test_the_same_said_on_a_page_of_its_own_is_another_message(browser, world, shipment):
    for _ in range(2):
        say(browser, shipment, "clear", quantity_1="100", final="false")
    assert ShipmentLine.objects.get(shipment=shipment).drawn == 200 * KG


def test_a_message_of_a_page_is_no_programs(browser, world, shipment):
    say(browser, shipment, "declare")
    message = CustomsMessage.objects.get()
    assert re.fullmatch(r"page:[0-9a-f]{40}", message.message_id)
    assert message.source == world.customs.organization


def test_a_program_corrects_what_was_cleared_on_a_page(browser, world, shipment):
    say(browser, shipment, "clear", quantity_1="400")
    corrects = CustomsMessage.objects.get().message_id
    receive(
        world.message(
            shipment.ref,
            "corrected",
            0,
            corrects=corrects,
            reason="Weighed again",
            lines=[ClearedLine(1, 399 * KG, "kg")],
        ),
        by=world.customs,
    )
    assert ShipmentLine.objects.get(shipment=shipment).drawn == 399 * KG


def chosen(browser, shipment, nth=0):
    html = browser.get(reverse("customs.shipment", args=[shipment.ref])).content.decode()
    form = re.search(r'action="[^"]*/correct/".*?</form>', html, re.DOTALL)[0]
    return re.findall(r'type="radio" name="corrects" value="(\d+)"', form)[nth]


def test_what_was_typed_wrong_is_corrected_as_a_program_corrects_it(browser, world, license):
    on_a_page, by_a_program = (world.shipment(license, 400 * KG) for _ in range(2))
    for shipment, number in (on_a_page, "530120260000000001"), (by_a_program, "530120260000000002"):
        say(browser, shipment, "clear", quantity_1="390", declaration_no=number)
    cleared = CustomsMessage.objects.get(shipment=by_a_program)
    facts = {"corrects": cleared.message_id, "reason": "Weighed again", "lines": [ClearedLine(1, 39 * KG, "kg")]}
    facts |= {"declaration_no": cleared.body["declaration_no"]}
    receive(world.message(by_a_program.ref, "corrected", 0, **facts), by=world.customs)
    typed = {"corrects": chosen(browser, on_a_page), "quantity_1": "39", "reason": "Weighed again"}
    response = send(browser, on_a_page, "correct", carried(browser, on_a_page, "correct") | typed)
    assert "The shipment is now: Cleared. Line 1: 39 kg crossed after all." in text(response)
    rows = ShipmentLine.objects.order_by("shipment").values_list("drawn", "released", "over_cleared")
    assert list(rows) == [(39 * KG, 10 * KG, 0)] * 2
    message = CustomsMessage.objects.get(event="corrected", shipment=on_a_page)
    wanted = {
        "declaration_no": "530120260000000001",
        "reason": "Weighed again",
        "corrects": message.corrects.message_id,
    }
    assert wanted.items() <= message.body.items()
    assert message.body["lines"] == [{"license_line": 1, "quantity": "39.000", "unit": "kg"}]


def test_of_several_clearances_the_one_that_is_chosen_is_corrected(browser, world, shipment):
    for much in ("100", "150"):
        say(browser, shipment, "clear", quantity_1=much, final="false")
    page = text(browser.get(reverse("customs.shipment", args=[shipment.ref])))
    assert "Line 1: 100 kg" in page and "Line 1: 150 kg" in page
    form = carried(browser, shipment, "correct") | {"quantity_1": "0", "reason": "Another shipment's"}
    assert send(browser, shipment, "correct", form).status_code == 422
    response = send(browser, shipment, "correct", form | {"corrects": chosen(browser, shipment, 1)})
    assert "Line 1: 0 kg crossed after all." in text(response)
    assert ShipmentLine.objects.get(shipment=shipment).drawn == 100 * KG
    say(browser, shipment, "correct", corrects=chosen(browser, shipment), quantity_1="90", reason="Weighed again")
    assert ShipmentLine.objects.get(shipment=shipment).drawn == 90 * KG


def test_a_clearance_whose_message_lacks_its_declaration_is_corrected_too(browser, world, shipment):
    cleared = world.clear(shipment.ref, 100 * KG).message
    assert "declaration_no" not in cleared.body
    say(browser, shipment, "correct", corrects=chosen(browser, shipment), quantity_1="90", reason="Weighed again")
    message = CustomsMessage.objects.get(event="corrected")
    assert message.body["declaration_no"] == cleared.declaration_no
    assert ShipmentLine.objects.get(shipment=shipment).drawn == 90 * KG


def test_a_correction_upward_is_looked_at_twice(browser, world, shipment):
    say(browser, shipment, "clear", quantity_1="100")
    typed = {"corrects": chosen(browser, shipment), "quantity_1": "2000", "reason": "Weighed again"}
    response = send(browser, shipment, "correct", carried(browser, shipment, "correct") | typed)
    assert response.status_code == 409
    assert "1,000 kg more than the license has" in text(response)


@pytest.mark.slow
def test_only_what_the_office_itself_cleared_is_corrected(browser, world, shipment):
    path = reverse("customs.shipment", args=[shipment.ref])
    receive(world.message(shipment.ref, "cleared", 100 * KG, final=False), by=make.customs())
    assert "/correct/" not in browser.get(path).content.decode()
    say(browser, shipment, "clear", quantity_1="100")
    assert "/correct/" in browser.get(path).content.decode()


BACK = "530120269000000001"


@pytest.mark.parametrize(("much", "state"), [("150", "cleared"), ("400", "returned")])
def test_what_came_back_leaves_what_a_message_leaves(much, state, browser, world):
    one, other = (world.shipment(world.license(kilograms=1_000), 400 * KG) for _ in range(2))
    for shipment in (one, other):
        say(browser, shipment, "clear", declaration_no=f"53012026000000000{shipment.pk % 10}")
    typed = {"reimport_no": "5301 2026 9000 000001", "quantity_1": much}
    response = send(browser, one, "return", carried(browser, one, "return") | typed)
    if state == "returned":  # told what is unusual
        response = send(browser, one, "return", filled(response, "return") | typed)
    assert f"Line 1: {much} kg came back." in text(response)
    other.refresh_from_db()
    body = {
        "message_id": "GAC-1",
        "event": "returned",
        "shipment": other.ref,
        "declaration_no": other.declaration_no,
        "declared_at": on_the_wire(other.declared_at),
        "reimport_declaration_no": BACK,
        "lines": [{"license_line": 1, "quantity": f"{much}.000", "unit": "kg"}],
    }
    key = make.key(world.customs, "customs:confirm")
    said = browser.post(
        "/api/v1/customs/messages/", json.dumps(body), "application/json", HTTP_AUTHORIZATION=f"Bearer {key}"
    )
    assert said.status_code == 200
    sent = [CustomsMessage.objects.get(event="returned", shipment=one_of).body for one_of in (one, other)]
    varying = {"message_id", "shipment", "declaration_no", "declared_at"}
    assert sent[0].keys() == sent[1].keys()
    assert [{k: v for k, v in one_of.items() if k not in varying} for one_of in sent] == [
        {k: v for k, v in body.items() if k not in varying}
    ] * 2
    for one_of in (one, other):
        one_of.refresh_from_db()
        back = Return.objects.get(shipment=one_of)
        assert (one_of.state, back.declaration_no, back.approved) == (state, BACK, None)
        assert [line.quantity for line in back.lines.all()] == [int(much) * KG]
        assert one_of.lines.get().returned == int(much) * KG


def came_back(world, shipment, number, grams):
    lines = [ClearedLine(1, grams, "kg")]
    receive(world.message(shipment.ref, "returned", reimport_no=number, lines=lines), by=world.customs)


def test_a_return_under_a_number_that_was_told_before_is_looked_at_twice(browser, world, shipment):
    world.clear(shipment.ref, 100 * KG)
    came_back(world, shipment, BACK, 40 * KG)
    response = say(browser, shipment, "return", reimport_no=BACK, quantity_1="40")
    assert (response.status_code, Return.objects.count()) == (409, 1)
    (said,) = [one.message for one in response.context["failed_form"].refusal.errors]
    assert said.startswith("Under this re-import number it came back before, ")
    assert said.endswith(": line 1: 40 kg.")
    assert send(browser, shipment, "return", filled(response, "return")).status_code == 200
    assert (Return.objects.count(), shipment.lines.get().returned) == (2, 80 * KG)


def test_a_return_under_a_number_of_its_own_is_booked_at_once(browser, world, license, shipment):
    other = world.shipment(license, 100 * KG)
    for one in (shipment, other):
        world.clear(one.ref, 100 * KG, declaration_no=f"53012026000000000{one.pk % 10}")
    came_back(world, other, BACK, 40 * KG)  # one paper for several shipments
    came_back(world, shipment, "530120269000000002", 40 * KG)
    assert say(browser, shipment, "return", reimport_no=BACK, quantity_1="40").status_code == 200


def test_what_makes_a_shipment_returned_for_good_is_looked_at_twice(browser, world, shipment):
    world.clear(shipment.ref, 100 * KG)
    came_back(world, shipment, BACK, 40 * KG)
    response = say(browser, shipment, "return", reimport_no="530120269000000002", quantity_1="60")
    assert response.status_code == 409
    assert [one.message for one in response.context["failed_form"].refusal.errors] == [
        "All of it that crossed has come back: the shipment stays returned for good."
    ]
    shipment.refresh_from_db()
    assert (shipment.state, Return.objects.count()) == ("cleared", 1)
    assert send(browser, shipment, "return", filled(response, "return")).status_code == 200
    shipment.refresh_from_db()
    assert shipment.state == "returned"


@pytest.mark.parametrize(
    ("state", "offered"),
    [("reserved", False), ("part_cleared", True), ("cleared", True), ("departed", True), ("delivered", True)],
)
def test_a_return_is_offered_once_something_crossed(state, offered, browser, world, shipment):
    if state != "reserved":
        world.clear(shipment.ref, 100 * KG, final=state != "part_cleared")
    if state in ("departed", "delivered"):
        reports.depart(shipment.ref, departed_on=legal_today(), by=world.exporter)
    if state == "delivered":
        proof = ("received.pdf", demo.pdf("Received"))
        reports.deliver(shipment.ref, delivered_on=legal_today(), proof=proof, by=world.exporter)
    page = browser.get(reverse("customs.shipment", args=[shipment.ref])).content.decode()
    shipment.refresh_from_db()
    assert (shipment.state, "/return/" in page) == (state, offered)


def test_of_what_was_cleared_with_nothing_nothing_comes_back(browser, world, shipment):
    world.clear(shipment.ref, 0)
    page = browser.get(reverse("customs.shipment", args=[shipment.ref])).content.decode()
    shipment.refresh_from_db()
    assert (shipment.state, "/return/" in page) == ("cleared", False)


def test_more_than_is_abroad_does_not_come_back_and_is_told_at_its_line(browser, world, shipment):
    path = reverse("customs.shipment", args=[shipment.ref])
    assert "/return/" not in browser.get(path).content.decode()  # nothing crossed
    world.clear(shipment.ref, 100 * KG)
    typed = carried(browser, shipment, "return") | {"reimport_no": BACK}
    for much, said in {
        "100.001": "At most 100 kg of this line can come back.",
        "0": "Say how much came back.",
        "": "This field is required.",
    }.items():
        response = send(browser, shipment, "return", typed | {"quantity_1": much})
        assert (response.status_code, said in text(response)) == (422, True), much
    assert not Return.objects.exists()
    told = send(browser, shipment, "return", typed | {"quantity_1": "100"})
    assert send(browser, shipment, "return", filled(told, "return")).status_code == 200
    assert "/return/" not in browser.get(path).content.decode()  # all of it is back
    again = send(browser, shipment, "return", typed | {"quantity_1": "1", "key": "another"})
    assert (again.status_code, Return.objects.count()) == (422, 1)


@pytest.mark.parametrize("verb", ["clear", "question", "reject"])
def test_what_moved_meanwhile_is_told_and_nothing_is_booked(verb, browser, world, shipment):
    data = carried(browser, shipment, verb) | {"declaration_no": DECLARED, "final": "true", "reason": "Why?"}
    receive(world.message(shipment.ref, "declared"), by=world.customs)
    response = send(browser, shipment, verb, data)
    assert response.status_code == 412
    assert "Since you opened this page" in text(response)
    assert (CustomsMessage.objects.count(), Incident.objects.count()) == (1, 0)
    assert filled(response, verb)["declaration_no"] == DECLARED
    again = send(browser, shipment, verb, filled(response, verb) | {"final": "true", "reason": "Why?"})
    assert (again.status_code, CustomsMessage.objects.count()) == (200, 2)


def test_what_happened_meanwhile_names_nobody(browser, world, shipment):
    data = carried(browser, shipment, "declare") | {"declaration_no": DECLARED}
    receive(world.message(shipment.ref, "questioned", reason="Why?"), by=world.customs)
    officers.answer(shipment.ref, seen=make.seen(shipment.ref), reason="They are", by=world.ministry.reviewer)
    page = text(send(browser, shipment, "declare", data | {"seen": "0"}))
    for name in ("the company", "the ministry", "customs"):
        assert f" {name}, " in page
    for actor in (world.exporter, world.ministry.reviewer, world.customs):
        assert str(actor.user) not in page


@pytest.mark.parametrize(("verb", "event"), [("declare", "declared"), ("question", "questioned")])
def test_what_moves_nothing_is_told_before(verb, event, browser, world, shipment):
    world.clear(shipment.ref, 400 * KG, declaration_no=DECLARED)
    response = say(browser, shipment, verb, reason="Why?")
    assert response.status_code == 409
    assert "It is recorded, and moves nothing: the shipment stays as it is (Cleared)." in text(response)
    done = send(browser, shipment, verb, filled(response, verb) | {"reason": "Why?"})
    assert (done.status_code, CustomsMessage.objects.filter(event=event).count()) == (200, 1)


def test_a_shipment_that_the_rules_forbid_now_says_so(browser, world, license, shipment):
    make.edition(ban("DE"))
    assert "The license can’t be used now." in text(browser.get(f"/customs/shipments/{shipment.ref}/"))


def test_what_was_reserved_before_a_ban_with_a_grace_is_declared_while_that_lasts(browser, world, license, shipment):
    last = legal_today() + timedelta(days=9)
    make.edition(ban("DE", transition={"until": str(last)}))
    assert verdicts.turn(license.pk, by=by_clock())
    license.refresh_from_db()
    assert license.state == "suspended"
    page = browser.get(f"/customs/shipments/{shipment.ref}/")
    assert sentences(page) == (["next"], ["declare"])
    assert "The license can be used for this shipment now." in text(page)
    receive(world.message(shipment.ref, "declared"), by=world.customs)
    assert not Incident.objects.exists()


def test_what_is_reserved_on_a_replaced_license_that_is_over_is_not_declared(browser, world, license, shipment, clock):
    replaced(world, license, 900)
    path = f"/customs/shipments/{shipment.ref}/"
    assert sentences(browser.get(path)) == (["next"], ["declare"])
    Shipment.objects.update(reserved_until=license.usable_until + timedelta(days=9))
    clock.shift(days=(license.usable_until - legal_today()).days + 1)
    assert sentences(browser.get(path)) == (["not now"], ["declare"])
    assert f"What was reserved on {license.ref} is still declared" not in text(browser.get(path))
    receive(world.message(shipment.ref, "declared"), by=world.customs)
    assert Incident.objects.get().kind == "license_not_usable"


def test_back_and_sent_otherwise_says_what_was_booked_since(browser, world, shipment):
    data = carried(browser, shipment, "clear") | {"declaration_no": DECLARED, "final": "false", "quantity_1": "100"}
    send(browser, shipment, "clear", data)
    assert send(browser, shipment, "clear", data | {"quantity_1": "110"}).status_code == 412
    assert ShipmentLine.objects.get(shipment=shipment).drawn == 100 * KG


def test_an_over_clearance_is_told_before_it_is_booked(browser, world, license, shipment):
    before = booked(shipment)
    response = say(browser, shipment, "clear", quantity_1="1,084.5")
    assert response.status_code == 409
    assert "Line 1: 84.5 kg more than the license has. It is booked, and the license is suspended." in text(response)
    assert booked(shipment) == before
    done = send(browser, shipment, "clear", filled(response, "clear") | {"final": "true"})
    assert done.status_code == 200
    ref = Incident.objects.get().ref
    said = f"Line 1: 1,000 kg drawn, 84.5 kg beyond the license. Incident {ref}: More cleared than the license had."
    assert said in text(done)
    license.refresh_from_db()
    assert license.state == "suspended"


def test_more_than_was_reserved_is_told_before_it_is_booked(browser, world, shipment):
    response = say(browser, shipment, "clear", quantity_1="410")
    assert response.status_code == 409
    assert "Line 1: 10 kg more than this shipment has reserved." in text(response)
    assert send(browser, shipment, "clear", filled(response, "clear") | {"final": "true"}).status_code == 200
    assert ShipmentLine.objects.get(shipment=shipment).drawn == 410 * KG


def test_a_license_that_was_not_usable_then_is_told_before(browser, world, license, shipment):
    response = say(browser, shipment, "declare", declared_at="2020-01-01T00:00:00")
    assert response.status_code == 409
    assert "Declared while the license was not usable" in text(response)
    assert not Incident.objects.exists()
    assert send(browser, shipment, "declare", filled(response, "declare")).status_code == 200
    assert Incident.objects.get().kind == "license_not_usable"


def test_what_was_typed_otherwise_after_that_is_looked_at_again(browser, world, shipment):
    told = filled(say(browser, shipment, "clear", quantity_1="1,084.5"), "clear") | {"final": "true"}
    again = send(browser, shipment, "clear", told | {"quantity_1": "10,845"})
    assert (again.status_code, CustomsMessage.objects.count()) == (409, 0)


def test_what_became_unusual_meanwhile_is_looked_at_again(browser, world, license, shipment):
    told = filled(say(browser, shipment, "clear", quantity_1="410"), "clear") | {"final": "true"}
    licenses.suspend(license.ref, seen=make.seen(license.ref), reason="Inspection", by=world.ministry.decider)
    Suspension.objects.update(opened_at=legal_now() - timedelta(days=1))
    again = send(browser, shipment, "clear", told)
    assert (again.status_code, CustomsMessage.objects.count()) == (409, 0)


def test_what_is_as_reserved_is_booked_at_once(browser, world, shipment):
    assert say(browser, shipment, "clear").status_code == 200
    assert ShipmentLine.objects.get(shipment=shipment).drawn == 400 * KG


def test_a_number_of_another_shipments_declaration_is_refused_with_what_was_typed(browser, world, license, shipment):
    other = world.shipment(license, KG)
    receive(world.message(other.ref, "declared", declaration_no=DECLARED), by=world.customs)
    response = say(browser, shipment, "declare")
    assert response.status_code == 409
    assert "This declaration number was reported for another shipment." in text(response)
    assert filled(response, "declare")["declaration_no"] == DECLARED


def test_cleared_in_the_second_of_its_declaration(browser, world, shipment):
    message = world.message(shipment.ref, "declared")
    receive(message, by=world.customs)
    same = {"declaration_no": message.declaration_no, "cleared_at": local(message.declared_at)}
    assert say(browser, shipment, "clear", **same).status_code == 200
    assert Shipment.objects.get().cleared_at == message.declared_at


def test_a_declaration_number_is_read_with_blanks_and_small_letters(browser, world, shipment):
    say(browser, shipment, "declare", declaration_no=" 5301 ２０２６a123456789 ")
    assert CustomsDeclaration.objects.get().number == "53012026A123456789"


def test_the_instant_of_the_declaration_is_kept_to_its_last_digit(browser, world, shipment):
    message = world.message(shipment.ref, "declared", declared_at=legal_now() - timedelta(seconds=90))
    receive(message, by=world.customs)
    assert message.declared_at.microsecond
    say(browser, shipment, "clear", declaration_no=message.declaration_no)
    body = CustomsMessage.objects.get(event="cleared").body
    assert body["declared_at"] == on_the_wire(message.declared_at)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("declaration_no", "53-01", "9 to 18 digits or capitals."),
        ("declaration_no", "1" * 19, "9 to 18 digits or capitals."),
        ("declaration_no", "５３０１", "9 to 18 digits or capitals."),
        ("declaration_no", "Ж" * 9, "9 to 18 digits or capitals."),
        ("declaration_no", "", "This field is required."),
        ("declared_at", "yesterday", "Write the instant as 2026-12-01 09:30, in Beijing time."),
        ("declared_at", "1989-12-31T23:59", "Write the instant as"),
        ("declared_at", "2101-01-01T00:00", "Write the instant as"),
        ("declared_at", "2026-02-30T00:00", "Write the instant as"),
        ("declared_at", "2100-01-01T00:00", "Cleared before it was declared."),
        ("cleared_at", "", "This field is required."),
        ("final", "", "This field is required."),
        ("final", "perhaps", "Select a valid choice."),
        ("quantity_1", "", "This field is required."),
        ("quantity_1", "0.000", "Say how much was cleared."),
        *(
            ("quantity_1", typed, "Write a number such as")
            for typed in ("NaN", "Infinity", "1e5", "1_000", "٣", "+5", ".5", "5.", "0x10", "5 lb")
        ),
        ("quantity_1", "-1", "The quantity must be more than zero."),
        ("quantity_1", "-0", "The quantity must be more than zero."),
        ("quantity_1", "1,5", "Do you mean"),
        ("quantity_1", "0.0005", "decimal places"),
        ("key", "", "This field is required."),
    ],
)
def test_what_can_not_be_read_is_named_and_kept(name, typed, said, browser, world, shipment):
    response = say(browser, shipment, "clear", **{name: typed})
    assert (response.status_code, said in text(response)) == (422, True)
    assert not CustomsMessage.objects.exists()
    if name != "final":
        assert filled(response, "clear")[name] == typed


def test_a_question_has_words(browser, world, shipment):
    assert say(browser, shipment, "question", reason="").status_code == 422
    page = text(say(browser, shipment, "question", reason="Are these magnets?"))
    assert "The shipment is now: Questioned by customs." in page
    assert "Are these magnets?" in page


def test_goods_that_cross_on_another_line_are_said_on_it(browser, world):
    signed = world.declaration(codes=("1C905.a.4", "1C905.b"))
    goods = [("1C905.a.4", "Magnets", 1_000), ("1C905.a.4", "Arcs", 500)]
    ref = demo.application(world.exporter, "annual", goods, [signed], make.unique("K-"))
    license = demo.issued(world.exporter, ref, world.ministry, [signed])
    shipment = world.shipment(license, 400 * KG)
    response = say(browser, shipment, "clear", quantity_1="", quantity_2="400")
    assert response.status_code == 409
    assert send(browser, shipment, "clear", filled(response, "clear") | {"final": "true"}).status_code == 200
    lines = ShipmentLine.objects.filter(shipment=shipment).values_list("line_number", "drawn", "released")
    assert list(lines) == [(1, 0, 400 * KG), (2, 400 * KG, 0)]


PAGES = ["customs", "customs.license", "customs.shipment"]
VERBS = ["declare", "clear", "question", "reject", "correct", "return"]


@pytest.mark.parametrize(
    "who", ["exporter", "ministry.reviewer", "ministry.decider", "ministry.auditor", "ministry.admin"]
)
def test_the_counter_is_nobodys_but_customs(who, client, world, license, shipment):
    actor = world
    for name in who.split("."):
        actor = getattr(actor, name)
    client.force_login(actor.user)
    refs = {"customs": [], "customs.license": [license.ref], "customs.shipment": [shipment.ref]}
    found = {client.get(reverse(page, args=refs[page])).status_code for page in PAGES}
    found |= {client.post(reverse(f"shipment.{verb}", args=[shipment.ref])).status_code for verb in VERBS}
    assert found <= {403, 404}
    assert not CustomsMessage.objects.exists()


def test_another_company_finds_nothing_at_the_counter(client, world, license, shipment):
    client.force_login(make.exporter(world.ministry, "Other Co., Ltd.").user)
    assert client.get(f"/customs/shipments/{shipment.ref}/").status_code == 404
    assert client.get(f"/customs/licenses/{license.ref}/").status_code == 404


def test_customs_sees_nothing_else_of_a_license_or_a_shipment(browser, world, license, shipment):
    paths = [f"/desk/licenses/{license.ref}/", f"/desk/shipments/{shipment.ref}/", "/desk/", "/desk/incidents/"]
    paths.append(f"/applications/{license.application.ref}/")
    assert {browser.get(path).status_code for path in paths} <= {403, 404}
    for path in (f"/licenses/{license.ref}/", f"/shipments/{shipment.ref}/"):  # the holder's leads to the counter's own
        assert browser.get(path).headers.get("Location") == f"/customs{path}"


def test_an_officer_whose_membership_ended_says_nothing_more(browser, world, officer, shipment):
    data = carried(browser, shipment, "declare") | {"declaration_no": DECLARED}
    Membership.objects.filter(user=officer.user).update(roles=[])
    assert send(browser, shipment, "declare", data).status_code == 403
    assert not CustomsMessage.objects.exists()


def test_a_license_with_many_shipments_takes_as_many_queries(browser, world, license, django_assert_num_queries):
    path = f"/customs/licenses/{license.ref}/"
    world.shipment(license, KG)
    browser.get(path)
    with CaptureQueriesContext(connection) as one:
        browser.get(path)
    for _ in range(2):
        world.shipment(license, KG)
    with django_assert_num_queries(len(one)):
        browser.get(path)


def test_of_a_license_whose_first_day_is_ahead_each_tag_says_so(browser, client, world, license):
    first = legal_today() + timedelta(days=3)
    License.objects.filter(pk=license.pk).update(usable_from=first)
    pages = {
        f"/customs/licenses/{license.ref}/": None,
        f"/licenses/{license.ref}/": world.exporter,
        "/licenses/": world.exporter,
        f"/desk/licenses/{license.ref}/": world.ministry.decider,
        "/desk/licenses/": world.ministry.decider,
        f"/desk/cases/{license.application.ref}/": world.ministry.decider,
    }
    said = {}
    for path, actor in pages.items():
        client.force_login(actor.user) if actor else None
        html = client.get(path).content.decode()
        tags = [" ".join(tag.split()) for tag in re.findall(r'<span class="tag[^>]*>([^<]*)', html)]
        said[path] = tags if "cases" in path else tags[:1]  # a case has tags of more than its license
    early = f"Not usable before {first:%-d %b %Y}"
    assert [path for path, tags in said.items() if early not in tags] == []
