"""Members, keys, officers: who may grant what, and that one person alone grants nothing."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from core import actions
from core.deliveries import relay
from core.errors import DomainError, FourEyes, Invalid
from core.models import ApiKey, Mail, Membership, RoleGrant


@pytest.fixture(autouse=True)
def mailbox(settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"


def test_a_new_member_is_invited_with_a_link_that_works_once(world, client):
    with translation.override("en"):
        actions.add_member(email="li@example.cn", name="Li Na", roles=["clerk"], by=world.exporter)
    relay()
    mail = Mail.objects.get(recipients="li@example.cn", subject="Your Lodestone account")
    assert (
        f"{world.exporter.user} invites you to the team of {world.exporter.organization.name_en} on Lodestone."
        in mail.body
    )
    path = re.search(r"https?://[^/]+(/\S+)", mail.body).group(1)
    page = client.get(path, follow=True)
    assert page.status_code == 200
    password = "a-long-enough-secret-7"
    answer = client.post("/invitations/", {"name": "Li Na", "password1": password, "password2": password})
    assert answer.headers["Location"] == "/accounts/login/"
    assert client.login(email="li@example.cn", password=password)
    client.logout()
    assert client.get(path, follow=True).status_code == 404


def test_a_new_member_is_invited_in_the_language_of_whoever_invites(world, client):
    client.force_login(world.exporter.user)
    form = {"email": "li@example.cn", "name": "Li Na", "roles": "clerk"}
    client.post("/members/add/", form, headers={"Accept-Language": "zh-hans"})
    relay()
    assert "邀请您" in Mail.objects.filter(recipients="li@example.cn").latest("pk").body


def test_the_last_signatory_stays(world):
    member = Membership.objects.get(user=world.exporter.user)
    with pytest.raises(DomainError) as refused:
        actions.change_member(member.pk, roles=["clerk"], by=world.exporter)
    assert refused.value.code == "last-signatory"
    member.refresh_from_db()
    assert member.roles == ["signatory"]


def test_a_key_lasts_at_most_a_year_and_only_its_hash_is_kept(world):
    with pytest.raises(Invalid) as refused:
        actions.create_key(name="x", scopes=["admin"], days=366, by=world.exporter)
    assert [e.pointer for e in refused.value.errors] == ["/scopes", "/days"]
    key, text = actions.create_key(name="x", scopes=["licenses:read"], days=365, by=world.exporter)
    assert text.startswith("lk_live_")
    assert text not in str(ApiKey.objects.filter(pk=key.pk).values().get())


def test_granting_a_role_needs_a_second_administrator(world):
    m = world.ministry
    grant = actions.propose_officer(
        email="new@example.cn", name="New", organization_id=m.office.pk, roles=["decider"], by=m.admin
    )
    assert grant.membership.roles == []
    with pytest.raises(FourEyes):
        actions.confirm_grant(grant.pk, by=m.admin)
    assert Membership.objects.get(pk=grant.membership_id).roles == []
    actions.confirm_grant(grant.pk, by=m.other_admin)
    assert Membership.objects.get(pk=grant.membership_id).roles == ["decider"]
    relay()
    assert Mail.objects.filter(recipients="new@example.cn").count() == 1


def test_nobody_confirms_a_grant_to_himself(world):
    m = world.ministry
    own = Membership.objects.get(user=m.other_admin.user)
    grant = actions.propose_roles(own.pk, roles=["admin", "decider"], by=m.admin)
    with pytest.raises(FourEyes):
        actions.confirm_grant(grant.pk, by=m.other_admin)
    assert RoleGrant.objects.get(pk=grant.pk).confirmed_at is None


def test_bootstrap_makes_the_first_officers_once(db, client):
    out = StringIO()
    officers = ["a@example.cn:An:admin", "b@example.cn:Bo:admin", "c@example.cn:Ce:intake,reviewer"]
    call_command("bootstrap", "--office", "Bureau", *officers, stdout=out)
    links = re.findall(r"https?://[^/]+(/\S+)", out.getvalue())
    assert len(links) == 3
    assert "customs offices" in out.getvalue()
    assert client.get(links[0], follow=True).status_code == 200
    assert Membership.objects.get(user__email="c@example.cn").roles == ["intake", "reviewer"]
    with pytest.raises(CommandError, match="already"):
        call_command("bootstrap", "--office", "Bureau", *officers)


def test_bootstrap_wants_two_administrators(db):
    with pytest.raises(CommandError, match="at least 2 administrators"):
        call_command("bootstrap", "--office", "Bureau", "a@example.cn:An:admin")
    assert Membership.objects.count() == 0


def test_two_administrators_remain(world):
    m = world.ministry
    third = actions.propose_officer(
        email="third@example.cn", name="Third", organization_id=m.office.pk, roles=["auditor"], by=m.admin
    )
    actions.confirm_grant(third.pk, by=m.other_admin)
    own = Membership.objects.get(user=m.admin.user)
    grant = actions.propose_roles(own.pk, roles=["auditor"], by=m.admin)
    with pytest.raises(DomainError) as refused:
        actions.confirm_grant(grant.pk, by=m.other_admin)
    assert refused.value.code == "last-admins"
    own.refresh_from_db()
    assert own.roles == ["admin"]


def test_whoever_has_a_new_password_is_written_to(world, client):
    """Whoever did not change it must hear of it."""
    user = world.exporter.user
    user.set_password("an-old-secret-7")
    user.save()
    user.emailaddress_set.get_or_create(email=user.email, verified=True, primary=True)
    client.force_login(user)
    new = dict.fromkeys(("password1", "password2"), "another-secret-8")
    before = Mail.objects.filter(recipients__contains=user.email).count()
    assert client.post("/accounts/password/change/", {"oldpassword": "an-old-secret-7", **new}).status_code == 302
    assert Mail.objects.filter(recipients__contains=user.email).count() == before + 1
