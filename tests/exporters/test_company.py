"""A company's facts in two tabs: nothing is lost, and nothing is sent that its sender did not see."""

from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from config.local import demo
from core import access
from core.errors import Invalid
from core.history import lines_of
from core.models import KeptText, User
from core.web.errors import SECRETS
from exporters import actions
from exporters.models import Exporter
from exporters.web import pages
from tests import make
from tests.core.test_conflicts import Tab


@pytest.fixture
def company(ministry, client):
    actor = make.exporter()
    client.force_login(actor.user)
    return Exporter.objects.get(pk=actor.organization_id)


@pytest.fixture
def tabs(company, client):
    return Tab(client, "/company/"), Tab(client, "/company/")


def upload(tab, name, **changes):
    """The form with a file chosen."""
    content = demo.pdf(name)
    values = {key: each for key, each in tab.page.form("/company/").filled(changes) if key != "business_license"}
    file = SimpleUploadedFile(name, content, "application/pdf")
    response = tab.browser.post("/company/", values | {"business_license": file})
    if response.status_code != 302:
        tab.read(response)
    return response.status_code


def test_what_one_of_two_tabs_changed_stands_and_what_both_changed_is_asked(tabs, company):
    first, second = tabs
    assert first.save(address="1 Road", handler="Li Na") == 302
    assert second.save(address="2 Road", main_manager="Bo") == 412
    company.refresh_from_db()
    assert (company.address, company.handler, company.main_manager) == ("1 Road", "Li Na", "")
    assert second.asked() == ["address"]
    assert second.save(theirs="address") == 302
    company.refresh_from_db()
    assert (company.address, company.handler, company.main_manager) == ("1 Road", "Li Na", "Bo")


def test_a_license_that_both_handed_in_is_asked_about(tabs, company):
    first, second = tabs
    assert upload(first, "first.pdf") == 302
    assert upload(second, "second.pdf") == 412
    assert second.asked() == ["business_license"]
    assert "second.pdf (choose it again if it is to be kept)" in second.html
    assert '<dt>Stands now</dt>\n            <dd class="pre">first.pdf</dd>' in second.html
    company.refresh_from_db()
    assert company.business_license.name == "first.pdf"
    assert upload(second, "second.pdf", theirs="business_license") == 302
    company.refresh_from_db()
    assert company.business_license.name == "first.pdf"


def test_a_license_that_only_the_other_handed_in_stays(tabs, company):
    first, second = tabs
    assert upload(first, "first.pdf") == 302
    assert second.save(address="2 Road") == 302
    company.refresh_from_db()
    assert (company.business_license.name, company.address) == ("first.pdf", "2 Road")


def test_what_another_changed_meanwhile_is_saved_and_not_sent(tabs, company):
    first, second = tabs
    names = dict.fromkeys(("legal_representative", "main_manager", "handler"), "Li Na")
    names["handler_phone"] = "0797 812 3456"
    assert upload(first, "first.pdf", address="1 Road", **names) == 302
    assert second.save(customs_code="1234567890", send="1") == 302
    company.refresh_from_db()
    assert (company.customs_code, company.state) == ("1234567890", "draft")
    assert "Saved with what a colleague changed meanwhile" in second.browser.get("/company/").content.decode()
    assert Tab(second.browser, "/company/").save(send="1") == 302
    company.refresh_from_db()
    assert company.state == "pending"


def test_a_refusal_to_send_leaves_a_page_that_knows_what_was_saved(tabs, company):
    first, _ = tabs
    assert upload(first, "first.pdf", address="1 Road", send="1") == 422
    assert first.save(address="2 Road") == 302
    company.refresh_from_db()
    assert (company.address, company.business_license.name) == ("2 Road", "first.pdf")
    assert [line.verb for line in lines_of(company)] == ["join", "describe", "describe"]


def between(monkeypatch, name, change):
    """Right after this name of the page's module has answered, once: a colleague's change."""
    call = getattr(pages, name)

    def and_then(*args, **kwargs):
        monkeypatch.setattr(pages, name, call)
        try:
            return call(*args, **kwargs)
        finally:
            change()

    monkeypatch.setattr(pages, name, and_then)


@pytest.fixture
def colleague(company):
    """A colleague's save of the address."""
    by = access.actor_for_user(User.objects.get(membership__organization_id=company.pk))
    return lambda: actions.describe(seen=make.seen(company.pk), by=by, address="Colleague Road")


@pytest.mark.parametrize("asking", ["GET", "POST"])
def test_a_colleague_who_saves_while_the_page_is_made_loses_nothing(asking, company, colleague, client, monkeypatch):
    """The row is read, a colleague saves, the rest is read: the page is not the newest and does not claim to be."""
    opened = Tab(client, "/company/")
    between(monkeypatch, "get_object_or_404", colleague)
    tab = opened if asking == "POST" else Tab(client, "/company/")
    tab.save(handler="Li Na")
    if tab.status == 412:
        tab.save()
    company.refresh_from_db()
    assert (company.address, company.handler) == ("Colleague Road", "Li Na")


