"""Inviting people tells nobody whether an address has an account, but the owner of the address."""

import logging
import re
import time
from contextlib import nullcontext
from html import unescape

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import signing
from django.test import Client

from core import actions, invitations, selectors
from core.deliveries import relay
from core.errors import DomainError, Invalid, NotFound
from core.logs import JsonFormatter
from core.models import HistoryLine, Mail, Membership, User
from tests import make

NEW, TAKEN = "new@example.cn", "taken@example.cn"


@pytest.fixture(autouse=True)
def mailbox(settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"


@pytest.fixture
def elsewhere(world):
    """Somebody of another company."""
    other = make.colleague(make.exporter(world.ministry, "Other Co., Ltd."), "clerk").user
    User.objects.filter(pk=other.pk).update(email=TAKEN)
    return other


def invite(world, email, name="Li Na"):
    actions.add_member(email=email, name=name, roles=["clerk"], by=world.exporter)


def accept(company, email=NEW):
    actions.accept_invitation(company.organization_id, email, name="Li Na", password="a-long-enough-secret-7")


def link(world):
    return f"/invitations/{invitations.token(world.exporter.organization_id, NEW)}/"


def seen(world, client, email):
    """All that the inviter meets: the answer, the page after it, and the history."""
    client.force_login(world.exporter.user)
    response = client.post("/members/add/", {"name": "Li Na", "email": email, "roles": ["clerk"]}, follow=True)
    passing = r'name="(?:csrfmiddlewaretoken|typed_by)" value="[^"]+"|data-left="\d+"|\d\d:\d\d'
    html = re.sub(passing, "", response.content.decode())
    line = HistoryLine.objects.filter(verb="add_member").last()
    actions.withdraw_invitation(email=email, by=world.exporter)
    return response.redirect_chain, re.sub(r"request[^<]*", "", html).replace(email, "?"), {**line.facts, "email": ""}


def test_the_inviter_meets_the_same_for_a_new_address_and_for_one_with_an_account(world, elsewhere, client):
    assert seen(world, client, NEW) == seen(world, client, TAKEN)


def test_the_owner_of_an_address_with_an_account_is_told_and_nothing_changes(world, elsewhere):
    invite(world, TAKEN)
    relay()
    mail = Mail.objects.get(recipients=TAKEN, subject__contains="Lanting Magnetics Co., Ltd.")
    assert "has an account with another organization" in mail.body
    assert "Other Co." not in mail.body
    membership = Membership.objects.get(user=elsewhere)
    assert (membership.organization.name_en, membership.roles) == ("Other Co., Ltd.", ["clerk"])


def test_a_withdrawn_invitation_sends_no_link(world):
    invite(world, NEW)
    actions.withdraw_invitation(email=NEW, by=world.exporter)
    relay()
    assert not Mail.objects.filter(recipients=NEW).exists()


def test_a_new_person_is_a_member_from_accepting_on(world):
    invite(world, "New@Example.cn")
    assert [one.email for one in selectors.invitations_of(world.exporter)] == [NEW]
    assert not User.objects.filter(email=NEW).exists()
    accept(world.exporter)
    assert selectors.members_of(world.exporter).get(user__email=NEW).roles == ["clerk"]
    assert selectors.invitations_of(world.exporter) == []
    assert HistoryLine.objects.latest("pk").facts == {"email": NEW, "roles": ["clerk"]}


def test_several_invite_one_address_and_the_one_that_is_accepted_binds(world):
    other = make.exporter(None, "Other Co., Ltd.")
    for company in (other, world.exporter):
        actions.add_member(email=NEW, name="Li Na", roles=["clerk"], by=company)
    relay()
    assert Mail.objects.filter(recipients=NEW, subject="Your Lodestone account").count() == 2
    accept(world.exporter)
    assert Membership.objects.get(user__email=NEW).organization == world.exporter.organization
    with pytest.raises(NotFound):
        accept(other)
    assert Membership.objects.get(user__email=NEW).organization == world.exporter.organization


def test_a_link_is_used_once(world, client):
    """And whoever is in another team by now reads why it no longer works."""
    other = make.exporter(None, "Other Co., Ltd.")
    actions.add_member(email=NEW, name="Li Na", roles=["clerk"], by=other)
    invite(world, NEW)
    accept(other)
    page = client.get(link(world), follow=True)
    assert page.status_code == 404
    assert "This invitation no longer works" in page.content.decode()


def test_whoever_accepted_is_written_to_at_that_address(world):
    invite(world, NEW)
    accept(world.exporter)
    address = EmailAddress.objects.get(user__email=NEW)
    assert (address.email, address.verified, address.primary) == (NEW, True, True)


def test_of_two_invitations_accepted_at_once_one_binds(world, monkeypatch):
    invite(world, NEW)
    stands = selectors.invitation(world.exporter.organization_id, NEW)
    accept(world.exporter)
    monkeypatch.setattr(actions.teams, "invitation", lambda *_: stands)  # read before the other one was accepted
    with pytest.raises(NotFound):
        accept(world.exporter)
    assert User.objects.filter(email=NEW).count() == 1


def test_the_owner_of_an_invited_address_joins_with_a_company_of_his_own(world, client):
    invite(world, NEW)
    form = {"name_en": "Own Co., Ltd.", "name_zh": "自有公司", "uscc": make.credit_code(990), "your_name": "Li"}
    password = {"password1": "a-long-enough-secret-7", "password2": "a-long-enough-secret-7"}
    client.post("/accounts/signup/", form | password | {"email": NEW})
    assert Membership.objects.get(user__email=NEW).organization.name_en == "Own Co., Ltd."
    with pytest.raises(NotFound):
        accept(world.exporter)


def test_an_invitation_is_withdrawn_and_sent_again(world):
    invite(world, NEW)
    actions.withdraw_invitation(email=NEW, by=world.exporter)
    assert selectors.invitations_of(world.exporter) == []
    with pytest.raises(NotFound):
        accept(world.exporter)
    assert not User.objects.filter(email=NEW).exists()
    with pytest.raises(NotFound):
        actions.withdraw_invitation(email=NEW, by=world.exporter)
    assert HistoryLine.objects.filter(verb="withdraw_invitation").count() == 1
    actions.add_member(email=NEW, name="Li Na", roles=["viewer"], by=world.exporter)
    accept(world.exporter)
    assert Membership.objects.get(user__email=NEW).roles == ["viewer"]


@pytest.mark.parametrize(("later_s", "status"), [(259_200 - 5, 200), (259_200 + 5, 404)])
def test_a_link_works_for_three_days(later_s, status, world, client):
    invite(world, NEW)
    path = link(world)
    with time_machine.travel(time.time() + later_s):
        assert client.get(path, follow=True).status_code == status


@pytest.mark.parametrize("salt", ["typed", "another"])
def test_a_link_that_is_not_ours_opens_nothing(salt, world, client):
    invite(world, NEW)
    forged = signing.dumps([world.exporter.organization_id, NEW], salt=salt)
    answers = {"name": "Li", "password1": "a-long-enough-secret-7", "password2": "a-long-enough-secret-7"}
    client.get(f"/invitations/{forged}/")
    assert client.post("/invitations/", answers).status_code == 404
    assert not User.objects.filter(email=NEW).exists()


def test_an_invited_person_chooses_a_password_that_is_good_enough(world, client):
    invite(world, NEW)
    client.get(link(world))
    for words in ({"password1": "short", "password2": "short"}, {"password1": "a-long-enough-secret-7"}):
        assert client.post("/invitations/", {"name": "Li"} | words).status_code == 422
    assert not User.objects.filter(email=NEW).exists()


def test_the_link_leads_to_an_address_without_its_token_which_works_once(world, client):
    """What is written down on the way, and kept in a history, opens nothing."""
    invite(world, NEW)
    led = client.get(link(world))
    assert (led.status_code, led.headers["Location"]) == (302, "/invitations/")
    assert (led.headers["Cache-Control"], led.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    page = client.get("/invitations/")
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert (page.headers["Referrer-Policy"], NEW in page.content.decode()) == ("same-origin", True)
    assert Client().get("/invitations/").status_code == 404
    passwords = dict.fromkeys(("password1", "password2"), "a-long-enough-secret-7")
    assert client.post("/invitations/", {"name": "Li Na"} | passwords).status_code == 302
    assert Membership.objects.get(user__email=NEW).organization == world.exporter.organization
    assert "invitation" not in client.session


def test_a_later_link_takes_the_place_of_an_earlier_and_a_dead_one_leaves_none(world, client):
    invite(world, NEW)
    client.get(link(world))
    assert client.get("/invitations/nonsense/", follow=True).status_code == 404


@pytest.mark.parametrize("path", ["/invitations/", "/accounts/confirm-email/", "/accounts/password/reset/key/"])
def test_no_log_line_keeps_a_link(path):
    line = logging.makeLogRecord({"name": "django.request", "msg": f"Internal Server Error: {path}WzEx.1tx:s_-9/"})
    assert f"{path}***/" in JsonFormatter().format(line)
    assert "WzEx" not in JsonFormatter().format(line)


def test_withdrawing_one_invitation_leaves_the_others(world):
    for email in (NEW, "second@example.cn"):
        invite(world, email)
    actions.withdraw_invitation(email=NEW, by=world.exporter)
    assert [one.email for one in selectors.invitations_of(world.exporter)] == ["second@example.cn"]


def test_another_companys_invitation_is_not_there(world):
    invite(world, NEW)
    stranger = make.exporter(world.ministry, "Third Co., Ltd.")
    with pytest.raises(NotFound):
        actions.withdraw_invitation(email=NEW, by=stranger)
    assert [one.email for one in selectors.invitations_of(world.exporter)] == [NEW]


def test_somebody_of_the_team_is_not_invited(world):
    colleague = make.colleague(world.exporter, "clerk").user
    before = HistoryLine.objects.count()
    with pytest.raises(Invalid) as refused:
        invite(world, colleague.email.upper())
    assert [(e.pointer, e.code) for e in refused.value.errors] == [("/email", "already-member")]
    assert HistoryLine.objects.count() == before


def test_somebody_invited_is_not_yet_a_signatory_who_remains(world):
    actions.add_member(email=NEW, name="Li Na", roles=["signatory"], by=world.exporter)
    own = Membership.objects.get(user=world.exporter.user)
    with pytest.raises(Exception, match="only signatory"):
        actions.change_member(own.pk, roles=["clerk"], by=world.exporter)
    own.refresh_from_db()
    assert own.roles == ["signatory"]


def test_the_team_page_withdraws(world, client):
    invite(world, NEW)
    client.force_login(world.exporter.user)
    assert NEW in client.get("/members/").content.decode()
    html = unescape(client.post("/members/withdraw/", {"email": NEW}, follow=True).content.decode())
    assert "The invitation is withdrawn." in html
    assert NEW not in html


def test_a_company_invites_so_many_in_a_day(world, settings, client, clock):
    """Withdrawn ones count: what is limited is the mail."""
    settings.INVITATIONS_A_DAY = 2
    other = make.exporter(None, "Other Co., Ltd.")
    invite(world, NEW)
    actions.withdraw_invitation(email=NEW, by=world.exporter)
    invite(world, NEW)
    before = HistoryLine.objects.count()
    with pytest.raises(DomainError) as refused:
        invite(world, "third@example.cn")
    assert (refused.value.status, refused.value.code) == (429, "too-many-invitations")
    assert 86_000 < int(refused.value.headers["Retry-After"]) <= 86_400
    client.force_login(world.exporter.user)
    form = {"name": "Li Na", "email": "third@example.cn", "roles": ["clerk"]}
    page = client.post("/members/add/", form)
    assert page.status_code == 429
    assert 86_000 < int(page.headers["Retry-After"]) <= 86_400
    assert "sent 2 invitations in the last 24 hours" in page.content.decode()
    assert HistoryLine.objects.count() == before
    actions.add_member(email=NEW, name="Li Na", roles=["clerk"], by=other)


def test_the_oldest_invitation_of_the_day_says_how_long_to_wait(world, settings, clock):
    settings.INVITATIONS_A_DAY = 2
    invite(world, NEW)
    clock.shift(hours=10)
    invite(world, "second@example.cn")
    with pytest.raises(DomainError) as refused:
        invite(world, "third@example.cn")
    assert 13 * 3600 < int(refused.value.headers["Retry-After"]) <= 14 * 3600


@pytest.mark.parametrize(("later_s", "refused"), [(86_370, True), (86_401, False)])
def test_an_invitation_counts_for_a_day(later_s, refused, world, settings, clock):
    settings.INVITATIONS_A_DAY = 1
    invite(world, NEW)
    clock.shift(seconds=later_s)
    with pytest.raises(DomainError) if refused else nullcontext():
        invite(world, "third@example.cn")
    assert len(selectors.invitations_of(world.exporter)) == 2 - refused


def test_none_are_counted_where_the_number_is_nought(world, settings):
    settings.INVITATIONS_A_DAY = 0
    for number in range(3):
        invite(world, f"new{number}@example.cn")
    assert len(selectors.invitations_of(world.exporter)) == 3
