"""A line of goods in the application's form: what is filled in first, and folded below it what describes them."""

import pytest

from licensing.models import Application, ApplicationDocument, ControlItem
from licensing.web.forms import LineForm
from tests.licensing.test_prices import row_of, text

MAGNETS = ControlItem(code="1C905.a.4", unit="kg", element="Dy", category="magnet")
OXIDE = ControlItem(code="1C902.b", unit="kg", element="Tb", category="oxide")
ALLOY = ControlItem(code="1C908.a.2", unit="kg", element="Y", category="alloy")
MODEL, MAKER, CONTENTS, BASIS = (
    "Model or specification",
    "Maker",
    "Contained elements, at most",
    "How its contents are known",
)


@pytest.fixture
def browser(client, world):
    client.force_login(world.exporter.user)
    return client


def rest(**said):
    items = {item.code.lower(): item for item in (MAGNETS, OXIDE, ALLOY)}
    return LineForm({"origin": "CN"} | said, items=items).rest


def test_its_summary_tells_what_stands_there_in_words():
    said = {"specification": "N42SH", "composition": "Dy 2.1", "composition_basis": "declared", "purity": "99.9"}
    assert rest(code="1C905.a.4", **said).told == ["N42SH", "CN", "Dy 2.1", "Declared by the maker", "99.9 %"]


@pytest.mark.parametrize(
    ("said", "lacking"),
    [
        ({"code": "1C905.a.4"}, [MODEL, MAKER, CONTENTS]),
        ({"code": "1C905.A.4", "composition": "Tb 0.5", "maker": "X"}, [MODEL, CONTENTS, BASIS]),
        ({"code": "1C908.a.2", "composition": "Yb 0.5", "maker": "X"}, [MODEL, CONTENTS, BASIS]),
        ({"code": "1C908.a.2", "composition": "Yb 0.5, Y 3", "maker": "X"}, [MODEL, BASIS]),
        ({"code": "1C902.b", "specification": "A", "maker": " "}, [MAKER]),
        ({"code": "1C902.b", "specification": "A", "maker": "X", "composition": "Tb 80"}, [BASIS]),
        ({"description": "Magnets"}, [MODEL, MAKER]),
        ({}, []),
    ],
    ids=["magnets", "another-element", "longer-symbol", "both-symbols", "oxide", "basis", "no-code", "not-begun"],
)
def test_its_summary_names_what_has_to_be_said_before_the_case_is_sent(said, lacking):
    assert rest(**said).lacking == lacking


def typed(**said):
    lines = {"lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 0, "lines-0-origin": "CN"}
    right = {"code": "1C905.a.4", "description": "Magnets", "quantity": "5"}
    return {"kind": "annual", "version": 1} | lines | {f"lines-0-{name}": one for name, one in (right | said).items()}


def test_it_stands_open_where_something_is_wrong_with_it_and_says_with_what(browser):
    page = text(browser.post("/applications/new/", typed(purity="200", hs_code="8505")))
    assert '<details class="rest" open>' in page
    assert "Wrong: Customs goods code · Purity" in page
    assert '<details class="rest" open>' not in text(browser.post("/applications/new/", typed(quantity="x")))


def test_without_a_script_a_button_saves_and_adds_a_line(browser):
    first = browser.post("/applications/new/", typed() | {"add": "line"})
    row = Application.objects.latest("pk")
    assert first.url == f"/applications/{row.ref}/edit/#id_lines-1-code"
    assert 'name="lines-1-code"' in text(browser.get(first.url))


def test_a_line_says_its_unit_and_what_it_lacks(browser, world):
    row = row_of(world)
    row.lines.update(maker="")
    page = text(browser.get(f"/applications/{row.ref}/edit/"))
    assert '<output id="lines-0-unit" data-unit> kg </output>' in page
    assert 'data-says="Missing: {fields}"> Missing: Maker </span>' in page


def test_the_empty_form_says_which_papers_are_needed(browser, monkeypatch):
    monkeypatch.setitem(ApplicationDocument.NEEDED, ApplicationDocument.Type.OTHER, "Add a map.")
    page = text(browser.get("/applications/new/"))
    assert all(f"<li>{words}</li>" in page for words in ApplicationDocument.NEEDED.values())


def test_the_form_of_a_draft_says_which_papers_its_kind_needs(browser, world):
    row = row_of(world)
    proves = [f"<li>{words}</li>" for words in ApplicationDocument.NEEDED_SPECIAL.values()]
    assert not any(words in text(browser.get(f"/applications/{row.ref}/edit/")) for words in proves)
    Application.objects.filter(pk=row.pk).update(kind="special")
    assert all(words in text(browser.get(f"/applications/{row.ref}/edit/")) for words in proves)
