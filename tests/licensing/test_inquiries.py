"""Item inquiries: asked by a company, answered by one officer, signed by another; binding, and as of an edition."""

import json
import re
from html import unescape

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from config.local import demo
from core import papers
from core.deliveries import relay
from core.errors import FourEyes
from core.history import lines_of
from core.models import Document, Mail, Paper, Proposal
from core.selectors import documents_for
from core.telling import told
from licensing import selectors
from licensing.actions import applications, inquiries, standing
from licensing.actions.drafts import Draft, LineDraft
from licensing.models import Application, ApplicationLine, ControlItem, Inquiry
from licensing.web.forms.inquiries import ProposeAnswerForm
from licensing.web.lists import DESK_INQUIRIES
from shipments.actions import closing
from tests import make, pdf
from tests.core.test_files import TAKEN
from tests.licensing.test_limits import refused
from tests.make import answer_proposed, answered, inquiry, seen


@pytest.fixture
def row(world):
    return inquiry(world, composition={"Dy": "0.032"}, hs_code="85051110", files=[("sheet.pdf", demo.pdf("sheet"))])


def sign(row, by):
    return inquiries.sign(row.ref, seen=seen(row.ref), by=by)


def now(row):
    return Inquiry.objects.get(pk=row.pk)


def page(client, actor, route, row, status=200):
    client.force_login(actor.user)
    response = client.get(reverse(route, args=[row.ref]))
    assert response.status_code == status
    return response.content.decode()


def test_two_officers_answer_it(row, world):
    proposed = answer_proposed(world, row)
    assert (proposed.state, now(row).control_item) == ("asked", None)
    signed = sign(row, world.ministry.decider)
    assert (signed.state, str(signed.control_item), signed.reason) == (
        "signed",
        "1C905.a.4",
        "They contain dysprosium.",
    )
    assert signed.edition.code == selectors.edition_now().code and signed.signed_at is not None
    assert [line.verb for line in lines_of(row)] == ["ask", "propose_sign", "sign"]


def test_it_may_be_not_controlled(row, world):
    signed = answered(world, row, item="")
    assert (signed.signed, signed.control_item) == (True, None) and signed.answer == "Not controlled"


def test_whoever_proposed_the_answer_does_not_sign_it_and_another_reviewer_may(row, world):
    answer_proposed(world, row)
    with pytest.raises(FourEyes):
        sign(row, world.ministry.reviewer)
    assert now(row).state == "asked"
    other = make.colleague(world.ministry.reviewer, *world.ministry.reviewer.roles)
    assert sign(row, other).signed


def test_postgresql_answers_nothing_without_two_people(row, world):
    answer_proposed(world, row)
    facts = {"reason": "x", "edition_id": 1, "signed_at": row.asked_at}
    with pytest.raises(IntegrityError), transaction.atomic():
        Inquiry.objects.filter(pk=row.pk).update(state="signed", **facts)
    assert now(row).state == "asked"


def test_nothing_is_signed_that_nobody_proposed_or_that_was_sent_back(row, world):
    assert refused(sign, row, world.ministry.decider) == ["no-proposal"]
    answer_proposed(world, row)
    inquiries.drop_sign(row.ref, seen=seen(row.ref), reason="Which grade?", by=world.ministry.decider)
    assert Proposal.objects.get().decision_reason == "Which grade?"
    assert refused(sign, row, world.ministry.decider) == ["no-proposal"]
    answer_proposed(world, row)
    assert refused(answer_proposed, world, row) == ["proposal-open"]


