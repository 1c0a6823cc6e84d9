"""What was typed survives the end of a session, for its writer and for nobody else."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import resolve

from core.legal_time import legal_now
from core.models import KeptText, User
from core.tasks import end_kept_texts
from core.web import errors, kept
from exporters.models import Party
from licensing.actions import applications, decisions
from licensing.models import Application
from tests import make

FIVE_HUNDRED = "Motors of the traction kind, “N42SH”, 钕铁硼; " * 12
PASSWORD = "a-long-enough-secret-7"


def sign_in(browser, actor, after):
    actor.user.set_password(PASSWORD)
    actor.user.save()
    actor.user.emailaddress_set.get_or_create(email=actor.user.email, verified=True, primary=True)
    page = browser.get(after)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode()).group(1)
    answers = {"login": actor.user.email, "password": PASSWORD, "csrfmiddlewaretoken": token}
    answers["next"] = parse_qs(urlsplit(after).query)["next"][0]
    return browser.post("/accounts/login/", answers, follow=True)


def hidden(html, name):
    return re.search(rf'name="{name}" value="([^"]+)"', html).group(1)


@pytest.fixture
def browser(world):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.exporter.user)
    return strict


def typed_into(browser, path, action="", **typed):
    """action: where the form posts to, when the page has several; each must say by itself whose text it takes."""
    html = browser.get(path).content.decode()
    if action:
        html = html.partition(f'action="{action}"')[2].partition("</form>")[0]
    return typed | {name: hidden(html, name) for name in ("csrfmiddlewaretoken", "typed_by")}


@pytest.mark.parametrize("cookies", ["the session's", "all"])
def test_five_hundred_characters_are_there_again_after_signing_in(cookies, browser, world):
    answers = typed_into(browser, "/applications/new/", kind="annual", remarks=FIVE_HUNDRED, version="1")
    answers |= {"lines-TOTAL_FORMS": "3", "lines-INITIAL_FORMS": "0", "lines-2-description": "Third row"}
    browser.cookies.clear() if cookies == "all" else browser.cookies.pop("sid")
    away = browser.post("/applications/new/", answers)
    assert (away.status_code, away.headers["Location"].split("?")[0]) == (302, "/accounts/login/")
    assert "What you typed is kept" in browser.get(away.headers["Location"]).content.decode()
    page = sign_in(browser, world.exporter, away.headers["Location"])
    html = unescape(page.content.decode())
    assert page.request["PATH_INFO"] == "/applications/new/"
    assert page.status_code == 200
    assert "What you typed is here again." in html
    assert f">\n{FIVE_HUNDRED}</textarea>" in html
    assert 'value="Third row"' in html
    assert Application.objects.count() == 0  # nothing was sent


def test_a_step_s_text_is_there_again_on_the_page_that_it_stands_on(world):
    browser = Client()
    browser.force_login(world.ministry.reviewer.user)
    path = f"/desk/cases/{world.under_review(world.application())}/"
    answers = typed_into(browser, path, f"{path}ask/", text=FIVE_HUNDRED, due_on="2026-12-01")
    browser.cookies.pop("sid")
    away = browser.post(f"{path}ask/", answers)
    page = sign_in(browser, world.ministry.reviewer, away.headers["Location"])
    assert page.request["PATH_INFO"] == path
    assert f">\n{FIVE_HUNDRED}</textarea>" in unescape(page.content.decode())


def test_somebody_else_does_not_see_it(browser, world):
    answers = typed_into(browser, "/parties/new/", name=FIVE_HUNDRED)
    browser.cookies.pop("sid")
    away = browser.post("/parties/new/", answers)
    colleague = make.colleague(world.exporter, "signatory")
    page = sign_in(browser, colleague, away.headers["Location"])
    assert page.request["PATH_INFO"] == "/parties/new/"
    assert FIVE_HUNDRED not in unescape(page.content.decode())
    assert "What you typed is here again." not in page.content.decode()


def test_text_that_no_page_of_ours_asked_for_is_not_kept(browser, world):
    browser.cookies.clear()
    mine = signing.dumps(world.exporter.user.pk, salt="another")
    for forged in ("", "x", mine, signing.dumps(10**9, salt=kept.SALT)):
        browser.post("/parties/new/", {"name": FIVE_HUNDRED, "typed_by": forged})
    assert KeptText.objects.count() == 0


def test_text_of_another_reader_than_the_one_signed_in_is_not_kept(browser, world):
    answers = {"name": FIVE_HUNDRED, "typed_by": kept.writer(world.ministry.reviewer.user)}
    assert browser.post("/parties/new/", answers).status_code == 403
    assert KeptText.objects.count() == 0


def test_nothing_of_an_account_s_own_pages_is_kept(browser, world):
    answers = {"email": "new@example.com", "typed_by": kept.writer(world.exporter.user)}
    assert browser.post("/accounts/email/", answers | {"csrfmiddlewaretoken": "x" * 64}).status_code == 403
    assert KeptText.objects.count() == 0


@pytest.mark.parametrize("signed_in", [True, False])
def test_nothing_is_kept_for_a_closed_account(signed_in, browser, world):
    answers = typed_into(browser, "/parties/new/", name=FIVE_HUNDRED)
    User.objects.filter(pk=world.exporter.user.pk).update(is_active=False)
    if not signed_in:
        browser.cookies.clear()
    browser.post("/parties/new/", answers)
    browser.post("/parties/new/", answers | {"csrfmiddlewaretoken": "x" * 64})
    assert KeptText.objects.count() == 0


def test_no_secret_is_kept_and_files_are_named(browser, world):
    ref = world.application()
    answers = typed_into(browser, f"/applications/{ref}/", type="contract", password1="a secret of mine")
    browser.cookies.pop("sid")
    file = SimpleUploadedFile("contract.pdf", b"%PDF-1.4 %%EOF", "application/pdf")
    away = browser.post(f"/applications/{ref}/documents/", answers | {"file": file})
    row = KeptText.objects.get()
    assert (row.data, row.files) == ("type=contract", ["contract.pdf"])
    page = sign_in(browser, world.exporter, away.headers["Location"])
    assert "Choose the file contract.pdf again." in page.content.decode()


def test_a_page_that_was_open_too_long_offers_its_text_again(browser, world):
    whole = {"name": "Auriga", "country": "DE", "address": "1 Road", "business": "Motors", "version": "1"}
    answers = typed_into(browser, "/parties/new/", **whole) | {"csrfmiddlewaretoken": "x" * 64}
    refused = browser.post("/parties/new/", answers)
    assert refused.status_code == 403
    again = unescape(re.search(r'class="btn" href="([^"]+)"', refused.content.decode()).group(1))
    assert 'value="Auriga"' in browser.get(again).content.decode()
    assert Party.objects.filter(name="Auriga").count() == 0


def test_only_what_was_typed_is_there_to_copy(browser, world):
    answers = typed_into(browser, "/parties/new/", name="Auriga", base='{"name":["Began so"]}')
    page = browser.post("/parties/new/", answers | {"csrfmiddlewaretoken": "x" * 64}).content.decode()
    assert ("Auriga" in page, "Began so" in page) == (True, False)


def test_the_oldest_texts_give_way(browser, world):
    for number in range(kept.MOST + 1):
        answers = typed_into(browser, "/parties/new/", name=f"n{number}") | {"csrfmiddlewaretoken": "x" * 64}
        browser.post("/parties/new/", answers)
    assert KeptText.objects.count() == kept.MOST
    assert not KeptText.objects.filter(data__contains="name=n0").exists()


@pytest.mark.parametrize("query", ["x", "00000000-0000-0000-0000-000000000000", ""])
def test_an_address_that_names_no_text_is_the_page_as_it_is(query, client, lanting):
    client.force_login(lanting.user)
    assert client.get("/parties/new/", {"kept": query}).status_code == 200


def test_a_verb_never_sees_whose_text_it_was(client, world):
    client.force_login(world.exporter.user)
    license = world.license(kilograms=100)
    body = world.body(license)
    answers = {"license": license.ref, "key": "k1", "client_reference": "PO-1", "port": "CNSHA"}
    answers |= {name: body[name] for name in ("end_user", "consignee", "planned_on")} | {"quantity_1": "10.000"}
    first, second = (
        client.post("/shipments/new/", answers | {"typed_by": signing.dumps(number)}).headers["Location"]
        for number in (1, 2)
    )
    assert first == second


@pytest.mark.parametrize(("later_s", "count"), [(90 * 86_400 - 5, 1), (90 * 86_400 + 5, 0)])
def test_a_page_says_whose_text_it_is_for_ninety_days(later_s, count, browser, world):
    import time

    import time_machine

    answers = typed_into(browser, "/parties/new/", name="Auriga")
    browser.cookies.clear()
    with time_machine.travel(time.time() + later_s):
        browser.post("/parties/new/", answers)
    assert KeptText.objects.count() == count


@pytest.mark.parametrize(("age", "count"), [({"days": 90, "minutes": -1}, 1), ({"days": 90, "minutes": 1}, 0)])
def test_text_that_nobody_came_back_for_is_gone_after_ninety_days(age, count, world):
    """It is there to the end of the 90th day, and not on the 91st."""
    row = KeptText.objects.create(user=world.exporter.user, route="party.new", data="name=Auriga")
    KeptText.objects.filter(pk=row.pk).update(kept_at=legal_now() - timedelta(**age))
    assert end_kept_texts() == 1 - count
    assert KeptText.objects.count() == count


def test_a_run_spares_what_is_still_kept(world):
    old, new = (KeptText.objects.create(user=world.exporter.user, route="party.new", data=f"name={n}") for n in "ab")
    KeptText.objects.filter(pk=old.pk).update(kept_at=legal_now() - timedelta(days=91))
    assert (end_kept_texts(), end_kept_texts()) == (1, 0)
    assert KeptText.objects.get().pk == new.pk


def test_a_step_that_is_not_open_any_more_shows_its_text_to_copy_from_and_what_happened_since(world):
    browser, ministry = Client(), world.ministry
    browser.force_login(ministry.reviewer.user)
    ref = world.under_review(world.application())
    path = f"/desk/cases/{ref}/"
    answers = typed_into(browser, path, f"{path}recommend/", text=FIVE_HUNDRED, outcome="refuse", factors="END_USER")
    answers["end_users"] = Application.objects.get(ref=ref).end_users.get().pk
    answers["seen"] = make.seen(ref)
    browser.cookies.pop("sid")
    away = browser.post(f"{path}recommend/", answers)
    decisions.assign(ref, seen=make.seen(ref), by=ministry.other_decider)
    page = sign_in(browser, ministry.reviewer, away.headers["Location"])
    html = unescape(page.content.decode())
    assert "What you typed is here again." not in html
    assert "its form is not open any more" in html
    assert page.context["typed"] == [
        ("Outcome", "Refuse"),
        ("End-users", str(Application.objects.get(ref=ref).end_users.get().party)),
        ("Factors of the law", "End-user"),
        ("Reason the exporter will read", FIVE_HUNDRED),
    ]
    assert html.count("What you had typed") == 1
    assert "Since you opened this page" in html
    assert [line.actor_name for line in page.context["changes"]] == [str(ministry.other_decider.user)]


@pytest.mark.parametrize("then", ["submit", "withdraw"])
def test_a_draft_that_was_sent_meanwhile_shows_its_text_on_the_case(then, browser, world):
    ref = world.application()
    answers = typed_into(browser, f"/applications/{ref}/edit/", remarks=FIVE_HUNDRED, kind="annual", version="1")
    answers |= {"lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0", "lines-0-description": "First row"}
    browser.cookies.pop("sid")
    away = browser.post(f"/applications/{ref}/edit/", answers)
    if then == "submit":
        applications.submit(ref, seen=make.seen(ref), by=world.exporter)
    else:
        applications.withdraw(ref, by=world.exporter)
    page = sign_in(browser, world.exporter, away.headers["Location"])
    assert page.request["PATH_INFO"] == f"/applications/{ref}/"
    html = unescape(page.content.decode())
    for words in ("its form is not open any more", f">{FIVE_HUNDRED}<", "First row", "can't be changed any more"):
        assert words in html, words
    assert "lines-" not in html
    assert "version" not in html.partition("What you had typed")[2].partition("</dl>")[0]


def test_a_page_that_is_gone_shows_the_text_that_was_typed_there(browser, world):
    row = KeptText.objects.create(user=world.exporter.user, route="party.edit", data="name=Auriga&version=3")
    page = browser.get(f"/parties/PTY-000000000/edit/?kept={row.pk}")
    assert page.status_code == 404
    assert "Auriga" in page.content.decode()


def test_what_is_sent_to_an_address_with_kept_text_is_what_was_typed_now(browser, world):
    """The kept text is for the page that is opened, never for what is sent from it."""
    answers = typed_into(browser, "/parties/new/", name="Auriga") | {"csrfmiddlewaretoken": "x" * 64}
    refused = browser.post("/parties/new/", answers)
    again = unescape(re.search(r'class="btn" href="([^"]+)"', refused.content.decode()).group(1))
    whole = {"name": "Brightwater", "country": "DE", "address": "1 Road", "business": "Motors", "version": "1"}
    answers = typed_into(browser, "/parties/new/", **whole)
    assert browser.post(again, answers).status_code == 302
    assert Party.objects.filter(name="Brightwater").exists()
    assert not Party.objects.filter(name="Auriga").exists()


def test_nothing_is_kept_of_what_was_not_read_or_not_sent(rf):
    assert errors.kept(rf.get("/parties/new/?name=Auriga")) == []
    sent = rf.post("/parties/new/", {"name": "Auriga"})
    assert errors.kept(sent) == []
    assert not hasattr(sent, "_post"), "a body that nobody read stays unread"
    assert [words for _label, words in errors.kept(sent, from_the_wire=True)] == ["Auriga"]


def test_a_page_that_asks_for_files_still_finds_what_was_typed(rf, world):
    row = KeptText.objects.create(user=world.exporter.user, route="company", data="address=9+Long+Road")
    request = rf.get("/company/", {"kept": row.pk})
    request.user, request.resolver_match = world.exporter.user, resolve("/company/")
    kept.restore(request)
    assert (list(request.FILES), request.POST["address"]) == ([], "9 Long Road")


@pytest.mark.parametrize(
    ("who", "page", "route", "name"),
    [
        ("policy_officer", "/desk/policy/notices/", "notice.new", "text_en"),
        ("policy_officer", "/desk/policy/", "draft.new", "title"),
        ("signatory", "/control-list/followed/", "follows", "code"),
        ("signatory", "/applications/{ref}/withdraw/", "application.withdraw", "reason"),
    ],
)
def test_what_was_typed_stands_in_the_form_of_a_page_s_own(who, page, route, name, client, world):
    """Every other form, too: tests/seen/test_seen.py walks over all of them."""
    actor = world.exporter if who == "signatory" else world.ministry.policy_officer
    row = KeptText.objects.create(user=actor.user, route=route, data=urlencode({name: FIVE_HUNDRED}))
    client.force_login(actor.user)
    answer = client.get(page.format(ref=world.application()), {"kept": row.pk})
    assert answer.context["form"][name].value() == FIVE_HUNDRED
    assert (answer.status_code, "What you typed is here again." in answer.content.decode()) == (200, True)
