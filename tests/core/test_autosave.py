"""A draft is saved while it is typed: what can be taken is, the rest is named, and nothing of another tab is lost."""

import json
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.test import Client

from config.local.visitor import Page
from core.command import in_progress
from core.models import HistoryLine, Idempotency
from licensing.actions import applications
from licensing.models import Application, Declaration
from tests import make

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def browser(client, world):
    client.force_login(world.exporter.user)
    return client


def draft(world):
    return Application.objects.get(ref=world.application())


@pytest.mark.slow
def test_a_draft_of_as_many_lines_as_there_may_be_is_saved(browser, world):
    row = draft(world)
    line = row.lines.get()
    for number in range(2, applications.LINES_MOST + 1):
        line.pk, line.number, line._state.adding = None, number, True
        line.save()
    tab = Tab(browser, f"/applications/{row.ref}/edit/")
    typed = urlencode(tab.form.filled({}))
    assert typed.count("&") > 500
    assert browser.post(tab.path, typed, content_type=FORM).status_code == 302
    assert tab.type(remarks="More") == 200


class Tab:
    """A page whose script saves what is typed into it, and goes on from the answer."""

    def __init__(self, browser, path):
        self.browser, self.path = browser, path
        opened = browser.get(path)
        self.form = Page(path, opened.status_code, opened.content.decode()).form(path)
        self.typed, self.sent = {}, None

    def type(self, **changes):
        response = self.lose(**changes)
        return self.hear(response)

    def lose(self, **changes):
        """It is sent, and its answer does not arrive."""
        self.typed.update(changes)
        self.sent = uuid4().hex, urlencode(self.form.filled(self.typed))
        return self.send()

    def send(self, *, browser=None, data=None):
        """What was sent last, once more: by another's browser, or another body."""
        key, typed = self.sent
        headers = {"X-Autosave": "1", "Idempotency-Key": key}
        return (browser or self.browser).post(self.path, data or typed, content_type=FORM, headers=headers)

    def hear(self, response):
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
    assert set(tab.answer["left"]) == {"Planned until", "Goods, line 1: Quantity"}
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


@pytest.mark.slow
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
    assert first.type(**{"lines-1-code": "1C902.b", "lines-TOTAL_FORMS": "2"}) == 200
    assert first.answer["left"] == ["Goods, line 2: Description, Quantity"]
    assert second.type(**{"lines-0-quantity": "500"}) == 200
    assert first.type() == 412
    assert first.type(remarks="Urgent.") == 412
    assert case.lines.get().quantity == 500_000


def test_a_field_that_can_not_be_read_hides_no_change_of_a_colleagues(browser, world):
    case = draft(world)
    first, second = (Tab(browser, f"/applications/{case.ref}/edit/") for _ in range(2))
    assert first.type(contract_on="soon") == 200 and first.answer["left"]
    assert second.type(contract_on="2026-03-01") == 200
    assert first.type() == 412  # though what it says of the rest is what stands


@pytest.mark.slow
@pytest.mark.parametrize("hidden", ["\u200eN42", "N\u202e42", "N\x0042", "N\t42", "\u200b"])
def test_a_text_that_hides_something_is_named_and_what_else_was_typed_is_saved(browser, world, hidden):
    case = draft(world)
    tab = Tab(browser, f"/applications/{case.ref}/edit/")
    before = case.lines.get()
    assert tab.type(contract_no="C-1", **{"lines-0-maker": hidden}) == 200
    assert tab.answer["left"] == ["Goods, line 1: Maker"] and "Goods, line 1: Maker" in tab.answer["said"]
    why = "Say something here." if hidden == "\u200b" else "a character that is not allowed"
    assert why in tab.answer["said"] and why in tab.answer["wrong"]["id_lines-0-maker"]
    case.refresh_from_db()
    assert (case.contract_no, case.lines.get().maker) == ("C-1", before.maker)
    assert tab.type(**{"lines-0-maker": "N42"}) == 200 and tab.answer["left"] == []
    assert case.lines.get().maker == "N42"


