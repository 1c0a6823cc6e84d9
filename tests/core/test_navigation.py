"""The main menu: whose work is counted."""

import pytest
from django.test import RequestFactory

from core import actions
from core.models import Membership, Role
from core.navigation import entries, first_page
from core.selectors import grants_to_confirm
from licensing.actions import applications, decisions
from tests import make
from tests.make import seen

COUNTED = {
    "intake": {"/desk/exporters/": 1},
    "reviewer": {"/desk/": 1, "/desk/declarations/": 1},
    "decider": {"/desk/countersign/": 1, "/desk/proposals/": 1},
    "admin": {"/officers/": 1},
    "other_admin": {},
    "auditor": {},
}


@pytest.mark.parametrize("role", COUNTED)
def test_each_officer_has_badges_of_his_own_work_and_the_auditor_has_none(role, world):
    m = world.ministry
    ref = world.under_review(world.application())
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    world.under_review(world.application())
    sent = world.application()
    applications.submit(sent, seen=seen(sent), by=world.exporter)
    world.declaration(verified=False)
    make.end_proposed(world, world.license(kilograms=1), m.other_decider)
    own = Membership.objects.get(user=m.auditor.user)
    actions.propose_roles(own.pk, roles=["intake"], by=m.other_admin)
    waiting = make.exporter(name="Other Co., Ltd.")
    make.demo.send_company(waiting)
    menu = entries(RequestFactory().get("/account/"), getattr(m, role))
    assert {entry["url"]: entry["count"] for entry in menu if entry["count"]} == COUNTED[role]


def test_grants_are_counted_for_whoever_may_confirm_them(world):
    """Neither for whoever proposed one, nor for whom it is about."""
    m = world.ministry
    third = make.demo.person("third@example.cn", "Third", m.office, Role.ADMIN)
    for admin, by in ((m.other_admin, m.admin), (m.auditor, third)):
        actions.propose_roles(Membership.objects.get(user=admin.user).pk, roles=["auditor"], by=by)
    assert [grants_to_confirm(admin).count() for admin in (m.admin, m.other_admin, third)] == [1, 1, 1]


@pytest.mark.parametrize("role", ["intake", "reviewer", "auditor"])
def test_whose_work_lies_in_the_queue_begins_there_whatever_waits_elsewhere(role, world):
    """A company waits for intake, whose cases to accept stand in the queue, a declaration for the reviewer."""
    make.demo.send_company(make.exporter(name="Other Co., Ltd."))
    world.declaration(verified=False)
    assert first_page(RequestFactory().get("/"), getattr(world.ministry, role)) == "/desk/"
