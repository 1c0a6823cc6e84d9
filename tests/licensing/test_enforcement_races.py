"""Licenses are suspended by what they name while one of them is suspended by itself, in every order of their trips."""

import pytest

from core.errors import DomainError
from core.legal_time import legal_now
from licensing.actions import enforcement, licenses, standing
from licensing.models import Suspension
from licensing.selectors.enforcement import Query
from tests.interleave import Player, in_turn, outcomes
from tests.licensing.test_enforcement import shown
from tests.make import seen
from tests.rewind import Rewound
from tests.shipments.test_bulk_races import world
from tests.shipments.test_races import dsn

__all__ = ["world"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
QUERY = Query(item="item:1C905.a.4")
LAWFUL = {("stopped", "stale", 2), ("stale", "stopped", 1)}  # the query hits two licenses


@pytest.fixture
def player(transactional_db):
    with Player(2, **dsn()).lasting() as player:
        yield player


def said(verb):
    try:
        verb()
    except DomainError as refusal:
        return refusal.code
    return "stopped"


@pytest.fixture
def scene(world):
    """Both verbs, on what both officers saw before; what each was told, and how many causes are open then."""
    first, _ = world.license(kilograms=100), world.license(kilograms=100)
    standing.clock()
    m, answers, rewound = world.ministry, ["", ""], Rewound()
    rewound.clock_from(legal_now())
    was, version = shown(QUERY, m.decider), seen(first.ref)

    def by_query():
        answers[0] = said(lambda: enforcement.suspend(QUERY, shown=was, reason="x", by=m.decider))

    def alone():
        answers[1] = said(lambda: licenses.suspend(first.ref, seen=version, reason="x", by=m.other_decider))

    def played(player, choose):
        rewound.back()
        made = player.play([by_query, alone], choose)
        stuck = any(lane.wrong for lane in player.lanes)
        return made, ("stuck",) if stuck else (*answers, Suspension.objects.filter(ended_at=None).count())

    yield played
    rewound.end()


def test_a_license_that_is_suspended_meanwhile_is_not_as_it_was_shown(scene, player):
    assert {scene(player, in_turn(*order))[1] for order in ((0, 1), (1, 0))} == LAWFUL
    assert set(outcomes(scene, player, 20)) == LAWFUL


def test_twin_nothing_is_held_while_it_is_looked_at(scene, player, monkeypatch):
    """Both find what they saw: the license has two causes, or each waits for what the other holds."""
    monkeypatch.setattr(enforcement, "lock_all", lambda rows: list(rows))
    assert any(one not in LAWFUL for one in outcomes(scene, player, 40))
