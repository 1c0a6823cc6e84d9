"""A draft is saved while it is typed: what can be taken is, the rest is named, and nothing of another tab is lost."""

import json
from urllib.parse import urlencode

import pytest

from config.local.visitor import Page
from core.models import HistoryLine
from licensing.models import Application, Declaration

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def browser(client, world):
    client.force_login(world.exporter.user)
    return client


def draft(world):
    return Application.objects.get(ref=world.application())


class Tab:
    """A page whose script saves what is typed into it, and goes on from the answer."""

    def __init__(self, browser, path):
        self.browser, self.path = browser, path
        opened = browser.get(path)
        self.form = Page(path, opened.status_code, opened.content.decode()).form(path)
        self.typed = {}

    def type(self, **changes):
        self.typed.update(changes)
        data = urlencode(self.form.filled(self.typed))
        response = self.browser.post(self.path, data, content_type=FORM, headers={"X-Autosave": "1"})
        self.status, self.answer = response.status_code, json.loads(response.content)
        if response.status_code == 200:
            self.path = self.answer["address"] or self.path
            self.typed.update({name: self.answer[name] for name in ("version", "base")})
        return self.status


def test_a_new_application_is_a_draft_as_soon_as_something_is_typed(browser):
    tab = Tab(browser, "/applications/new/")
    assert tab.type() == 200 and not Application.objects.exists()  # opened is not begun
    assert tab.type(contract_no="C-1") == 200
    case = Application.objects.get()
    assert tab.path == f"/applications/{case.ref}/edit/" and case.contract_no == "C-1"
    assert tab.type(contract_no="C-12") == 200
    case.refresh_from_db()
    assert (Application.objects.count(), case.contract_no, case.version) == (1, "C-12", 2)
    assert "Saved at" in tab.answer["said"] and tab.answer["left"] == []


def test_what_is_not_complete_keeps_what_stands_and_is_named(browser, world):
    case = draft(world)
    tab = Tab(browser, f"/applications/{case.ref}/edit/")
    before = [(line.control_item_id, line.quantity) for line in case.lines.all()]
    assert tab.type(**{"contract_no": "C-2", "planned_until": "31 no month", "lines-0-quantity": "12,x"}) == 200
    case.refresh_from_db()
    assert case.contract_no == "C-2" and case.planned_until is not None
    assert [(line.control_item_id, line.quantity) for line in case.lines.all()] == before
    assert set(tab.answer["left"]) == {"Planned until", "Goods"}
    assert "Planned until" in tab.answer["said"]
    assert tab.type(**{"lines-0-quantity": "12"}) == 200
    assert tab.answer["left"] == ["Planned until"] and case.lines.get().quantity != before[0][1]


def test_what_says_nothing_new_writes_nothing(browser, world):
    case = draft(world)
    tab = Tab(browser, f"/applications/{case.ref}/edit/")
    lines = HistoryLine.objects.count()
    assert tab.type() == 200
    case.refresh_from_db()
    assert (case.version, HistoryLine.objects.count()) == (1, lines)


def test_an_answer_that_was_lost_is_no_conflict_with_oneself(browser, world):
    case = draft(world)
    tab = Tab(browser, f"/applications/{case.ref}/edit/")
    opened = {name: value for name, value in tab.form.fields if name in ("version", "base")}
    assert tab.type(contract_no="C-3") == 200
    assert tab.type(**opened) == 200  # the same once more, as from a page that heard nothing
    assert tab.type(contract_no="C-34") == 200
    case.refresh_from_db()
    assert case.contract_no == "C-34"


@pytest.mark.parametrize("theirs", [{"contract_no": "C-5"}, {"remarks": "Urgent."}])
def test_another_tab_stops_it_whether_both_changed_one_field_or_two(browser, world, theirs):
    case = draft(world)
    first, second = (Tab(browser, f"/applications/{case.ref}/edit/") for _ in range(2))
    assert first.type(**theirs) == 200
    assert second.type(contract_no="C-6") == 412
    assert "Somebody changed this" in second.answer["said"]
    case.refresh_from_db()
    assert {name: getattr(case, name) for name in theirs} == theirs and case.contract_no != "C-6"
    assert "version" not in second.answer


def test_what_was_sent_meanwhile_is_refused(browser, world):
    case = draft(world)
    world.under_review(case.ref)
    path = f"/applications/{case.ref}/edit/"
    answer = browser.post(path, {"contract_no": "C-7", "version": case.version}, headers={"X-Autosave": "1"})
    assert answer.status_code in (409, 412, 422)
    case.refresh_from_db()
    assert case.contract_no != "C-7"


def test_a_declaration_begins_when_it_is_complete_enough(browser, world):
    party = world.declaration().end_user
    tab = Tab(browser, "/declarations/new/")
    known = Declaration.objects.count()
    assert tab.type(product="Pumps") == 422
    assert "First complete" in tab.answer["said"] and "End-user" in tab.answer["said"]
    assert Declaration.objects.count() == known
    assert tab.type(end_user=str(party.pk)) in (200, 422)


def test_a_half_typed_row_hides_no_change_of_a_colleagues(browser, world):
    case = draft(world)
    first, second = (Tab(browser, f"/applications/{case.ref}/edit/") for _ in range(2))
    assert first.type(**{"lines-1-code": "1C902.b", "lines-TOTAL_FORMS": "2"}) == 200 and first.answer["left"] == [
        "Goods"
    ]
    assert second.type(**{"lines-0-quantity": "500"}) == 200
    assert first.type() == 412
    assert first.type(remarks="Urgent.") == 412
    assert case.lines.get().quantity == 500_000


def test_a_row_that_was_added_and_saved_may_be_emptied_or_left_alone(browser, world):
    case = draft(world)
    tab = Tab(browser, f"/applications/{case.ref}/edit/")
    blank = dict.fromkeys(("lines-1-code", "lines-1-description", "lines-1-quantity"), "")
    added = {"lines-2-code": "1C902.b", "lines-2-description": "Oxide", "lines-2-quantity": "7"}
    assert tab.type(**{"lines-TOTAL_FORMS": "3"}, **blank, **added) == 200
    assert tab.type(remarks="Urgent.") == 200 and tab.answer["left"] == []
    assert [line.quantity for line in case.lines.order_by("number")][1:] == [7_000]
    assert tab.type(**dict.fromkeys(added, "")) == 200 and tab.answer["left"] == []
    assert case.lines.count() == 1
