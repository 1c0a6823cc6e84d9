"""What leaves the straight way, in a browser, without JavaScript on a phone and with it at a desk: refused, contested,
changed, amended, handed back; and a license that a decider must revoke."""

import pytest

from config.local.demo.papers import pdf
from core.legal_time import legal_today
from licensing.models import Application, License

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]

WAYS = pytest.mark.parametrize(
    ("script", "width"), [(True, 1280), (False, 390)], ids=["with-javascript", "small-and-without"]
)


@WAYS
def test_who_is_refused_contests_wins_amends_and_hands_back(sign_in, demo_world, script, width):
    def enter(name):
        return sign_in(name, script=script, width=width)

    exporter, intake, reviewer, decider, other, contested = map(
        enter, ("lin.wei", "song.jie", "zhao.min", "han.rui", "ma.lan", "bai.ru")
    )
    case = Application.objects.get(contract_no="DEL-2026-09")
    desk, own = f"/desk/cases/{case.ref}/", f"/applications/{case.ref}/"

    reviewed(desk, intake, reviewer)
    said(reviewer, desk, "recommend", outcome=["refuse"], factors=["END_USE"], text="The use is not told.")
    said(decider, desk, "refuse", factors=["END_USE"], text="Nobody told what the oxide is for.")
    assert "Nobody told what the oxide is for." in told(exporter, own)
    said(exporter, own, "reconsider", grounds="It is: servo drives.", files=["drives.pdf"])

    said(contested, desk, "admit")
    said(contested, desk, "change", outcome=(), quantity_1="800", text="It is told in the contract.")
    assert "It is told in the contract." in told(exporter, own)
    said(other, desk, "issue")
    license = License.objects.get(application=case)
    assert "800 kg" in told(exporter, f"/licenses/{license.ref}/")

    said(exporter, f"/licenses/{license.ref}/", "amend")
    draft = Application.objects.get(amends=license)
    exporter.goto(f"/applications/{draft.ref}/edit/")
    exporter.locator("[name=lines-0-quantity]").fill("600")
    exporter.get_by_role("button", name="Save draft").click()
    exporter.wait_for_url(f"**/applications/{draft.ref}/")
    exporter.goto(f"/applications/{draft.ref}/submit/")
    exporter.locator("main form button").last.click()
    exporter.wait_for_url(f"**/applications/{draft.ref}/")
    desk = f"/desk/cases/{draft.ref}/"
    reviewed(desk, intake, reviewer)
    said(reviewer, desk, "recommend", outcome=["approve"], text="Less is enough.")
    for verb in ("approve", "issue"):
        said(decider, desk, verb)
    amended = License.objects.get(replaces=license)
    assert "Replaced" in told(exporter, f"/licenses/{license.ref}/")
    assert "600 kg" in told(exporter, f"/licenses/{amended.ref}/")

    said(exporter, f"/licenses/{amended.ref}/", "surrender", reason="The order was called off.")
    assert "Handed back" in told(exporter, f"/licenses/{amended.ref}/")
    amended.refresh_from_db()
    assert amended.state == "surrendered"


@WAYS
def test_a_decider_revokes_and_another_signs(sign_in, demo_world, script, width):
    first, second, exporter = (sign_in(name, script=script, width=width) for name in ("han.rui", "ma.lan", "lin.wei"))
    license = License.objects.filter(kind="per_shipment", exporter__organization__name_en__startswith="Lanting").get()
    desk = f"/desk/licenses/{license.ref}/"
    facts = {"end_reason": ["penalty"], "provision": "ECL Art. 34", "reason": "It was obtained by a false contract."}
    heard = {"hearing": ["hearing.pdf"], "heard_on": legal_today().isoformat()}
    said(first, desk, "propose_revoke", **facts)
    assert License.objects.get(pk=license.pk).state == "active"  # a penalty without the record of a hearing
    said(first, desk, "propose_revoke", **facts, **heard)
    own = first.goto(desk)
    assert own.ok
    assert first.locator(f"form[action$='{desk}revoke/']").count() == 0
    said(second, desk, "revoke")
    license.refresh_from_db()
    assert license.state == "revoked"
    assert "It was obtained by a false contract." in told(exporter, f"/licenses/{license.ref}/")


def reviewed(desk, intake, reviewer):
    """Accepted, taken, nobody on a list, and each declaration verified that is not."""
    said(intake, desk, "accept")
    said(reviewer, desk, "assign")
    said(reviewer, desk, "screen", hit=["none"], list_version="Lists of 2 November 2026")


def told(page, path):
    page.goto(path)
    return page.locator("main").inner_text()


def said(page, path, verb, **facts):
    """The verb's form on this page, filled in and sent. A text is typed, a list checked, True ticked, files are so
    named."""
    page.goto(path)
    form = page.locator(f"form[action$='/{verb.replace('_', '-')}/'], form[action$='/{verb}/']").last
    if not form.locator("button").last.is_visible():
        form.locator("xpath=ancestor::details[1]/summary").click()
    for name, value in facts.items():
        field = form.locator(f"[name={name}]")
        if name in ("files", "hearing", "paper"):
            files = [{"name": one, "mimeType": "application/pdf", "buffer": pdf(one)} for one in value]
            field.set_input_files(files)
        elif isinstance(value, str):
            field.fill(value)
        elif value is True:
            field.check()
        else:
            for one in value:
                form.locator(f"[name={name}][value={one}]").check()
    form.locator("button").last.click()
    page.wait_for_load_state()
