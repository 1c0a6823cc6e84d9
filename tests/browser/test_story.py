"""The whole story in a browser, without JavaScript and with it: file, ask, answer, recommend, decide, issue, see."""

from datetime import timedelta

import pytest

from core.legal_time import legal_today
from licensing.models import Application, License

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PDF = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer << >>\n%%EOF\n"


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_from_filing_to_the_license(sign_in, script):
    exporter = sign_in("lin.wei", script=script)
    today = legal_today()
    exporter.goto("/applications/new/?kind=annual")
    exporter.locator("[name=kind][value=annual]").check()
    exporter.locator("[name=contract_no]").fill("STORY-1")
    exporter.locator("[name=contract_on]").fill((today - timedelta(days=9)).isoformat())
    exporter.locator("[name=planned_from]").fill(today.isoformat())
    exporter.locator("[name=planned_until]").fill((today + timedelta(days=300)).isoformat())
    exporter.locator("[name=lines-0-code]").fill("1C905.a.4")
    exporter.locator("[name=lines-0-description]").fill("Arc magnets N42SH, Dy 2.1 %")
    exporter.locator("[name=lines-0-quantity]").fill("4200.500")
    exporter.get_by_label("Nordwind Drives GmbH", exact=False).first.check()
    exporter.locator("[name=consignees]").locator("xpath=..").get_by_text("Nordwind Drives GmbH").first.click()
    exporter.get_by_role("button", name="Save").first.click()
    exporter.wait_for_url("**/applications/AP-*/")
    ref = exporter.url.rstrip("/").split("/")[-1]
    for type_ in ("contract", "tech_desc"):
        exporter.locator("[name=type]").select_option(type_)
        exporter.locator("[name=file]").set_input_files(
            {"name": f"{type_}.pdf", "mimeType": "application/pdf", "buffer": PDF}
        )
        exporter.locator(f"form[action$='/applications/{ref}/documents/'] button").first.click()
        exporter.wait_for_load_state()
    exporter.goto(f"/applications/{ref}/submit/")
    exporter.locator("main form button").last.click()
    exporter.wait_for_url(f"**/applications/{ref}/")
    assert "Submitted" in exporter.locator("main").inner_text()

    intake, reviewer, decider = (sign_in(name, script=script) for name in ("song.jie", "zhao.min", "han.rui"))
    step(intake, ref, "accept")
    step(reviewer, ref, "assign")
    reviewer.goto(f"/desk/cases/{ref}/")
    ask = opened(reviewer, ref, "ask")
    ask.locator("[name=text]").fill("Why so much?")
    ask.locator("[name=due_on]").fill((today + timedelta(days=14)).isoformat())
    ask.locator("button").last.click()
    reviewer.wait_for_load_state()

    exporter.goto("/")
    exporter.get_by_role("link", name="Reply").first.wait_for()
    exporter.goto(f"/applications/{ref}/")
    assert "Why so much?" in exporter.locator("main").inner_text()
    exporter.locator(f"form[action$='/{ref}/answer/'] [name=text]").fill("A new line opens in March.")
    exporter.locator(f"form[action$='/{ref}/answer/'] button").last.click()
    exporter.wait_for_load_state()

    reviewer.goto(f"/desk/cases/{ref}/")
    assert "A new line opens in March." in reviewer.locator("main").inner_text()
    recommend = opened(reviewer, ref, "recommend")
    recommend.locator("[name=quantity_1]").fill("4000")
    recommend.locator("[name=outcome][value=approve]").check()
    recommend.locator("button").last.click()
    reviewer.wait_for_load_state()
    assert Application.objects.get(ref=ref).state == "awaiting_decision"

    reviewer.goto(f"/desk/cases/{ref}/")
    assert reviewer.locator(f"form[action$='/{ref}/approve/']").count() == 0
    decider.goto("/desk/countersign/")
    decider.get_by_role("link", name=ref).first.click()
    step(decider, ref, "approve")
    step(decider, ref, "issue")
    license = License.objects.get(application__ref=ref)
    assert license.lines.get().authorized == 4_000_000

    exporter.goto(f"/licenses/{license.ref}/")
    seen = exporter.locator("main").inner_text()
    assert "In force" in seen
    assert "4,000 kg" in seen


def opened(page, ref, verb):
    """The verb's form, unfolded."""
    form = page.locator(f"form[action$='/desk/cases/{ref}/{verb}/']")
    if not form.locator("button").last.is_visible():
        form.locator("xpath=ancestor::details[1]/summary").click()
    return form


def step(page, ref, verb):
    page.goto(f"/desk/cases/{ref}/")
    opened(page, ref, verb).locator("button").last.click()
    page.wait_for_load_state()


def test_a_clerk_records_a_shipment_by_keyboard_alone(sign_in):
    page = sign_in("wu.fang")
    license = License.objects.filter(kind="annual", exporter__organization__name_en__startswith="Lanting").first()
    page.goto(f"/shipments/new/?license={license.ref}")
    met = []
    for _ in range(80):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.name || document.activeElement.textContent.trim().slice(0, 40)")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"no visible focus on {name!r} after {met}"
        met.append(name)
        if name == "planned_on":  # the date field takes digits part by part
            page.keyboard.type(legal_today().strftime("%m%d%Y"))
        elif name == "client_reference":
            page.keyboard.type("KEYS-1")
        elif name == "quantity_1":
            page.keyboard.type("1")
        elif name.startswith("Reserve"):
            page.keyboard.press("Enter")
            break
    page.wait_for_url("**/shipments/SH-*/")
    assert "Reserved" in page.locator("main").inner_text()
