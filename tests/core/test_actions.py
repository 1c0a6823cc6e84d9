"""Members, keys, officers: each refusal, with nothing changed, and each limit from both sides."""

from datetime import timedelta

import pytest

from core import actions
from core.errors import DomainError, FourEyes, NotFound
from core.legal_time import legal_now
from core.models import ApiKey, HistoryLine, Membership, RoleGrant, User
from tests import make


def everything():
    """What a refused verb must leave as it was."""
    return [list(model.objects.order_by("pk").values()) for model in (Membership, RoleGrant, ApiKey, User, HistoryLine)]


def refused(verb, *args, **kwargs):
    """The codes of the verb's refusal; it changed nothing."""
    before = everything()
    with pytest.raises(DomainError) as refusal:
        verb(*args, **kwargs)
    assert everything() == before
    return [problem.code for problem in refusal.value.errors] or [refusal.value.code]


def membership(actor):
    return Membership.objects.get(user=actor.user)


@pytest.mark.parametrize("roles", [[], ["decider"], ["clerk", "auditor"]])
def test_a_member_has_roles_of_its_kind_of_organization(roles, world):
    found = refused(actions.add_member, email="a@b.example", name="A", roles=roles, by=world.exporter)
    assert found == ["unknown-role"]


def test_a_member_is_changed_to_roles_of_its_kind_only(world):
    clerk = membership(make.colleague(world.exporter, "clerk"))
    assert refused(actions.change_member, clerk.pk, roles=["decider"], by=world.exporter) == ["unknown-role"]


def test_an_officer_is_proposed_for_roles_of_the_ministry_only(world):
    m = world.ministry
    facts = {"email": "a@b.example", "name": "A", "organization_id": m.office.pk}
    assert refused(actions.propose_officer, **facts, roles=["clerk"], by=m.admin) == ["unknown-role"]
    assert refused(actions.propose_roles, membership(m.auditor).pk, roles=["clerk"], by=m.admin) == ["unknown-role"]


def test_an_address_has_one_account_whatever_its_case(world):
    taken = world.exporter.user.email.upper()
    found = refused(
        actions.propose_officer,
        email=taken,
        name="A",
        organization_id=world.ministry.office.pk,
        roles=["auditor"],
        by=world.ministry.admin,
    )
    assert found == ["already-used"]


def test_the_only_signatory_stays_and_one_of_two_may_go(world):
    member = membership(world.exporter)
    for roles in ([], ["clerk"]):
        assert refused(actions.change_member, member.pk, roles=roles, by=world.exporter) == ["last-signatory"]
    ended = make.colleague(world.exporter, "signatory")
    Membership.objects.filter(user=ended.user).update(ended_at=member.organization.created_at)
    assert refused(actions.change_member, member.pk, roles=[], by=world.exporter) == ["last-signatory"]
    make.colleague(world.exporter, "signatory")
    actions.change_member(member.pk, roles=[], by=world.exporter)
    member.refresh_from_db()
    assert member.ended_at is not None


def test_another_organizations_member_is_not_there(world):
    stranger = make.exporter(world.ministry, "Other Co., Ltd.")
    theirs = membership(make.colleague(stranger, "clerk"))
    assert refused(actions.change_member, theirs.pk, roles=["viewer"], by=world.exporter) == ["not-found"]


def test_another_organizations_key_is_not_there(world):
    stranger = make.exporter(world.ministry, "Other Co., Ltd.")
    make.key(stranger, "licenses:read")
    assert refused(actions.revoke_key, ApiKey.objects.get().pk, by=world.exporter) == ["not-found"]


def test_revoking_twice_changes_nothing(world):
    make.key(world.exporter, "licenses:read")
    actions.revoke_key(ApiKey.objects.get().pk, by=world.exporter)
    before = everything()
    actions.revoke_key(ApiKey.objects.get().pk, by=world.exporter)
    assert everything() == before


@pytest.mark.parametrize("days", [0, 366])
def test_a_key_lasts_1_to_365_days_and_no_other_number(days, world):
    found = refused(actions.create_key, name="x", scopes=["licenses:read"], days=days, by=world.exporter)
    assert found == ["out-of-range"]


@pytest.mark.parametrize("days", [1, 365])
def test_a_key_lasts_the_days_that_were_asked(days, world):
    key, _text = actions.create_key(name="x", scopes=["licenses:read"], days=days, by=world.exporter)
    assert key.expires_at - key.created_at == timedelta(days=days)