def test_an_answer_has_a_code_of_the_lists_or_none_and_a_reason(row, world):
    by = {"seen": seen(row.ref), "by": world.ministry.reviewer}
    assert refused(inquiries.propose_sign, row.ref, item="9Z999", reason="x", **by) == ["unknown-code"]
    assert refused(inquiries.propose_sign, row.ref, item="ANN61-P2", reason="x", **by) == ["unknown-code"]
    assert refused(inquiries.propose_sign, row.ref, item="1C905.a.4", reason=" ", **by) == ["required"]
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(("said", "wrong"), [("yes", ""), ("no", "1C905.a.4")])
def test_the_form_takes_no_answer_that_says_two_things(said, wrong):
    form = ProposeAnswerForm({"controlled": said, "item": wrong, "reason": "x"})
    assert list(form.errors) == ["item"]


def test_an_answer_that_was_found_under_another_edition_is_not_signed(row, world):
    answer_proposed(world, row)
    make.edition(lambda rules, document: document.update(windows=[]))
    assert refused(sign, row, world.ministry.decider) == ["edition-passed"]
    assert (now(row).state, Proposal.objects.get().decided_at) == ("asked", None)


def test_a_company_withdraws_what_is_not_answered_and_the_answer_waits_no_more(row, world):
    answer_proposed(world, row)
    assert inquiries.withdraw(row.ref, seen=seen(row.ref), by=world.exporter).state == "withdrawn"
    assert refused(sign, row, world.ministry.decider) == ["wrong-state"]
    inquiries.drop_sign(row.ref, seen=seen(row.ref), reason="Withdrawn.", by=world.ministry.decider)
    assert Proposal.objects.get().carried is False
    signed = answered(world)
    assert refused(inquiries.withdraw, signed.ref, seen=seen(signed.ref), by=world.exporter) == ["wrong-state"]


def test_it_says_what_the_goods_are_and_takes_files_of_their_kinds(world):
    before = Document.objects.count()
    assert refused(inquiry, world, description=" ") == ["required"]
    assert refused(inquiry, world, files=[("a.svg", b"<svg/>")]) == ["file-name"]
    assert (Inquiry.objects.count(), Document.objects.count()) == (0, before)


def test_together_the_files_are_not_larger_than_one_may_be(world, monkeypatch):
    monkeypatch.setattr("core.files.FILE_BYTES", 10)
    assert refused(inquiry, world, files=[("a.pdf", b"123456"), ("b.pdf", b"123456")]) == ["file-too-large"]


def test_its_company_and_officers_read_it_with_its_files_and_no_other_company(row, world):
    [file], stranger = row.files.all(), make.exporter(world.ministry, "Other Co., Ltd.")
    for actor, sees in ((world.exporter, True), (world.ministry.intake, True), (stranger, False)):
        assert selectors.inquiries_for(actor).filter(pk=row.pk).exists() is sees
        assert documents_for(actor).filter(pk=file.pk).exists() is sees


def test_the_company_reads_no_answer_before_it_is_signed(row, world, client):
    answer_proposed(world, row)
    shown = page(client, world.exporter, "inquiry", row)
    assert "1C905.a.4" not in shown and "dysprosium" not in shown
    assert [one.verb for one in told(lines_of(row), world.exporter)] == ["ask"]
    sign(row, world.ministry.decider)
    shown = page(client, world.exporter, "inquiry", row)
    assert "1C905.a.4" in shown and "dysprosium" in shown and selectors.edition_now().code in shown


def test_officers_work_on_its_page_and_find_it_in_both_lists(row, world, client):
    m = world.ministry
    assert reverse("inquiry.propose_sign", args=[row.ref]) in page(client, m.reviewer, "desk.inquiry", row)
    answer_proposed(world, row)
    shown = page(client, m.decider, "desk.inquiry", row)
    assert reverse("inquiry.sign", args=[row.ref]) in shown and "1C905.a.4" in shown
    assert reverse("inquiry.sign", args=[row.ref]) not in page(client, m.reviewer, "desk.inquiry", row)
    assert row.ref in client.get("/desk/inquiries/").content.decode()
    client.force_login(m.decider.user)
    assert row.ref in client.get("/desk/proposals/").content.decode()
    sign(row, m.decider)
    [opened, ended] = [view.narrow(selectors.inquiries_for(m.decider), m.decider) for view in DESK_INQUIRIES.views]
    assert (list(opened), list(ended)) == ([], [row])


