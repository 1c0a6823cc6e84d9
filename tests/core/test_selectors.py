"""What each list of the ground holds, and whose it is."""

from dataclasses import replace

import pytest
from django.db import transaction

from core import actions, history, selectors
from core.access import NOBODY
from core.errors import Forbidden, NotFound, WrongState
from core.history import move
from core.models import Document, HistoryLine, Membership, RoleGrant, User
from licensing.actions import applications, receipts
from licensing.models import Application, License
from shipments.models import Shipment
from tests import make
from tests.make import seen


@pytest.fixture
def stranger(world):
    return make.exporter(world.ministry, "Other Co., Ltd.")


def test_a_team_is_the_people_of_one_organization_who_have_come(world, stranger):
    make.key(world.exporter, "licenses:read")
    actions.add_member(email="invited@example.cn", name="Li Na", roles=["clerk"], by=world.exporter)
    found = {row.user_id for row in selectors.members_of(world.exporter)}
    assert found == {world.exporter.user.pk}


def test_whoever_is_invited_is_so_by_one_organization(world, stranger):
    actions.add_member(email="invited@example.cn", name="Li Na", roles=["clerk"], by=world.exporter)
    came = make.colleague(world.exporter, "clerk").user
    actions.add_member(email="came@example.cn", name="Wu Bo", roles=["clerk"], by=world.exporter)
    User.objects.filter(pk=came.pk).update(email="came@example.cn")
    assert [row.email for row in selectors.invitations_of(world.exporter)] == ["invited@example.cn"]
    assert selectors.invitations_of(stranger) == []


def test_each_sees_the_keys_of_his_own_organization(world, stranger):
    make.key(world.exporter, "licenses:read")
    assert [key.organization for key in selectors.keys_of(world.exporter)] == [world.exporter.organization]
    for actor in (stranger, world.customs, world.ministry.decider, world.ministry.admin):
        assert not selectors.keys_of(actor).exists()


def test_officers_are_people_of_the_ministry_and_of_customs(world):
    make.key(world.customs, "customs:confirm")
    found = selectors.officers(world.ministry.admin)
    assert {row.organization.kind for row in found} == {"ministry", "customs"}
    assert {row.user.nature for row in found} == {"person"}
    assert {office.kind for office in selectors.offices(world.ministry.admin)} == {"ministry", "customs"}


def test_nobody_of_a_company_is_made_an_officer(world):
    m, clerk = world.ministry, Membership.objects.get(user=world.exporter.user)
    company = world.exporter.organization_id
    before = HistoryLine.objects.count()
    with pytest.raises(NotFound):
        actions.propose_roles(clerk.pk, roles=["decider"], by=m.admin)
    with pytest.raises(NotFound):
        actions.propose_officer(
            email="x@example.cn", name="X", organization_id=company, roles=["signatory"], by=m.admin
        )
    assert not RoleGrant.objects.exists()
    assert HistoryLine.objects.count() == before


@pytest.mark.parametrize("mine", [True, False])
def test_a_company_has_its_own_documents(mine, world, stranger):
    world.application()
    found = selectors.documents_for(world.exporter if mine else stranger)
    theirs = Document.objects.filter(organization=world.exporter.organization)
    assert found.filter(pk__in=theirs).count() == (theirs.count() if mine else 0)
    assert not selectors.documents_for(NOBODY).exists()


def test_a_rows_history_is_its_own(world):
    license = world.license(kilograms=1)
    assert (history.version(license), history.lines_of(license).count()) == (1, 1)
    for other in (Shipment(pk=license.pk), License(pk=license.pk + 1)):
        assert (history.version(other), history.lines_of(other).count()) == (0, 0)


def test_a_move_asks_by_itself_who_makes_it_and_from_where(world):
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    row = Application.objects.get(ref=ref)
    with pytest.raises(Forbidden), transaction.atomic():
        move(row.accept, by=world.ministry.auditor)
    receipts.accept(ref, by=world.ministry.intake)
    row = Application.objects.get(ref=ref)
    with pytest.raises(WrongState), transaction.atomic():
        move(row.accept, by=world.ministry.intake)


def test_a_verb_that_looks_at_nothing_else_looks_at_role_and_state(world):
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    before = HistoryLine.objects.count()
    with pytest.raises(Forbidden):
        receipts.accept(ref, by=replace(world.ministry.reviewer, roles=frozenset({"auditor"})))
    receipts.accept(ref, by=world.ministry.intake)
    with pytest.raises(WrongState):
        receipts.accept(ref, by=world.ministry.intake)
    assert HistoryLine.objects.count() == before + 1
