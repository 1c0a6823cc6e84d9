"""Two tabs on one draft: nothing is overwritten, and each field is a choice."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from django.test import Client

from config.local.visitor import Page
from core.history import lines_of
from core.models import KeptText
from core.web import conflicts
from core.web.errors import SECRETS
from exporters.models import Party
from licensing.actions import declarations
from licensing.models import Application, Declaration

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def browser(client, world):
    client.force_login(world.exporter.user)
    return client


class Tab:
    """A page that somebody opened and types into."""

    def __init__(self, browser, path):
        self.browser, self.path = browser, path
        self.read(browser.get(path))

    def read(self, response):
        self.status = response.status_code
        self.html = unescape(response.content.decode())
        self.page = Page(self.path, response.status_code, response.content.decode())

    def save(self, **changes):
        data = urlencode(self.page.form(self.path).filled(changes))
        response = self.browser.post(self.path, data, content_type=FORM)
        self.status = response.status_code
        if response.status_code != 302:
            self.read(response)
        return self.status

    def asked(self):
        return sorted(re.findall(r'name="theirs" value="([^"]+)"', self.html))


def test_a_party_in_two_tabs_ends_in_a_choice_field_by_field(browser, world):
    party = world.declaration().end_user
    path = f"/parties/{party.ref}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(address="Street 1", business="Pumps") == 302
    assert second.save(address="Street 2", email="b@works.example") == 412
    party.refresh_from_db()
    assert (party.address, party.business, party.email) == ("Street 1", "Pumps", "")
    for shown in ("Somebody changed this while you typed", "Street 1", "Street 2", "Pumps", "b@works.example"):
        assert shown in second.html
    assert second.asked() == ["address"]
    assert second.save(theirs=["address"]) == 302
    party.refresh_from_db()
    assert (party.address, party.business, party.email) == ("Street 1", "Pumps", "b@works.example")


def test_fields_that_one_of_two_tabs_changed_are_not_asked_about(browser, world):
    party = world.declaration().end_user
    path = f"/parties/{party.ref}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(business="Pumps", country="FR") == 302
    assert second.save(address="Street 2") == 302
    party.refresh_from_db()
    assert (party.business, party.country_id, party.address) == ("Pumps", "FR", "Street 2")


@pytest.mark.parametrize(
    "base",
    ["", "nonsense", "[1]", '{"address": "Street 2"}', "[" * 100_000],
    ids=["nothing", "no-json", "a-list", "no-list", "too-deep"],
)
def test_a_page_that_does_not_say_what_it_showed_is_asked_about_everything_that_differs(base, browser, world):
    party = world.declaration().end_user
    path = f"/parties/{party.ref}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(business="Pumps") == 302
    assert second.save(address="Street 2", base=base) == 412
    assert second.asked() == ["address", "business"]
    assert Party.objects.get(pk=party.pk).business == "Pumps"


def test_values_that_are_no_texts_are_not_looked_into():
    """Just readable, and too deep to be written out."""
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert not conflicts._same(deep, ["Street 2"])


def test_a_mistake_beside_it_does_not_lose_what_the_other_changed(browser, world):
    party = world.declaration().end_user
    path = f"/parties/{party.ref}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(business="Pumps", address="Street 1") == 302
    assert second.save(address="Street 2", email="no address") == 422
    assert second.save(email="b@works.example") == 412
    assert second.asked() == ["address"]
    assert second.save() == 302
    party.refresh_from_db()
    assert (party.business, party.address, party.email) == ("Pumps", "Street 2", "b@works.example")


def test_what_was_kept_stands_in_its_form_beside_what_another_saved_meanwhile(browser, world):
    party = world.declaration().end_user
    path = f"/parties/{party.ref}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(business="Pumps") == 302
    answers = [pair for pair in second.page.form(path).filled({"address": "Street 2"}) if pair[0] not in SECRETS]
    row = KeptText.objects.create(user=world.exporter.user, route="party.edit", data=urlencode(answers))
    second.read(browser.get(path, {"kept": row.pk}))
    assert "What you typed is here again." in second.html
    assert "its form is not open any more" not in second.html
    assert second.save() == 302
    party.refresh_from_db()
    assert (party.business, party.address) == ("Pumps", "Street 2")


def test_a_character_that_is_not_allowed_is_named_at_its_field_beside_what_another_saved(browser, world):
    path = f"/parties/{world.declaration().end_user.ref}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(business="Pumps") == 302
    assert second.save(address="Street\u202e 2") == 422
    assert 'href="#id_address"' in second.html


def test_what_is_not_ticked_is_saved_as_typed(browser, world):
    party = world.declaration().end_user
    path = f"/parties/{party.ref}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    first.save(address="Street 1")
    second.save(address="Street 2")
    assert second.save() == 302
    assert Party.objects.get(pk=party.pk).address == "Street 2"
    assert [line.facts["before"] for line in lines_of(party) if line.verb == "change"][-1] == {"address": "Street 1"}


def test_a_third_change_meanwhile_is_asked_about_again(browser, world):
    party = world.declaration().end_user
    path = f"/parties/{party.ref}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    first.save(address="Street 1")
    second.save(address="Street 2")
    Tab(browser, path).save(address="Street 3")
    assert second.save(theirs="address") == 412
    assert "Street 3" in second.html
    assert Party.objects.get(pk=party.pk).address == "Street 3"


def test_an_application_with_its_goods(browser, world):
    ref = world.application(kilograms=100)
    path = f"/applications/{ref}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(**{"lines-0-quantity": "250", "remarks": "First"}) == 302
    assert second.save(**{"lines-0-quantity": "300", "contract_no": "K-NEW"}) == 412
    assert "250.000" in second.html and "300" in second.html and "First" in second.html
    assert second.asked() == ["lines"]
    assert second.save(theirs=["lines"]) == 302
    row = Application.objects.get(ref=ref)
    assert [line.quantity for line in row.lines.all()] == [250_000]
    assert (row.remarks, row.contract_no) == ("First", "K-NEW")


def test_goods_that_this_tab_left_alone_are_those_of_the_other(browser, world):
    path = f"/applications/{(ref := world.application(kilograms=100))}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(**{"lines-0-quantity": "250"}) == 302
    assert second.save(remarks="Second\r\nline") == 302
    row = Application.objects.get(ref=ref)
    assert ([line.quantity for line in row.lines.all()], row.remarks) == ([250_000], "Second\r\nline")


def test_a_declaration_in_draft(browser, world):
    signed = world.declaration(verified=False)
    facts = {name: getattr(signed, name) for name in declarations.FIELDS}
    items = [item.control_item for item in signed.items.all()]
    draft = declarations.draft(by=world.exporter, items=items, **facts)
    path = f"/declarations/{draft.ref}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(product="Fans") == 302
    assert second.save(product="Pumps", no_transfer=[]) == 412
    assert "Fans" in second.html and "Pumps" in second.html
    assert second.asked() == ["product"]
    assert second.save(theirs=["product"]) == 302
    now = Declaration.objects.get(pk=draft.pk)
    assert (now.product, now.no_transfer) == ("Fans", False)


def test_a_box_that_another_unticked_is_unticked(browser, world):
    signed = world.declaration(verified=False)
    facts = {name: getattr(signed, name) for name in declarations.FIELDS}
    items = [item.control_item for item in signed.items.all()]
    draft = declarations.draft(by=world.exporter, items=items, **facts)
    path = f"/declarations/{draft.ref}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(no_transfer=[]) == 302
    assert second.save(product="Pumps") == 302
    now = Declaration.objects.get(pk=draft.pk)
    assert (now.product, now.no_transfer) == ("Pumps", False)


@pytest.mark.full
def test_two_hundred_pairs_of_edits_lose_nothing(world):
    """Of each pair one is saved, and the other is told; the one that was told finds both values."""
    from core.errors import DomainError
    from exporters import actions

    party = world.declaration().end_user
    lost = 0
    for number in range(200):
        version = Party.objects.get(pk=party.pk).version
        facts = {"name": party.name, "country": party.country, "business": "Motors"}
        actions.change_party(party.ref, version=version, by=world.exporter, address=f"A{number}", **facts)
        with pytest.raises(DomainError) as refused:
            actions.change_party(party.ref, version=version, by=world.exporter, address=f"B{number}", **facts)
        assert (refused.value.status, refused.value.code) == (412, "stale")
        lost += Party.objects.get(pk=party.pk).address != f"A{number}"
    assert lost == 0


def test_a_box_that_another_ticked_is_ticked(browser, world):
    signed = world.declaration(verified=False)
    facts = {name: getattr(signed, name) for name in declarations.FIELDS} | {"no_transfer": False}
    items = [item.control_item for item in signed.items.all()]
    draft = declarations.draft(by=world.exporter, items=items, **facts)
    path = f"/declarations/{draft.ref}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(no_transfer=["on"]) == 302
    assert second.save(product="Pumps") == 302
    now = Declaration.objects.get(pk=draft.pk)
    assert (now.product, now.no_transfer) == ("Pumps", True)


def test_goods_that_another_took_out_are_shown_as_none(browser, world):
    ref = world.application(kilograms=100)
    path = f"/applications/{ref}/edit/"
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(**{"lines-0-DELETE": ["on"]}) == 302
    assert Application.objects.get(ref=ref).lines.count() == 0
    assert second.save(**{"lines-0-quantity": "300"}) == 412
    assert second.asked() == ["lines"]
    assert '<dt>Stands now</dt>\n            <dd class="pre">–</dd>' in second.html
    assert second.save(theirs=["lines"]) == 302
    assert Application.objects.get(ref=ref).lines.count() == 0


def test_kept_text_of_an_edit_is_shown_and_not_saved(browser, world):
    """Opening the page again is no sending, however complete the text is."""
    party = world.declaration().end_user
    path = f"/parties/{party.ref}/edit/"
    tab = Tab(browser, path)
    data = dict(tab.page.form(path).filled({"address": "Street 2"})) | {"csrfmiddlewaretoken": "x" * 64}
    refused = Client(enforce_csrf_checks=True)
    refused.force_login(world.exporter.user)
    refused.get(path)
    answer = refused.post(path, urlencode(data), content_type=FORM)
    assert answer.status_code == 403
    again = unescape(re.search(r'class="btn" href="([^"]+)"', answer.content.decode()).group(1))
    assert "Street 2" in unescape(refused.get(again).content.decode())
    assert Party.objects.get(pk=party.pk).address != "Street 2"


def test_a_field_that_another_emptied_is_shown_as_a_dash(browser, world):
    party = world.declaration().end_user
    path = f"/parties/{party.ref}/edit/"
    Tab(browser, path).save(email="a@works.example", registration_no="1")
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(email="", nature="") == 302
    assert second.save(email="b@works.example", nature="academic") == 412
    assert second.asked() == ["email", "nature"]
    assert second.html.count('<dt>Stands now</dt>\n            <dd class="pre">–</dd>') == 2


def test_end_users_whom_both_chose_are_named(browser, world):
    case = Application.objects.get(ref=world.application())
    path = f"/applications/{case.ref}/edit/"
    mine, theirs = world.declaration(), world.declaration()
    first, second = Tab(browser, path), Tab(browser, path)
    assert first.save(end_users=[str(theirs.pk)]) == 302
    assert second.save(end_users=[str(mine.pk)]) == 412
    for user in (mine.end_user, theirs.end_user):
        assert f'<dd class="pre">{user.label()}, traction motors · ' in second.html
