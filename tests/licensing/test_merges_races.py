"""The same cases are merged in two tabs, in every order of their round trips."""

import pytest

from core.legal_time import legal_now
from licensing.actions import applications, merges
from licensing.models import Application, Kind
from tests.interleave import Player, in_turn, outcomes
from tests.make import colleague, seen
from tests.rewind import Rewound
from tests.shipments.test_bulk_races import world
from tests.shipments.test_races import dsn

__all__ = ["world"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def player(transactional_db):
    with Player(2, **dsn()).lasting() as player:
        yield player


@pytest.fixture
def scene(world):
    """Two merge the same; what stands afterwards: how many drafts there are, and how many were told of another one."""
    by, refs = world.exporter, []
    for _ in range(2):
        refs.append(world.application(kind="per_shipment", kilograms=100))
        applications.submit(refs[-1], seen=seen(refs[-1]), by=by)
    other, rewound = colleague(by, "clerk"), Rewound()
    rewound.clock_from(legal_now())
    verbs = [lambda: merges.merge(refs, by=by).ref, lambda: merges.merge(refs[::-1], by=other).ref]

    def played(player, choose):
        rewound.back()
        made = player.play(verbs, choose)
        assert [lane.wrong for lane in player.lanes] == [[], []]
        refused = [lane.said for lane in player.lanes if not str(lane.said).startswith(Application.PREFIX)]
        return made, (Application.objects.filter(kind=Kind.ANNUAL).count(), len(refused))

    yield played
    rewound.end()


def test_cases_that_are_merged_at_once_are_one_draft(scene, player):
    assert {scene(player, in_turn(*order))[1] for order in ((0, 1), (1, 0))} == {(1, 1)}
    assert set(outcomes(scene, player, 20)) == {(1, 1)}


def test_twin_cases_are_not_locked(scene, player, monkeypatch):
    """Both find that nobody merged them, and both leave a draft."""
    monkeypatch.setattr(merges, "lock_all", list)
    assert (2, 0) in outcomes(scene, player, 40)
