"""Forms beside the straight way, opened and sent by clicks on a phone without JavaScript."""

from datetime import timedelta

import pytest

from config.local import demo
from core import calendar_file
from core.access import actor_for_user
from core.legal_time import legal_today
from core.models import User
from exporters.models import Exporter
from licensing.actions import applications
from licensing.models import Application, Declaration, Inquiry, License, Visit
from tests.browser.test_contested import reviewed, said, told
from tests.make import seen

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]

ORDER = {"number": "2026-7", "provision": "Export Control Law, as the order names it", "reason": "It is looked into."}


@pytest.fixture
def enter(sign_in, demo_world):
    def enter(*names):
        return [sign_in(name, script=False, width=390) for name in names]

    return enter


def state(row):
    row.refresh_from_db()
    return row.state


def enforced(page, end_user, do):
    """All licenses of this end-user are stopped, or let go, as the page shows them first."""
    page.goto("/desk/licenses/enforcement/")
    page.locator("main [name=end_user]").first.fill(end_user)
    page.get_by_role("button", name="Show what is hit").click()
    form = page.locator(f"form:has(input[name=do][value={do}])")
    form.locator("[name=reason]").fill("Diverted goods.")
    form.locator("button").last.click()
    page.wait_for_load_state()


def test_licenses_are_stopped_by_a_query_and_let_go_by_another_officer_and_a_visit_is_recorded(enter):
    decider, other, exporter = enter("han.rui", "ma.lan", "lin.wei")
    license = License.objects.get(application__contract_no="AUR-2026-11")
    enforced(decider, "Auriga", "suspend")
    assert state(license) == "suspended"
    assert "Diverted goods." in told(exporter, f"/licenses/{license.ref}/")
    enforced(other, "Auriga", "lift")
    assert state(license) == "active"
    found = {"kind": ["site_visit"], "outcome": ["as_expected"], "went": "Two officers", "note": "All of it is there."}
    said(decider, f"/desk/licenses/{license.ref}/", "record_visit", made_on=legal_today().isoformat(), **found)
    assert Visit.objects.get().license == license
    assert "Site visit" in told(exporter, f"/licenses/{license.ref}/")


def test_like_cases_are_merged_and_what_goods_are_is_asked_and_signed(enter):
    [exporter, reviewer, decider] = enter("lin.wei", "zhao.min", "han.rui")
    actor = actor_for_user(User.objects.get(email__startswith="lin.wei@"))
    single = Application.objects.get(contract_no="NOR-2026-02")
    goods, signed = [("1C905.a.4", "NdFeB sintered magnets", 500)], [single.end_users.get().declaration]
    like = demo.application(actor, "per_shipment", goods, signed, "NOR-2026-03", {"Dy": "0.021"})
    applications.submit(like, seen=seen(like), by=actor)
    exporter.goto(f"/applications/merge/?like={like}")  # not offered by itself: a draft asks for the same
    exporter.get_by_role("button", name="Merge into a new draft").click()
    exporter.wait_for_url("**/applications/AP-*/")
    assert {one.case.ref for one in Application.objects.latest("pk").merged.all()} == {single.ref, like}
    exporter.goto("/inquiries/new/")
    exporter.locator("[name=description]").fill("Sintered magnets, grade N42SH")
    exporter.get_by_role("button", name="Ask the ministry").click()
    exporter.wait_for_load_state()
    row = Inquiry.objects.get()
    desk, facts = f"/desk/inquiries/{row.ref}/", {"item": "1C905.a.4", "reason": "They contain dysprosium."}
    said(reviewer, desk, "propose_sign", controlled=["yes"], **facts)
    said(decider, desk, "sign")
    assert state(row) == "signed"
    assert "They contain dysprosium." in told(exporter, f"/inquiries/{row.ref}/")


def test_a_declaration_is_asked_about_and_signed_anew_and_another_invalidated_by_two(enter):
    exporter, reviewer, decider = enter("lin.wei", "zhao.min", "han.rui")
    asked, forged = (Declaration.objects.get(end_user__name__startswith=name) for name in ("Hoshino", "Nordwind"))
    said(reviewer, f"/desk/declarations/{asked.ref}/", "query", reason="May he sign alone?")
    own = f"/declarations/{asked.ref}/"
    assert "May he sign alone?" in told(exporter, own)
    said(exporter, own, "redo", changes=["signature"], reason="The director signs.")
    assert state(asked) == "draft"
    desk = f"/desk/declarations/{forged.ref}/"
    said(reviewer, desk, "propose_invalidate", ground=["forged"], reason="The stamp is another one.")
    assert state(forged) != "invalid"
    said(decider, desk, "invalidate")
    assert state(forged) == "invalid"
    assert "The stamp is another one." in told(exporter, f"/declarations/{forged.ref}/")


def test_who_is_told_of_a_refusal_that_is_meant_answers_first(enter):
    exporter, intake, reviewer, decider = enter("lin.wei", "song.jie", "zhao.min", "han.rui")
    calendar_file.fill()
    case = Application.objects.get(contract_no="DEL-2026-09")
    desk, own = f"/desk/cases/{case.ref}/", f"/applications/{case.ref}/"
    reviewed(desk, intake, reviewer)
    said(reviewer, desk, "recommend", outcome=["refuse"], factors=["END_USE"], text="The use is not told.")
    said(decider, desk, "intend", factors=["END_USE"], text="Tell what the oxide is for.", days="3")
    assert "Tell what the oxide is for." in told(exporter, own)
    said(exporter, own, "respond", text="For servo drives.", files=["drives.pdf"])
    assert "For servo drives." in told(decider, desk)


def test_an_account_is_stopped_reinstated_and_barred_and_another_changed_and_closed(enter):
    decider, other, intake, newcomer, exporter = enter("han.rui", "ma.lan", "song.jie", "sun.li", "chen.yu")
    ruohe, beilu = (Exporter.objects.get(organization__name_en__startswith=name) for name in ("Ruohe", "Beilu"))
    desk = f"/desk/exporters/{ruohe.pk}/"
    said(decider, desk, "suspend", **ORDER)
    assert state(ruohe) == "suspended" and ORDER["reason"] in told(exporter, "/company/")
    said(other, desk, "reinstate", reason="Its records are in order.")
    assert state(ruohe) == "active"
    said(decider, desk, "propose_bar", last_day=(legal_today() + timedelta(days=30)).isoformat(), **ORDER)
    said(other, desk, "bar")
    assert state(ruohe) == "barred"
    desk = f"/desk/exporters/{beilu.pk}/"
    said(intake, desk, "verify")
    said(newcomer, "/company/", "ask_change", address="2 Example Road", reason="It moved.", paper=["license.pdf"])
    said(intake, desk, "accept_change")
    assert "2 Example Road" in told(newcomer, "/company/")
    said(newcomer, "/company/", "close", sure=True)
    assert state(beilu) == "closed"