def test_a_colleague_who_saves_before_the_sending_is_refused_loses_nothing(company, colleague, client, monkeypatch):
    tab = Tab(client, "/company/")
    submit = actions.submit

    def after_a_colleague(**kwargs):
        colleague()
        return submit(**kwargs)

    monkeypatch.setattr(actions, "submit", after_a_colleague)
    assert tab.save(handler="Li Na", send="1") == 412
    monkeypatch.setattr(actions, "submit", submit)
    assert tab.save(main_manager="Bo") == 302
    company.refresh_from_db()
    assert (company.address, company.handler, company.main_manager) == ("Colleague Road", "Li Na", "Bo")


@pytest.fixture
def without_province(world, client):
    """A verified company whose text of old named no province."""
    client.force_login(world.exporter.user)
    make.as_of_old(world.exporter, province="")
    return Exporter.objects.get(pk=world.exporter.organization_id)


def test_a_verified_company_without_a_province_states_it_once_and_stays_verified(without_province, world, client):
    assert "In which province is your company?" in client.get("/company/").content.decode()
    assert client.post("/company/province/", {"province": "33"}).status_code == 302
    without_province.refresh_from_db()
    assert (without_province.province, without_province.state) == ("33", "active")
    line = lines_of(without_province).last()
    assert (line.verb, line.actor, line.facts) == ("state_province", world.exporter.user, {"province": "33"})
    assert "In which province is your company?" not in client.get("/company/").content.decode()
    assert client.post("/company/province/", {"province": "36"}).status_code == 409
    without_province.refresh_from_db()
    assert without_province.province == "33"


@pytest.mark.parametrize("chosen", ["", "99"])
def test_only_a_province_that_there_is_is_stated(chosen, without_province, world, client):
    page = client.post("/company/province/", {"province": chosen})
    assert (page.status_code, 'class="errsum"' in page.content.decode()) == (422, True)
    with pytest.raises(Invalid):
        actions.state_province(province=chosen, by=world.exporter)
    without_province.refresh_from_db()
    assert without_province.province == ""


def test_a_draft_states_its_province_among_its_facts(company, client):
    Exporter.objects.filter(pk=company.pk).update(province="")
    assert client.post("/company/province/", {"province": "33"}).status_code == 409
    company.refresh_from_db()
    assert company.province == ""


def test_only_a_signatory_is_asked_for_the_province(without_province, world, client):
    client.force_login(make.colleague(world.exporter, "clerk").user)
    assert "In which province" not in client.get("/company/").content.decode()
    assert client.post("/company/province/", {"province": "33"}).status_code == 403


def test_a_bad_file_does_not_hide_what_else_is_missing(company, client):
    values = Tab(client, "/company/").page.form("/company/").filled({"address": "1 Road", "send": "1"})
    bad = {"business_license": SimpleUploadedFile("license.txt", b"no paper", "text/plain")}
    page = client.post("/company/", dict(values) | bad)
    company.refresh_from_db()
    assert (page.status_code, company.state, company.address) == (422, "draft", "")
    wrong = {"legal_representative", "main_manager", "handler", "handler_phone", "business_license"}
    assert set(page.context["form"].errors) == wrong
    assert len(page.context["form"].errors["business_license"]) == 1


def test_a_license_that_is_kept_is_not_called_missing(tabs, client):
    assert upload(tabs[0], "first.pdf", address="1 Road") == 302
    response = client.post(
        "/company/", dict(Tab(client, "/company/").page.form("/company/").filled({"send": "1", "name_en": ""}))
    )
    assert set(response.context["form"].errors) == {
        "name_en",
        "legal_representative",
        "main_manager",
        "handler",
        "handler_phone",
    }


def typed(client, **changes):
    """The company's form as a browser sends it with the button that also sends it to the ministry."""
    changes = {"address": "9 Long Road", "send": "1"} | changes
    return dict(Tab(client, "/company/").page.form("/company/").filled(changes))


def test_what_was_to_be_sent_when_a_session_ended_is_there_again(company, client):
    """Nothing was sent yet, so nothing is called missing."""
    user = User.objects.get(membership__organization_id=company.pk)
    answers = {name: value for name, value in typed(client).items() if name not in SECRETS}
    row = KeptText.objects.create(user=user, route="company", data=urlencode(answers))
    page = client.get("/company/", {"kept": row.pk})
    assert (page.status_code, page.context["form"]["address"].value()) == (200, "9 Long Road")
    assert "What you typed is here again." in page.content.decode()
    assert set(page.context["form"].errors) == set()


def test_a_character_that_is_not_allowed_is_named_also_where_the_company_was_to_be_sent(company, client):
    page = client.post("/company/", typed(client, handler="Li\u202eNa"))
    assert (page.status_code, page.context["form"]["address"].value()) == (422, "9 Long Road")
    assert set(page.context["form"].errors) == {"handler"}


def test_a_province_that_is_none_says_nothing_of_the_company_s_form(company, client):
    """Whatever else is sent along."""
    page = client.post("/company/province/", {"province": "99", "send": "1"})
    assert (page.status_code, page.context["form"].is_bound) == (422, False)


def test_a_province_that_was_chosen_when_a_session_ended_is_chosen_again(without_province, world, client):
    row = KeptText.objects.create(user=world.exporter.user, route="company.province", data="province=33")
    page = client.get("/company/", {"kept": row.pk})
    assert (page.status_code, page.context["stating"]["province"].value()) == (200, "33")