def test_it_is_asked_on_a_page_that_the_control_list_leads_to(world, client):
    client.force_login(world.exporter.user)
    assert reverse("inquiries") in client.get(reverse("control-list")).content.decode()
    assert reverse("inquiry.new") in client.get(reverse("inquiries")).content.decode()
    assert client.get(reverse("inquiry.new")).status_code == 200
    assert client.post(reverse("inquiry.new"), {"description": ""}).status_code == 422
    said = {"description": "Magnets", "composition": "Dy 3.2", "hs_code": "85051110"}
    for code in ("8505111", "850511100", "８５０５１１１０"):
        assert "hs_code" in client.post(reverse("inquiry.new"), said | {"hs_code": code}).context["form"].errors
    sent = client.post(reverse("inquiry.new"), said)
    made = Inquiry.objects.get()
    assert sent.url == reverse("inquiry", args=[made.ref])
    assert (made.description, made.composition, made.hs_code) == ("Magnets", {"Dy": "0.032"}, "85051110")
    assert made.ref in client.get(reverse("inquiries")).content.decode()
    client.force_login(world.ministry.reviewer.user)
    assert reverse("desk.inquiries") in client.get(reverse("desk")).content.decode()
    assert reverse("inquiries") not in client.get(reverse("control-list")).content.decode()