def test_of_every_row_whose_text_hides_something_the_line_is_said(browser, world):
    case = draft(world)
    tab = Tab(browser, f"/applications/{case.ref}/edit/")
    other = {"lines-TOTAL_FORMS": "2"} | row(1, **ROW, maker="N\u202e42")
    assert tab.type(**row(0, maker="\u200b"), **other) == 200
    said, character = tab.answer["said"], "The text has a character that is not allowed"
    assert "Goods, line 1: Maker: Say something here." in said and f"Goods, line 2: Maker: {character}" in said


def test_a_field_that_hides_something_begins_no_declaration_and_is_named(browser, world):
    world.declaration()
    tab = Tab(browser, "/declarations/new/")
    assert tab.type(product="Pum\u202eps") == 422
    assert "Product: The text has a character that is not allowed" in tab.answer["said"]


def test_a_step_is_refused_whole_though_a_script_says_it_saves(browser, world):
    case = draft(world)
    path = f"/applications/{case.ref}/withdraw/"
    answer = browser.post(path, {"reason": "a\u202eb", "seen": "1"}, headers={"X-Autosave": "1"})
    assert answer.status_code == 422 and HistoryLine.objects.filter(subject_ref=case.ref, verb="withdraw").count() == 0


ROW = {"code": "1C905.a.4", "description": "N42SH", "quantity": "12.5"}


def row(number, **said):
    return {f"lines-{number}-{name}": value for name, value in said.items()}


def test_a_new_row_that_is_not_complete_says_what_it_lacks_and_leaves_the_others_saved(browser):
    tab = Tab(browser, "/applications/new/")
    assert tab.type(contract_no="C-1", **row(0, code="1C905.a.4", quantity="5")) == 200
    case = Application.objects.get()
    assert tab.answer["left"] == ["Goods, line 1: Description"] and case.lines.count() == 0
    assert tab.answer["wrong"] == {"id_lines-0-description": "This field is required."}
    half = row(1, code="1C902.b")
    assert tab.type(**{"lines-TOTAL_FORMS": "2"}, **row(0, **ROW), **half) == 200
    assert tab.answer["left"] == ["Goods, line 2: Description, Quantity"]
    assert [line.quantity for line in case.lines.all()] == [12_500]
    assert tab.type(**row(1, **ROW | {"quantity": "3"})) == 200 and tab.answer["left"] == []
    assert [line.quantity for line in case.lines.order_by("number")] == [12_500, 3_000]
    assert tab.answer["wrong"] == {}


LEFT = "lines 2, 3 are not saved until that is right"


def test_a_row_is_saved_without_the_cell_that_is_wrong_and_what_is_not_saved_at_all_is_named(browser):
    tab = Tab(browser, "/applications/new/")
    three = {"lines-TOTAL_FORMS": "4"} | row(1, code="1C902.b") | row(2, **ROW | {"quantity": "abc"})
    assert tab.type(**row(0, **ROW, purity="200", maker="Top"), **three, **row(3, **ROW, hs_code="1")) == 200
    lines = Application.objects.get().lines.order_by("number")
    assert [(line.quantity, line.maker, line.hs_code) for line in lines] == [(12_500, "Top", ""), (12_500, "", "")]
    assert tab.answer["left"][0] == "Goods, line 1: Purity" and f"Goods: {LEFT}" in tab.answer["said"]
    assert set(tab.answer["wrong"]) >= {"id_lines-0-purity", "id_lines-2-quantity", "id_lines-3-hs_code"}


def test_rows_that_are_not_saved_are_listed_as_their_reader_separates_them(browser):
    browser.cookies["language"] = "zh-hans"
    tab = Tab(browser, "/applications/new/")
    three = {"lines-TOTAL_FORMS": "3"} | row(1, code="1C902.b") | row(2, **ROW | {"quantity": "abc"})
    assert tab.type(**row(0, **ROW), **three) == 200
    assert "第 2、3 项" in tab.answer["said"]


