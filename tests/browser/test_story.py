"""The whole story in a browser, without JavaScript and with it: file, ask, answer, recommend, decide, issue, see."""

from datetime import timedelta

import pytest

from config.local.visitor import Client
from core.legal_time import legal_now, legal_today
from licensing.models import Application, ApplicationDocument, License

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]

PDF = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer << >>\n%%EOF\n"


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_from_filing_to_the_license(sign_in, demo_world, script):
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
    exporter.locator("[name=lines-0-unit_price]").fill("412.50")
    exporter.locator("[name=currency]").select_option("CNY")
    exporter.locator(".rest > summary").click()
    exporter.locator("[name=lines-0-composition]").fill("Dy 2.1")
    exporter.locator("[name=lines-0-composition_basis]").select_option("declared")
    exporter.locator("[name=lines-0-specification]").fill("N42SH")
    exporter.locator("[name=lines-0-maker]").fill("Lanting Magnetics")
    exporter.locator("[name=purpose]").select_option("sale")
    exporter.locator("[name=red_flag]").select_option("none")
    exporter.locator("[name=trade_mode]").select_option("ordinary")
    exporter.locator("[name=transport_mode]").select_option("sea")
    exporter.get_by_role("group", name="Nordwind Drives GmbH").get_by_role("checkbox").first.check()
    exporter.locator("[name=consignees]").locator("xpath=..").get_by_text("Nordwind Drives GmbH").first.click()
    exporter.get_by_role("button", name="Save draft").click()
    exporter.wait_for_url("**/applications/AP-*/")
    ref = exporter.url.rstrip("/").split("/")[-1]
    for type_ in ApplicationDocument.NEEDED:
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

    # the reviewer here holds both roles, so that only the round stands between them and deciding
    intake, reviewer, decider = (sign_in(name, script=script) for name in ("song.jie", "ma.lan", "han.rui"))
    step(intake, ref, "accept")
    step(reviewer, ref, "assign")
    reviewer.goto(f"/desk/cases/{ref}/")
    ask = opened(reviewer, ref, "ask")
    ask.locator("[name=text]").fill("Why so much?")
    ask.locator("[name=about][value=quantity]").check()
    ask.locator("[name=due_on]").fill((today + timedelta(days=14)).isoformat())
    ask.locator("button").last.click()
    reviewer.wait_for_load_state()

    exporter.goto("/")
    exporter.get_by_role("link", name="Reply").first.wait_for()
    exporter.goto(f"/applications/{ref}/")
    assert "Why so much?" in exporter.locator("main").inner_text()
    exporter.locator(f"form[action$='/{ref}/answer/'] [name=text]").fill("A new line opens in March.")
    exporter.locator(f"form[action$='/{ref}/answer/'] [name=final]").click()
    exporter.wait_for_load_state()

    reviewer.goto(f"/desk/cases/{ref}/")
    assert "A new line opens in March." in reviewer.locator("main").inner_text()
    screen = opened(reviewer, ref, "screen")
    screen.locator("[name=hit][value=none]").check()
    screen.locator("[name=list_version]").fill("Lists of 2 November 2026")
    screen.locator("button").last.click()
    reviewer.wait_for_load_state()
    reviewer.goto(f"/desk/cases/{ref}/")
    recommend = opened(reviewer, ref, "recommend")
    recommend.locator("[name=quantity_1]").fill("4000")
    recommend.locator("[name=text]").fill("4,000 kg is what the plant named takes.")
    recommend.locator("[name=outcome][value=approve]").check()
    recommend.locator("button").last.click()
    reviewer.wait_for_load_state()
    assert Application.objects.get(ref=ref).state == "awaiting_decision"

    reviewer.goto(f"/desk/cases/{ref}/")
    token = reviewer.locator("[name=csrfmiddlewaretoken]").first.get_attribute("value")
    decider.goto(f"/desk/cases/{ref}/")
    seen = decider.locator(f"form[action$='/{ref}/approve/'] [name=seen]").get_attribute("value")
    own = reviewer.request.post(
        f"/desk/cases/{ref}/approve/",
        form={"csrfmiddlewaretoken": token, "seen": seen},
        headers={"Referer": reviewer.url},
    )
    assert own.status == 403
    assert "another officer must decide" in own.text()
    assert Application.objects.get(ref=ref).state == "awaiting_decision"
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
    the_rest_story(demo_world, license)

    stranger = sign_in("chen.yu", script=script)
    for path in (f"/licenses/{license.ref}/", f"/applications/{ref}/"):
        assert stranger.goto(path).status == 404


def the_rest_story(demo_world, license):
    """A client takes from the license that the browser just showed; another exporter's client gets 404."""
    server, _, world = demo_world
    mine, other = (Client(server.url, entry["key"]) for entry in world.keys)
    party = license.end_users.get().party.ref
    body = {
        "license": license.ref,
        "client_reference": "STORY-1",
        "end_user": party,
        "consignee": party,
        "destination": "DE",
        "port": "CNSHA",
        "planned_on": legal_today().isoformat(),
        "lines": [{"license_line": 1, "quantity": "1000.000", "unit": "kg"}],
    }
    assert other.call("POST", "/shipments/", body, Idempotency_Key="other")[0] == 404
    status, made = mine.call("POST", "/shipments/", body, Idempotency_Key="story")
    assert (status, made["lines"][0]["available_after"]) == (201, "3000.000")
    at = legal_now().isoformat(timespec="seconds")
    message = {
        "message_id": "STORY-1",
        "event": "cleared",
        "shipment": made["reference"],
        "declaration_no": "530120269999999991",
        "declared_at": at,
        "cleared_at": at,
        "final": True,
        "lines": [{"license_line": 1, "quantity": "998.500", "unit": "kg"}],
    }
    assert mine.call("POST", "/customs/messages/", message)[0] == 403
    assert Client(server.url, world.customs_key).call("POST", "/customs/messages/", message)[0] == 200
    _, seen = mine.call("GET", f"/licenses/{license.ref}/")
    assert (seen["lines"][0]["drawn"], seen["lines"][0]["available"]) == ("998.500", "3001.500")


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