def test_who_signs_and_the_company_are_written_to(row, world, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    m = world.ministry
    answer_proposed(world, row)
    relay()
    read = {mail.recipients for mail in Mail.objects.filter(subject__contains="waits for a second officer")}
    assert m.decider.user.email in read and m.reviewer.user.email not in read
    sign(row, m.decider)
    relay()
    [mail] = Mail.objects.filter(subject__contains="your inquiry was answered")
    assert reverse("inquiry", args=[row.ref]) in mail.body


@pytest.mark.parametrize("item", ["1C905.a.4", ""])
def test_the_company_has_the_answer_as_a_letter(item, row, world):
    answered(world, row, item)
    papers.make_due()
    paper = Paper.objects.select_related("document").get()
    content = bytes(paper.document.content)
    assert pdf.flaws_of(content) == [] and len(pdf.pages_of(content)) == 1
    text = re.sub(r"\s", "", pdf.text_of(content))
    for one in (row.ref, "物项咨询答复", "N42SH", "Dy3.2", "85051110", "Theycontaindysprosium.", "Lanting"):
        assert one in text, one
    assert ("1C905.a.4" in text) == bool(item) and ("notonthecontrollist" in text) == (not item)
    assert json.loads(paper.data)["edition"].replace("\u200b", "") == selectors.edition_now().code
    for actor in (world.exporter, world.ministry.intake):
        assert documents_for(actor).filter(pk=paper.document_id).exists()


def test_files_of_its_kinds_are_kept_with_it(world):
    row = inquiry(world, files=[("card.png", TAKEN["a.png"])])
    assert [file.name for file in row.files.all()] == ["card.png"]


# --- cited by a case ----------------------------------------------------------------------------------------


def cited(world, inquiry, code="1C905.a.4"):
    """A draft whose only line cites it."""
    item = ControlItem.objects.get(code=code)
    line = LineDraft(item, "Magnets", 1_000, item.unit, inquiry=inquiry)
    return applications.start(Draft("per_shipment", lines=[line]), by=world.exporter)


def test_a_line_cites_an_answer_of_its_company_that_found_its_item(world):
    row = answered(world)
    assert cited(world, row).lines.get().inquiry == row


def test_a_line_cites_no_open_inquiry_no_strangers_and_no_other_item(world):
    row, stranger = inquiry(world), make.exporter(world.ministry, "Other Co., Ltd.")
    assert refused(cited, world, row) == ["unknown-reference"]
    signed = answered(world, row)
    assert refused(cited, world, signed, "1C902.a.1") == ["inquiry-differs"]
    assert refused(cited, world, answered(world, item="")) == ["inquiry-differs"]
    others = inquiries.ask(description="Magnets", by=stranger)
    assert refused(cited, world, answered(world, others)) == ["unknown-reference"]
    assert not Application.objects.exists()


def test_the_form_offers_answers_and_both_sides_see_what_is_cited(world, client):
    client.force_login(world.exporter.user)
    assert 'name="lines-0-inquiry"' not in client.get(reverse("application.new")).content.decode()
    row, free, still = answered(world), answered(world, item=""), inquiry(world)
    shown = client.get(reverse("application.new")).content.decode()
    assert f'value="{row.ref}"' in shown and free.ref not in shown and still.ref not in shown
    ref = world.under_review(world.application())
    ApplicationLine.objects.filter(application__ref=ref).update(inquiry=row)
    case = Application.objects.get(ref=ref)
    assert reverse("inquiry", args=[row.ref]) in page(client, world.exporter, "application", case)
    assert reverse("desk.inquiry", args=[row.ref]) in page(client, world.ministry.reviewer, "desk.case", case)


def test_a_draft_keeps_what_it_cites_when_it_is_changed(world, client):
    row = answered(world)
    draft = cited(world, row)
    shown = page(client, world.exporter, "application.edit", draft)
    assert re.search(rf'value="{row.ref}"[^>]* selected', shown)


def test_its_withdrawal_names_what_it_withdraws_and_what_that_does(row, world, client):
    client.force_login(world.exporter.user)
    page = " ".join(client.get(f"/inquiries/{row.ref}/").content.decode().split())
    assert f"Withdraw {row.ref} for good" in page
    assert f"Nobody answers {row.ref} any more." in page and "This can't be undone." in unescape(page)


# --- a company whose account is stopped --------------------------------------------------------------------------
def test_a_suspended_company_asks_is_answered_and_withdraws(world):
    pk = world.exporter.organization_id
    order = {"number": "7", "provision": "p", "reason": "Its records are looked into"}
    standing.suspend(pk, seen=seen(pk), **order, by=world.ministry.decider)
    assert answered(world, inquiry(world)).signed
    asked = inquiry(world)
    assert inquiries.withdraw(asked.ref, seen=seen(asked.ref), by=world.exporter).state == "withdrawn"


def test_a_barred_company_asks_nothing_new_and_what_it_asked_is_answered_or_withdrawn(world, client):
    row, other = inquiry(world), inquiry(world)
    make.barred(world)
    assert refused(inquiry, world) == ["exporter-not-active"]
    client.force_login(world.exporter.user)
    page = client.post(reverse("inquiry.new"), {"description": "Magnets"})
    assert (page.status_code, "The company is barred" in unescape(page.content.decode())) == (409, True)
    assert answered(world, row).signed
    assert inquiries.withdraw(other.ref, seen=seen(other.ref), by=world.exporter).state == "withdrawn"
    assert Inquiry.objects.count() == 2


def test_a_company_that_closed_its_account_asks_nothing(world):
    closing.close(seen=seen(world.exporter.organization_id), by=world.exporter)
    assert refused(inquiry, world) == ["exporter-not-active"]


@pytest.mark.parametrize("stop", [make.barred, make.stopped])
def test_a_company_that_may_not_ask_reads_why_instead_of_the_form(stop, world, client):
    client.force_login(world.exporter.user)
    field = 'name="description"'
    assert field in client.get(reverse("inquiry.new")).content.decode()
    stop(world)
    page = unescape(client.get(reverse("inquiry.new")).content.decode())
    barred = stop is make.barred
    assert (field in page, "The company is barred by a penalty decision" in page) == (not barred, barred)
