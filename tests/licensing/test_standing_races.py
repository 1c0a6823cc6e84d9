"""A company is suspended while a license of it is issued, in every order of their round trips."""

import pytest

from core.legal_time import legal_now
from licensing.actions import decisions, standing
from licensing.models import Application, License
from tests.interleave import Player, in_turn, outcomes
from tests.make import seen
from tests.rewind import Rewound
from tests.shipments.test_bulk_races import world
from tests.shipments.test_races import dsn

__all__ = ["world"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LAWFUL = {("suspended", "issued", "suspended"), ("suspended", "approved", None)}


@pytest.fixture
def player(transactional_db):
    with Player(2, **dsn()).lasting() as player:
        yield player


@pytest.fixture
def scene(world):
    """Issue and suspend, and what stands when both have ended: the account, the case, its license."""
    ref = world.under_review(world.application(by_whom=[world.declaration()]))
    decisions.recommend(ref, seen=seen(ref), outcome="approve", months=12, by=world.ministry.reviewer)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    standing.clock()
    pk, rewound = world.exporter.organization_id, Rewound()
    rewound.clock_from(legal_now())
    case, company, m = seen(ref), seen(pk), world.ministry
    verbs = [
        lambda: decisions.issue(ref, seen=case, by=m.decider).ref,
        lambda: standing.suspend(pk, seen=company, number="7", provision="p", reason="x", by=m.other_decider).state,
    ]

    def played(player, choose):
        rewound.back()
        made = player.play(verbs, choose)
        assert [lane.wrong for lane in player.lanes] == [[], []]
        license = License.objects.filter(exporter=pk).first()
        row = Application.objects.select_related("exporter").get(ref=ref)
        return made, (row.exporter.state, row.state, license and license.state)

    yield played
    rewound.end()


def test_a_license_that_is_issued_meanwhile_is_suspended_or_is_not_issued(scene, player):
    assert {scene(player, in_turn(*order))[1] for order in ((0, 1), (1, 0))} == LAWFUL
    assert set(outcomes(scene, player, 20)) == LAWFUL


def test_twin_issue_does_not_hold_the_company(scene, player, monkeypatch):
    """It reads the account as active, and its license stays in force while the company is suspended."""

    def only_the_case(ref, by):
        return decisions.lock(decisions.applications_for(by), ref=ref)

    monkeypatch.setattr(decisions, "lock_with_exporter", only_the_case)
    assert ("suspended", "issued", "active") in outcomes(scene, player, 40)