def test_a_row_without_the_cell_that_is_wrong_hinders_no_later_one(browser):
    tab = Tab(browser, "/applications/new/")
    assert tab.type(**row(0, **ROW, purity="200")) == 200 and "not saved" not in tab.answer["said"]
    assert tab.type(**{"lines-TOTAL_FORMS": "2"}, **row(1, **ROW | {"quantity": "3"})) == 200
    assert tab.answer["left"] == ["Goods, line 1: Purity"] and "not saved" not in tab.answer["said"]
    lines = Application.objects.get().lines.order_by("number")
    assert [line.quantity for line in lines] == [12_500, 3_000]


def test_a_new_row_says_nothing_that_nobody_said(browser):
    """What its form proposes stands in no place of what was typed: goods of Atlantis are not Chinese."""
    tab = Tab(browser, "/applications/new/")
    two = {"lines-TOTAL_FORMS": "2"} | row(1, **ROW, origin="Vietnam")
    assert tab.type(**row(0, **ROW, origin="Atlantis"), **two) == 200
    assert [line.origin_id for line in Application.objects.get().lines.all()] == ["VN"]
    assert tab.answer["left"] == ["Goods, line 1: Country of origin"]
    assert "Goods: line 1 is not saved until that is right" in tab.answer["said"]


def test_of_a_row_that_stood_what_is_wrong_stays_as_it_stands_and_what_is_right_is_saved(browser, world):
    case = draft(world)
    case.lines.update(origin_id="VN", maker="Old")
    tab = Tab(browser, f"/applications/{case.ref}/edit/")
    assert tab.type(**row(0, origin="Atlantis", maker="New")) == 200
    assert [(line.origin_id, line.maker) for line in case.lines.all()] == [("VN", "New")]
    assert tab.answer["left"] == ["Goods, line 1: Country of origin"]
    assert tab.type(**row(0, maker="Newer", quantity="abc")) == 200
    assert case.lines.get().maker == "New"
    assert "Goods: line 1 is not saved until that is right" in tab.answer["said"]
    assert tab.type(**{"lines-TOTAL_FORMS": "2"}, **row(1, **ROW | {"quantity": "3"})) == 200
    assert [line.quantity for line in case.lines.order_by("number")][1:] == [3_000]


def test_a_row_that_stands_stays_while_it_is_typed_anew(browser):
    tab = Tab(browser, "/applications/new/")
    assert tab.type(**row(0, **ROW)) == 200
    assert tab.type(**row(0, quantity="")) == 200
    assert tab.answer["left"] == ["Goods, line 1: Quantity"]
    assert Application.objects.get().lines.get().quantity == 12_500


def test_no_row_that_stands_goes_while_another_is_added(browser):
    tab = Tab(browser, "/applications/new/")
    other = ROW | {"quantity": "3"}
    assert tab.type(**{"lines-TOTAL_FORMS": "2"}, **row(0, **ROW), **row(1, **other)) == 200
    third = {"lines-TOTAL_FORMS": "3"} | row(2, **ROW | {"quantity": "4"})
    assert tab.type(**row(1, quantity=""), **third) == 200
    assert tab.answer["left"] == ["Goods, line 2: Quantity"]
    assert "Goods: no change is saved until that is right" in tab.answer["said"]
    lines = Application.objects.get().lines.order_by("number")
    assert [line.quantity for line in lines] == [12_500, 3_000]
    assert tab.type(**row(1, quantity="5")) == 200
    assert [line.quantity for line in lines.all()] == [12_500, 5_000, 4_000]


@pytest.mark.slow
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


def test_a_lost_answer_begins_no_second_draft(browser):
    tab = Tab(browser, "/applications/new/")
    lost = tab.lose(contract_no="C-1")
    again = tab.send()
    assert (again.status_code, again.content) == (200, lost.content)
    tab.hear(again)
    assert tab.type(contract_no="C-12") == 200
    assert Application.objects.get().contract_no == "C-12"


