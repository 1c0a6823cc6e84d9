"""A draft in a real browser: saved while it is typed, through a server that dies, and in two tabs."""

import re
import time
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from licensing.models import Application

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]


def new_draft(page):
    page.goto("/applications/new/")
    page.locator("[name=contract_no]").fill("C-1")
    expect(page.locator("#saved")).to_contain_text("Saved at")
    expect(page).to_have_url(re.compile(r"/applications/AP-\w+/edit/"))
    return Application.objects.latest("pk")


def written(page, case, **facts):
    """The draft holds this, as soon as the page has saved it."""
    until = time.monotonic() + 15
    while not Application.objects.filter(pk=case.pk, **facts).exists():
        assert time.monotonic() < until, facts
        page.wait_for_timeout(100)
    case.refresh_from_db()


def test_what_is_typed_is_saved_without_a_click(sign_in):
    page = sign_in("lin.wei")
    case = new_draft(page)
    page.locator("[name=remarks]").press_sequentially("We ship in March.", delay=30)
    page.locator("[name=lines-0-code]").fill("1C905.a.4")
    page.locator("[name=lines-0-quantity]").fill("12.5")
    expect(page.locator("#saved")).to_contain_text("Goods")  # no description yet
    page.locator("[name=lines-0-description]").fill("N42SH")
    expect(page.locator("#saved")).to_have_text(re.compile(r"^Saved at \d\d:\d\d$"))
    case.refresh_from_db()
    assert (case.contract_no, case.remarks, case.lines.get().quantity) == ("C-1", "We ship in March.", 12_500)
    page.locator("[name=remarks]").fill("We ship in April.")
    page.get_by_role("button", name="Save draft").click()  # while the last change is under way
    page.wait_for_url(lambda url: url.endswith(f"/applications/{case.ref}/"))
    case.refresh_from_db()
    assert case.remarks == "We ship in April." and Application.objects.filter(contract_no="C-1").count() == 1


def test_a_dead_server_loses_nothing(sign_in, demo_world):
    server = demo_world[0]
    page = sign_in("lin.wei")
    case = new_draft(page)
    server.kill()
    page.locator("[name=remarks]").fill("Typed into the dark.")
    expect(page.locator("#saved")).to_contain_text("Not saved")
    page.get_by_role("button", name="Save draft").click()  # the page stays
    assert page.locator("[name=remarks]").input_value() == "Typed into the dark."
    server.start()
    expect(page.locator("#saved")).to_contain_text("Saved at", timeout=10_000)
    case.refresh_from_db()
    assert case.remarks == "Typed into the dark."


def lose(page, answers):
    """What is sent from now on is done, and so many answers do not arrive; the one after says that it is under way."""
    left = list(range(answers + 1))

    def hear(route):
        if "x-autosave" not in route.request.headers or not left:
            return route.continue_()
        if left.pop():
            route.fetch()
            return route.abort()
        return route.fulfill(status=409, headers={"Retry-After": "1"}, json={"said": "Under way."})

    page.route("**/*", hear)


def test_a_lost_answer_begins_no_second_draft(sign_in):
    page = sign_in("lin.wei")
    page.goto("/applications/new/")
    lose(page, 1)
    page.locator("[name=contract_no]").fill("C-lost")
    expect(page.locator("#saved")).to_contain_text("did not reach us")
    page.locator("[name=remarks]").fill("Typed since.")
    expect(page.locator("#saved")).to_contain_text("Saved at", timeout=15_000)
    expect(page).to_have_url(re.compile(r"/applications/AP-\w+/edit/"))
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url(re.compile(r"/applications/AP-\w+/$"))
    assert Application.objects.get(contract_no="C-lost").remarks == "Typed since."


def test_a_page_opened_anew_asks_for_the_answer_that_it_lost(sign_in):
    page = sign_in("lin.wei")
    page.goto("/applications/new/")
    lose(page, 1)
    page.locator("[name=contract_no]").fill("C-lost")
    expect(page.locator("#saved")).to_contain_text("did not reach us")
    page.unroute("**/*")
    page.reload()
    expect(page).to_have_url(re.compile(r"/applications/AP-\w+/edit/"))
    assert page.locator("[name=contract_no]").input_value() == "C-lost"
    assert Application.objects.filter(contract_no="C-lost").count() == 1


