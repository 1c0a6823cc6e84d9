"""The pages of the ground with a form each: what a sent form does and says, and what a refusal shows and keeps."""

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from config.local import demo
from core import actions
from core.models import ApiKey, Delivery, Membership, RoleGrant
from exporters.models import Party
from licensing.models import Application
from tests import make


@pytest.fixture
def page(client):
    """page(actor, path, answers) is (status, text) of where a form leads, read in English."""

    def send(actor, path, answers):
        client.force_login(actor.user)
        answer = client.post(path, answers, follow=True, headers={"Accept-Language": "en"})
        return answer.status_code, unescape(answer.content.decode())

    return send


def member_of(actor):
    return Membership.objects.get(user=actor.user)


def test_a_members_roles_are_changed_and_the_page_says_whose(world, page):
    clerk = make.colleague(world.exporter, "clerk")
    status, text = page(world.exporter, f"/members/{member_of(clerk).pk}/", {"roles": ["viewer"]})
    assert (status, member_of(clerk).roles) == (200, ["viewer"])
    assert f"The roles of {clerk.user.name} were changed." in text


def test_the_last_signatory_who_wants_to_stop_reads_why_not(world, page):
    status, text = page(world.exporter, f"/members/{member_of(world.exporter).pk}/", {"roles": ["clerk"]})
    assert (status, member_of(world.exporter).roles) == (409, ["signatory"])
    assert "errsum" in text
    assert "This is the only signatory. Make somebody else a signatory first." in text


def test_a_member_without_any_role_is_a_member_no_longer(world, page):
    clerk = make.colleague(world.exporter, "clerk")
    status, _ = page(world.exporter, f"/members/{member_of(clerk).pk}/", {})
    assert status == 200
    assert member_of(clerk).ended_at is not None


def test_a_member_of_another_company_is_not_found(world, page):
    other = make.exporter(world.ministry, "Elsewhere Co., Ltd.")
    status, _ = page(world.exporter, f"/members/{member_of(other).pk}/", {"roles": ["viewer"]})
    assert (status, member_of(other).roles) == (404, ["signatory"])


def test_a_new_key_is_shown_once_and_a_revoked_one_opens_nothing(world, page, client):
    answers = {"name": "ERP", "scopes": ["licenses:read"], "days": "30"}
    status, text = page(world.exporter, "/keys/", answers)
    key = ApiKey.objects.get(name="ERP")
    assert status == 200
    [secret] = re.findall(r"lk_live_\w{20,}", text)
    assert secret not in client.get("/keys/").content.decode()
    status, text = page(world.exporter, f"/keys/{key.pk}/revoke/", {})
    assert "The key ERP opens nothing any more." in text
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_a_proposal_that_the_verb_refuses_stands_above_its_form(world, page):
    m = world.ministry
    answers = {"email": m.auditor.user.email, "name": "X", "organization": m.office.pk, "roles": ["auditor"]}
    status, text = page(m.admin, "/officers/add/", answers)
    assert (status, RoleGrant.objects.count()) == (422, 0)
    assert "errsum" in text


def test_proposed_roles_wait_for_another_administrator_and_the_page_says_so(world, page):
    m = world.ministry
    member = member_of(m.auditor)
    status, text = page(m.admin, f"/officers/{member.pk}/", {"roles": ["reviewer"]})
    assert (status, member_of(m.auditor).roles) == (200, ["auditor"])
    assert RoleGrant.objects.get().roles == ["reviewer"]
    assert "Proposed. Another administrator must confirm it." in text


def test_whoever_a_proposal_is_about_is_not_offered_to_confirm_it(world, page, client):
    m = world.ministry
    page(m.admin, f"/officers/{member_of(m.other_admin).pk}/", {"roles": ["admin", "auditor"]})
    confirm = f"/officers/grants/{RoleGrant.objects.get().pk}/confirm/"
    assert confirm not in client.get("/officers/").content.decode()
    client.force_login(m.other_admin.user)
    text = client.get("/officers/").content.decode()
    assert confirm not in text
    assert "This is about you. Another administrator must confirm it." in text


def test_a_mail_that_is_ended_needs_a_reason_and_the_page_says_that_it_is_over(world, page):
    actions.add_member(email="gone@firm.example", name="Gone", roles=["clerk"], by=world.exporter)
    waiting = Delivery.objects.get(line__facts__email="gone@firm.example")
    status, _ = page(world.ministry.admin, f"/mail/{waiting.pk}/end/", {"reason": ""})
    assert status == 422
    status, text = page(world.ministry.admin, f"/mail/{waiting.pk}/end/", {"reason": "No such person"})
    assert (status, "This mail is not tried any more." in text) == (200, True)
    waiting.refresh_from_db()
    assert waiting.ended_at is not None


def test_a_new_party_is_in_the_address_book(world, page):
    answers = {"name": "Works GmbH", "country": "DE", "address": "1 Road", "business": "Motors", "version": 1}
    status, text = page(world.exporter, "/parties/new/", answers)
    assert (status, Party.objects.filter(name="Works GmbH").count()) == (200, 1)
    assert "Works GmbH is in your address book." in text


def papers_of(ref):
    return Application.objects.get(ref=ref).documents


def pdf():
    return SimpleUploadedFile("paper.pdf", demo.pdf("x"), "application/pdf")


def test_a_paper_is_kept_with_the_draft_and_removed_from_it(world, page):
    ref = world.application()
    before = papers_of(ref).count()
    status, text = page(world.exporter, f"/applications/{ref}/documents/", {"type": "other", "file": pdf()})
    assert (status, papers_of(ref).count()) == (200, before + 1)
    assert "The paper is kept." in text
    paper = papers_of(ref).get(type="other")
    status, text = page(world.exporter, f"/applications/{ref}/documents/{paper.pk}/remove/", {})
    assert (status, papers_of(ref).count()) == (200, before)
    assert "The paper is removed from the draft." in text


def test_a_paper_that_the_verb_refuses_is_named_at_its_field(world, page):
    ref = world.application()
    before = papers_of(ref).count()
    file = SimpleUploadedFile("paper.pdf", b"no pdf at all", "application/pdf")
    status, text = page(world.exporter, f"/applications/{ref}/documents/", {"type": "other", "file": file})
    assert (status, papers_of(ref).count()) == (422, before)
    assert "errsum" in text
