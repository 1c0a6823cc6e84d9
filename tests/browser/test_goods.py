"""The table of goods while it is typed into: what a row says of itself, how it folds, and where it is a card."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_autosave import PASTE

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]

ROWS = (
    "1C905.a.4\tArc magnets\t1,200.5\t58.25\t85051110\tN42SH\t\tCN\tDy 2.1\tdeclared\t\r\n"
    "1C902.b\tOxide\t7\t\t\tA\tX\tVN\t\t\t99.9\r\n"
    "1C908.a.2\tAlloy\t3\t\t\tA\tX\tCN\tYb 0.5\tdeclared\t\r\n"
)
TOP = "all => all.map(one => Math.round(one.getBoundingClientRect().top))"


def summaries(page):
    return [" ".join(one.split()) for one in page.locator(".rest > summary").all_inner_texts()]


def test_a_row_says_while_it_is_typed_what_its_page_says_once_it_is_saved(sign_in):
    page = sign_in("lin.wei")
    page.goto("/applications/new/")
    assert summaries(page) == ["Line 1 Model, maker, origin, contents"]
    page.locator("[name=lines-0-code]").focus()
    page.evaluate(PASTE, ROWS)
    told = summaries(page)
    assert told == [
        "Line 1 Model, maker, origin, contents 85051110 · N42SH · CN · Dy 2.1 · Declared by the maker Missing: Maker",
        "Line 2 Model, maker, origin, contents A · X · VN · 99.9 %",
        "Line 3 Model, maker, origin, contents A · X · CN · Yb 0.5 · Declared by the maker "
        "Missing: Contained elements, at most",
    ]
    assert page.locator("output[data-unit]").all_inner_texts() == ["kg"] * 3
    expect(page.locator("#saved")).to_contain_text("Saved at")
    page.reload()
    saved = [one.replace("Dy 2.1 ·", "Dy 2.1 % ·").replace("Yb 0.5 ·", "Yb 0.5 % ·") for one in told]
    assert summaries(page)[:3] == saved


def test_a_link_to_what_lacks_unfolds_it_and_the_keyboard_does(sign_in):
    page = sign_in("lin.wei")
    page.goto("/applications/new/#id_lines-0-maker")
    expect(page.locator("[name=lines-0-maker]")).to_be_visible()
    summary = page.locator(".rest > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[name=lines-0-maker]")).to_be_hidden()


def test_what_is_wrong_with_a_folded_field_unfolds_it(sign_in):
    page = sign_in("lin.wei")
    page.goto("/applications/new/")
    page.locator("[name=lines-0-code]").focus()
    page.evaluate(PASTE, "1C902.b\tOxide\t7\t\t\tA\tX\tVN\t\t\t200")
    expect(page.locator("#saved")).to_contain_text("Goods, line 1: Purity")
    page.locator("[name=remarks]").focus()
    expect(page.locator("[name=lines-0-purity]")).to_be_visible()
    assert page.locator(".field:has([name=lines-0-purity]) .errmsg").inner_text() == "At most 100."


@pytest.mark.parametrize(("width", "rows"), [(1280, 1), (900, 1), (390, 4)])
def test_a_line_is_one_row_of_a_table_and_a_card_on_a_phone(width, rows, sign_in):
    page = sign_in("lin.wei", width=width)
    page.goto("/applications/new/")
    inputs = page.locator("[data-row] tr:first-child input")
    assert len(set(inputs.evaluate_all(TOP))) == rows
    assert page.locator(".lines thead th").first.is_visible() is (rows == 1)
    assert page.get_by_label("Line 1 Quantity").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