def test_a_lost_answer_begins_no_second_declaration(browser, world):
    known = world.declaration()
    said = {name: getattr(known, name) for name in ("end_use_text", "product", "position_in_product", "process")}
    said |= {name: str(getattr(known, f"{name}_id")) for name in ("end_user", "end_use")}
    tab = Tab(browser, "/declarations/new/")
    lost = tab.lose(**said, yearly_need="7 t", items=str(known.items.get().control_item_id))
    assert tab.hear(tab.send()) == 200 and json.loads(lost.content) == tab.answer
    assert tab.type(product="Pumps") == 200
    assert Declaration.objects.exclude(pk=known.pk).get().product == "Pumps"


def test_what_the_server_writes_otherwise_is_no_conflict_with_oneself(browser, world):
    case = draft(world)
    tab = Tab(browser, f"/applications/{case.ref}/edit/")
    tab.lose(**{"lines-0-quantity": "1,200.5"})
    assert tab.hear(tab.send()) == 200
    assert tab.type(remarks="Urgent.") == 200
    assert case.lines.get().quantity == 1_200_500
    case.refresh_from_db()
    assert (case.remarks, case.version) == ("Urgent.", 3)


@pytest.mark.slow
def test_a_lost_answer_hides_no_change_of_a_colleagues(browser, world):
    case = draft(world)
    first, second = (Tab(browser, f"/applications/{case.ref}/edit/") for _ in range(2))
    first.lose(contract_no="C-1")
    assert second.type(remarks="Urgent.") == 412
    second = Tab(browser, f"/applications/{case.ref}/edit/")
    assert second.type(remarks="Urgent.") == 200
    assert first.hear(first.send()) == 200  # what it was answered then
    assert first.type(contract_no="C-2") == 412


def test_nobody_else_gets_an_answer_even_by_its_key(browser, world):
    colleague = make.colleague(world.exporter, "clerk").user
    theirs = Client()
    theirs.force_login(colleague)
    tab = Tab(browser, "/applications/new/")
    mine = tab.lose(contract_no="C-1")
    other = tab.send(browser=theirs)
    assert other.status_code == 200 and other.json()["address"] != mine.json()["address"]
    assert {row.created_by for row in Application.objects.all()} == {world.exporter.user, colleague}


def test_a_key_is_of_one_text(browser, world):
    tab = Tab(browser, "/applications/new/")
    tab.lose(contract_no="C-1")
    other = tab.send(data=urlencode(tab.form.filled({"contract_no": "C-2"})))
    assert other.status_code == 422 and "Idempotency-Key" in other.json()["said"]
    assert Application.objects.get().contract_no == "C-1"


def test_a_session_that_began_anew_gets_its_answer(browser):
    tab = Tab(browser, "/applications/new/")
    lost = tab.lose(contract_no="C-1")
    again = tab.send(data=f"{tab.sent[1]}&csrfmiddlewaretoken=another")
    assert (again.status_code, again.content) == (200, lost.content)


def test_a_page_that_knows_no_keys_saves_as_before(browser, world):
    case = draft(world)
    tab = Tab(browser, f"/applications/{case.ref}/edit/")
    for name in ("C-1", "C-2"):
        tab.typed["contract_no"] = name
        tab.sent = "", urlencode(tab.form.filled(tab.typed))
        assert tab.hear(tab.send()) == 200
    case.refresh_from_db()
    assert case.contract_no == "C-2"


def test_a_refusal_is_not_what_the_key_answers(browser, world):
    case = draft(world)
    tab = Tab(browser, f"/applications/{case.ref}/edit/")
    world.under_review(case.ref)
    assert tab.lose(contract_no="C-1").status_code == 409
    assert not Idempotency.objects.exists()


def test_what_is_still_being_saved_is_asked_for_again(browser, monkeypatch):
    def held(*args, **kwargs):
        raise in_progress()

    monkeypatch.setattr(applications.start, "claimed", held)
    answer = Tab(browser, "/applications/new/").lose(contract_no="C-1")
    assert (answer.status_code, answer.headers["Retry-After"]) == (409, "1")