def test_what_the_server_writes_otherwise_is_no_conflict_with_oneself(sign_in):
    page = sign_in("lin.wei")
    case = new_draft(page)
    page.locator("[name=lines-0-code]").fill("1C905.a.4")
    page.locator("[name=lines-0-description]").fill("N42SH")
    with page.expect_response("**/edit/"):
        page.locator("[name=lines-0-quantity]").fill("1")
    expect(page.locator("#saved")).to_have_text(re.compile(r"^Saved at"))
    lose(page, 1)
    page.locator("[name=lines-0-quantity]").fill("1,200.5")
    expect(page.locator("#saved")).to_contain_text("did not reach us")
    page.locator("[name=remarks]").fill("Typed since.")
    expect(page.locator("#saved")).to_contain_text("Saved at", timeout=15_000)
    written(page, case, remarks="Typed since.")  # what was lost is saved first, and then what was typed since
    assert (case.lines.get().quantity, case.remarks) == (1_200_500, "Typed since.")


def test_a_closed_browser_finds_what_was_not_saved(sign_in, demo_world):
    server = demo_world[0]
    page = sign_in("lin.wei")
    case = new_draft(page)
    server.kill()
    page.locator("[name=remarks]").fill("Typed into the dark.")
    page.locator("[data-add]").click()
    page.locator("[name=lines-1-description]").fill("Half a line")
    expect(page.locator("#saved")).to_contain_text("Not saved")
    server.start()
    other = page.context.new_page()
    page.close()
    other.goto(f"/applications/{case.ref}/edit/")
    expect(other.locator("[name=remarks]")).to_have_value("Typed into the dark.")
    assert other.locator("[name=lines-1-description]").input_value() == "Half a line"
    expect(other.locator("#saved")).to_contain_text("Saved at")
    case.refresh_from_db()
    assert case.remarks == "Typed into the dark."


def test_two_tabs_are_asked_and_nothing_is_overwritten(sign_in):
    page = sign_in("lin.wei")
    case = new_draft(page)
    other = page.context.new_page()
    other.goto(f"/applications/{case.ref}/edit/")
    other.locator("[name=contract_no]").fill("C-other")
    expect(other.locator("#saved")).to_contain_text("Saved at")
    page.locator("[name=contract_no]").fill("C-mine")
    expect(page.locator("#saved")).to_contain_text("Somebody changed this")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#conflicts")).to_contain_text("C-other")
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url(lambda url: url.endswith(f"/applications/{case.ref}/"))
    case.refresh_from_db()
    assert case.contract_no == "C-mine"


def test_what_the_button_saved_does_not_come_back(sign_in):
    page = sign_in("lin.wei")
    case = new_draft(page)
    other = page.context.new_page()
    other.goto(f"/applications/{case.ref}/edit/")
    other.locator("[name=remarks]").fill("Theirs.")
    expect(other.locator("#saved")).to_contain_text("Saved at")
    page.locator("[name=contract_no]").fill("C-mine")
    expect(page.locator("#saved")).to_contain_text("Somebody changed this")
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url(lambda url: url.endswith(f"/applications/{case.ref}/"))
    other.goto(f"/applications/{case.ref}/edit/")
    other.locator("[name=contract_no]").fill("C-later")
    expect(other.locator("#saved")).to_contain_text("Saved at")
    page.goto(f"/applications/{case.ref}/edit/")
    page.wait_for_timeout(1_500)
    assert page.locator("[name=contract_no]").input_value() == "C-later"
    case.refresh_from_db()
    assert (case.contract_no, case.remarks) == ("C-later", "Theirs.")


PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
  return document.activeElement.dispatchEvent(event);
}"""


def test_rows_of_a_spreadsheet_are_pasted_and_saved(sign_in):
    page = sign_in("lin.wei")
    case = new_draft(page)
    page.locator("[name=lines-0-code]").focus()
    with page.expect_response("**/edit/"):
        page.evaluate(PASTE, "1C905.a.4\tN42SH\t1,200.5\t58.25\t85051110\r\n1C902.b\tOxide 99.9 %\t7\r\n")
        assert page.locator("[name=lines-1-description]").input_value() == "Oxide 99.9 %"
    expect(page.locator("#saved")).to_have_text(re.compile(r"^Saved at \d\d:\d\d$"))
    goods = case.lines.order_by("number").values_list("control_item__code", "quantity", "hs_code", "description")
    assert list(goods) == [("1C905.a.4", 1_200_500, "85051110", "N42SH"), ("1C902.b", 7_000, "", "Oxide 99.9 %")]
    assert [line.value for line in case.lines.order_by("number")] == [Decimal("69929.13"), None]
    assert page.locator("[data-worth]").first.inner_text() == "69,929.13"


HEADED = (
    "物项代码\tDescription\tQuantity (kg)\tPrice\tHS\r\n"
    '1C905.a.4\t"Magnets, ""N42SH"",\r\ncoated\twith Ni"\t12.5\t\t85051110\r\n'
    '1C902.b\t5" discs\t7\r\n'
)


def test_headings_are_left_out_and_quoted_cells_are_read_whole(sign_in):
    page = sign_in("lin.wei")
    case = new_draft(page)
    page.locator("[name=lines-0-code]").focus()
    with page.expect_response("**/edit/"):
        page.evaluate(PASTE, HEADED)
    expect(page.locator("#saved")).to_have_text(re.compile(r"^Saved at \d\d:\d\d$"))
    goods = case.lines.order_by("number").values_list("control_item__code", "quantity", "description")
    assert list(goods) == [
        ("1C905.a.4", 12_500, 'Magnets, "N42SH", coated with Ni'),
        ("1C902.b", 7_000, '5" discs'),
    ]
    said = page.locator("#live").inner_text()
    assert said == "2 rows were pasted. Look them over. The first row was read as headings, and left out."


def test_a_first_row_without_a_quantity_is_no_heading(sign_in):
    page = sign_in("lin.wei")
    page.goto("/applications/new/")
    page.locator("[name=lines-0-code]").focus()
    page.evaluate(PASTE, "1C905.a.4\tN42SH\n1C902.b\tOxide\t7")
    rows = [page.locator(f"[name=lines-{row}-description]").input_value() for row in (0, 1)]
    assert rows == ["N42SH", "Oxide"]


def test_a_choice_is_pasted_by_its_slug_or_its_words_in_any_case(sign_in):
    page = sign_in("lin.wei")
    page.goto("/applications/new/")
    page.locator("[name=lines-0-code]").focus()
    said = ("MEASURED", "declared by the maker", "guessed")
    page.evaluate(PASTE, "\r\n".join("\t".join(["1C902.b", "Oxide", "7", *[""] * 6, one]) for one in said))
    found = [page.locator(f"[name=lines-{number}-composition_basis]").input_value() for number in range(3)]
    assert found == ["measured", "declared", ""]


def test_a_word_that_no_choice_is_called_leaves_what_was_chosen_and_is_named(sign_in):
    page = sign_in("lin.wei")
    page.goto("/applications/new/")
    page.locator(".rest > summary").click()
    page.locator("[name=lines-0-composition_basis]").select_option("declared")
    page.locator("[name=lines-0-code]").focus()
    page.evaluate(PASTE, "\t".join(["1C902.b", "Oxide", "7", *[""] * 6, "guessed"]))
    assert page.locator("[name=lines-0-composition_basis]").input_value() == "declared"
    said = page.locator("[data-paste-left]")
    assert said.inner_text() == "No choice is called so, and what was chosen stays: guessed"
    page.evaluate(PASTE, "\t".join(["1C902.b", "Oxide", "7", *[""] * 6, "measured"]))
    assert page.locator("[name=lines-0-composition_basis]").input_value() == "measured" and said.is_hidden()


def test_what_nobody_sees_of_a_pasted_text_is_left_out(sign_in):
    page = sign_in("lin.wei")
    case = new_draft(page)
    page.locator("[name=lines-0-code]").focus()
    with page.expect_response("**/edit/"):
        page.evaluate(PASTE, '\ufeff\u200e1C905.a.4\t"N\u202e42\u00a0SH\ta"\t1\u00a0200')
    expect(page.locator("#saved")).to_have_text(re.compile(r"^Saved at \d\d:\d\d$"))
    assert case.lines.get().description == "N42 SH a"
    page.locator(".rest > summary").first.click()
    page.locator("[name=lines-0-maker]").focus()
    assert page.evaluate(PASTE, "\u200eTop\u00a0Co") is False
    assert page.locator("[name=lines-0-maker]").input_value() == "Top Co"


def test_a_text_that_hides_something_ends_no_saving(sign_in):
    page = sign_in("lin.wei")
    case = new_draft(page)
    page.locator("[name=remarks]").fill("Soon\u202e")
    expect(page.locator("#saved")).to_contain_text("should know: The text has a character that is not allowed")
    page.locator("[name=contract_no]").fill("C-2")
    written(page, case, contract_no="C-2")
    assert case.remarks == ""
    page.locator("[name=remarks]").fill("Soon")
    expect(page.locator("#saved")).to_have_text(re.compile(r"^Saved at \d\d:\d\d$"))
    case.refresh_from_db()
    assert case.remarks == "Soon"


def test_one_value_is_pasted_as_anywhere(sign_in):
    page = sign_in("lin.wei")
    page.goto("/applications/new/")
    page.locator("[name=lines-0-code]").focus()
    assert page.evaluate(PASTE, "1C905.a.4") is True  # left to the browser
    assert page.evaluate(PASTE, "1C905.a.4\tN42SH") is False


def test_what_a_tab_that_is_open_keeps_is_taken_by_no_other(sign_in):
    """Else both would save it: a second draft of the same."""
    first = sign_in("lin.wei")
    first.goto("/declarations/new/")
    first.locator("[name=product]").fill("Pumps")
    expect(first.locator("#saved")).to_contain_text("First complete")
    second = first.context.new_page()
    second.goto("/declarations/new/")
    second.wait_for_timeout(500)
    assert second.locator("[name=product]").input_value() == ""
    first.reload()
    expect(first.locator("[name=product]")).to_have_value("Pumps")
    first.close()
    second.reload()
    expect(second.locator("[name=product]")).to_have_value("Pumps")


def test_a_page_that_is_come_back_to_lends_its_name_to_no_other(sign_in):
    """A tab that is duplicated from it would take it along."""
    page = sign_in("lin.wei")
    page.goto("/declarations/new/")
    name = "() => sessionStorage.getItem('draft-tab')"
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert page.evaluate(name)
    page.evaluate("dispatchEvent(new Event('pageshow'))")
    assert page.evaluate(name) is None


def test_what_a_tab_kept_itself_is_there_before_anybody_types(sign_in):
    page = sign_in("lin.wei")
    page.goto("/declarations/new/")
    page.locator("[name=product]").fill("Pumps")
    expect(page.locator("#saved")).to_contain_text("First complete")
    page.add_init_script("LockManager.prototype.query = () => new Promise(() => {})")
    page.reload()
    expect(page.locator("[name=product]")).to_have_value("Pumps")


FOUR = "\r\n".join(
    "\t".join((code, f"N4{number}SH", quantity, "5", "85051110", "N42", "Top", origin))
    for number, (code, quantity, origin) in enumerate(
        [("1C905.a.4", "12.5", "CN"), ("1X", "1", "CN"), ("1C902.b", "abc", "CN"), ("1C902.b", "7", "Atlantis")]
    )
)


@pytest.mark.parametrize(("begun", "wait"), [(True, True), (False, True), (False, False)])
def test_rows_that_were_pasted_come_back_as_they_were_when_the_button_is_refused(sign_in, begun, wait):
    page = sign_in("lin.wei")
    page.goto("/applications/new/")
    if begun:
        case = new_draft(page)
        page.locator("[name=lines-0-code]").fill("1C905.a.4")
        page.locator("[name=lines-0-description]").fill("Old")
        page.locator("[name=lines-0-quantity]").fill("1")
        page.get_by_role("button", name="Save draft").click()
        page.wait_for_url(lambda url: url.endswith(f"/applications/{case.ref}/"))
        page.goto(f"/applications/{case.ref}/edit/")
    page.locator("[name=lines-0-code]").focus()
    page.evaluate(PASTE, FOUR)
    if wait:
        expect(page.locator("#saved")).to_contain_text("Goods: lines 2, 3, 4 are not saved until that is right")
    with page.expect_navigation():
        page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".errsum")).to_be_visible()
    rows = [page.locator(f"[name=lines-{row}-description]").input_value() for row in range(4)]
    assert rows == ["N40SH", "N41SH", "N42SH", "N43SH"]
    assert page.locator("[name=lines-3-origin]").input_value() == "Atlantis"