@pytest.mark.parametrize("scopes", [[], ["customs:confirm"], ["licenses:read", "admin"]])
def test_a_key_has_scopes_of_its_kind_of_organization(scopes, world):
    assert refused(actions.create_key, name="x", scopes=scopes, days=1, by=world.exporter) == ["unknown-scope"]


@pytest.fixture
def grant(world):
    """A proposal by one administrator that another officer become administrator."""
    return actions.propose_roles(membership(world.ministry.auditor).pk, roles=["admin"], by=world.ministry.admin)


def test_neither_who_proposed_nor_who_gains_confirms(world, grant):
    for by in (world.ministry.admin, world.ministry.auditor):
        with pytest.raises((FourEyes, NotFound)):
            actions.confirm_grant(grant.pk, by=by)
    assert membership(world.ministry.auditor).roles == ["auditor"]
    assert refused(actions.confirm_grant, grant.pk, by=world.ministry.admin) == ["four-eyes"]


def test_an_administrator_does_not_confirm_what_he_gains(world):
    m = world.ministry
    grant = actions.propose_roles(membership(m.other_admin).pk, roles=["admin", "auditor"], by=m.admin)
    assert refused(actions.confirm_grant, grant.pk, by=m.other_admin) == ["four-eyes"]


def test_a_grant_is_confirmed_once(world, grant):
    actions.confirm_grant(grant.pk, by=world.ministry.other_admin)
    assert refused(actions.confirm_grant, grant.pk, by=world.ministry.other_admin) == ["not-found"]


def test_a_later_proposal_drops_the_earlier(world, grant):
    actions.propose_roles(membership(world.ministry.auditor).pk, roles=["auditor"], by=world.ministry.admin)
    assert refused(actions.confirm_grant, grant.pk, by=world.ministry.other_admin) == ["not-found"]


def test_two_administrators_remain_and_the_third_may_go(world, grant):
    m = world.ministry
    leave = actions.propose_roles(membership(m.admin).pk, roles=["auditor"], by=m.admin)
    assert refused(actions.confirm_grant, leave.pk, by=m.other_admin) == ["last-admins"]
    actions.confirm_grant(grant.pk, by=m.other_admin)
    actions.confirm_grant(leave.pk, by=m.other_admin)
    assert membership(m.admin).roles == ["auditor"]


def test_proposals_for_two_officers_stand_side_by_side(world, grant):
    other = actions.propose_roles(membership(world.ministry.intake).pk, roles=["auditor"], by=world.ministry.admin)
    for proposal in (grant, other):
        actions.confirm_grant(proposal.pk, by=world.ministry.other_admin)
    assert membership(world.ministry.auditor).roles == ["admin"]
    assert membership(world.ministry.intake).roles == ["auditor"]


def test_an_administrator_who_left_is_none_who_remains(world, grant):
    m = world.ministry
    actions.confirm_grant(grant.pk, by=m.other_admin)
    Membership.objects.filter(user=m.auditor.user).update(ended_at=legal_now())
    leave = actions.propose_roles(membership(m.admin).pk, roles=["auditor"], by=m.admin)
    assert refused(actions.confirm_grant, leave.pk, by=m.other_admin) == ["last-admins"]


def test_roles_of_others_are_confirmed_while_one_administrator_is_left(world):
    m = world.ministry
    change = actions.propose_roles(membership(m.auditor).pk, roles=["reviewer"], by=m.admin)
    Membership.objects.filter(user=m.admin.user).update(ended_at=legal_now())
    actions.confirm_grant(change.pk, by=m.other_admin)
    assert membership(m.auditor).roles == ["reviewer"]


FIRST = [("a@m.example", "A", ["admin"]), ("b@m.example", "B", ["admin"])]


def test_the_first_officers_are_two_administrators_at_least(db):
    names = {"name_en": "Bureau", "name_zh": "局"}
    assert refused(actions.first_officers, **names, officers=FIRST[:1]) == ["too-few-admins"]
    actions.first_officers(**names, officers=FIRST)
    assert HistoryLine.objects.get(verb="bootstrap").actor.email == FIRST[0][0]
    third = [("c@m.example", "C", ["admin"]), ("d@m.example", "D", ["admin"])]
    assert refused(actions.first_officers, **names, officers=third) == ["already-bootstrapped"]
