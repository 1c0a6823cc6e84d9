"""A hit is resolved on a license while another license of the same party is issued, in every order of their round
trips."""

import pytest

from config.local import demo
from core.errors import DomainError
from core.legal_time import legal_now
from licensing.actions import decisions, screenings
from licensing.models import Application, License
from tests.interleave import Player, in_turn, outcomes
from tests.make import seen
from tests.rewind import Rewound
from tests.shipments.test_bulk_races import world
from tests.shipments.test_races import dsn
from tests.ticks import tick

__all__ = ["world"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LAWFUL = {("suspended", "suspended"), ("suspended", "")}


@pytest.fixture
def player(transactional_db):
    with Player(2, **dsn()).lasting() as player:
        yield player


@pytest.fixture
def scene(world):
    """That the party is on the control list is recorded on its license, while what was approved knowing that it is on
    the watch list is issued; the states of both licenses after that."""
    m, old = world.ministry, world.license(kilograms=100)
    named = old.end_users.get()
    ref = world.application(kind="per_shipment", kilograms=100, by_whom=[named.declaration])
    for paper in ("risk_assessment_report", "compliance_undertaking"):
        demo.paper(world.exporter, ref, paper)
    demo.screened(world.under_review(ref), m.reviewer, hit="watch_list", reason="Entry 3")
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), acknowledged=tick(ref), by=m.decider)
    rewound = Rewound()
    rewound.clock_from(legal_now())
    case, license, ticked = seen(ref), seen(old.ref), tick(ref)
    found = {"end_user": named.pk, "hit": "control_list", "list_version": "v", "reason": "Entry 4"}
    verbs = [
        lambda: screenings.resolve(old.ref, seen=license, by=m.reviewer, **found).ref,
        lambda: issued(ref, case, ticked, m.decider),
    ]

    def played(player, choose):
        rewound.back()
        made = player.play(verbs, choose)
        assert [lane.wrong for lane in player.lanes] == [[], []]
        new = License.objects.filter(application=Application.objects.get(ref=ref)).first()
        return made, (License.objects.get(pk=old.pk).state, new.state if new else "")

    yield played
    rewound.end()


def issued(ref, case, ticked, by):
    try:
        return decisions.issue(ref, seen=case, acknowledged=ticked, by=by).ref
    except DomainError as refusal:
        return refusal.code


def test_what_is_issued_meanwhile_is_closed_or_is_not_issued(scene, player):
    assert {scene(player, in_turn(*order))[1] for order in ((0, 1), (1, 0))} == LAWFUL
    assert set(outcomes(scene, player, 20)) <= LAWFUL


def test_twin_resolve_does_not_hold_the_company(scene, player, monkeypatch):
    """What is issued meanwhile is missed, and serves whoever is on the control list."""
    monkeypatch.setattr(screenings, "lock", lambda rows: rows.get())
    assert ("suspended", "active") in outcomes(scene, player, 40)
