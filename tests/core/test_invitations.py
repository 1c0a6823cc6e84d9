"""Inviting people tells nobody whether an address has an account, but the owner of the address."""

import re
from html import unescape

import pytest

from core import actions, selectors
from core.deliveries import relay
from core.errors import Invalid, NotFound
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


def seen(world, client, email):
    """All that the inviter meets: the answer, the page after it, and the history."""
    client.force_login(world.exporter.user)
    response = client.post("/members/add/", {"name": "Li Na", "email": email, "roles": ["clerk"]}, follow=True)
    html = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|\d\d:\d\d', "", response.content.decode())
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


def test_a_new_person_is_a_member_from_choosing_a_password_on(world):
    invite(world, "New@Example.cn")
    assert [one.email for one in selectors.invitations_of(world.exporter)] == [NEW]
    assert not selectors.members_of(world.exporter).filter(user__email=NEW).exists()
    user = User.objects.get(email=NEW)
    user.set_password("a-long-enough-secret-7")
    user.save()
    assert selectors.members_of(world.exporter).get(user=user).roles == ["clerk"]
    assert selectors.invitations_of(world.exporter) == []


def test_whoever_is_invited_can_not_be_changed_like_a_member(world):
    """A page that could would tell a new address from one with an account."""
    invite(world, NEW)
    pending = Membership.objects.get(user__email=NEW)
    with pytest.raises(NotFound):
        actions.change_member(pending.pk, roles=["viewer"], by=world.exporter)
    pending.refresh_from_db()
    assert pending.roles == ["clerk"]


def test_an_invitation_is_withdrawn_and_sent_again(world):
    invite(world, NEW)
    actions.withdraw_invitation(email=NEW, by=world.exporter)
    assert selectors.invitations_of(world.exporter) == []
    assert Membership.objects.get(user__email=NEW).ended_at
    with pytest.raises(NotFound):
        actions.withdraw_invitation(email=NEW, by=world.exporter)
    assert HistoryLine.objects.filter(verb="withdraw_invitation").count() == 1
    actions.add_member(email=NEW, name="Li Na", roles=["viewer"], by=world.exporter)
    again = Membership.objects.get(user__email=NEW)
    assert (again.ended_at, again.roles) == (None, ["viewer"])


def test_withdrawing_one_invitation_leaves_the_others(world):
    for email in (NEW, "second@example.cn"):
        invite(world, email)
    actions.withdraw_invitation(email=NEW, by=world.exporter)
    assert [one.email for one in selectors.invitations_of(world.exporter)] == ["second@example.cn"]
    assert Membership.objects.get(user__email="second@example.cn").ended_at is None
    actions.add_member(email="second@example.cn", name="Li Na", roles=["viewer"], by=world.exporter)
    first = Membership.objects.get(user__email=NEW)
    assert first.ended_at
    assert first.roles == ["clerk"]


def test_another_companys_invitation_is_not_there(world):
    invite(world, NEW)
    stranger = make.exporter(world.ministry, "Third Co., Ltd.")
    with pytest.raises(NotFound):
        actions.withdraw_invitation(email=NEW, by=stranger)
    assert Membership.objects.get(user__email=NEW).ended_at is None


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
