"""Customs declares what is reserved on a replaced license while its successor is suspended, in every order of their
trips."""

from datetime import timedelta

import pytest

from core.history import lines_of
from core.legal_time import legal_now
from licensing.actions import licenses, standing
from licensing.models import Suspension
from shipments.actions import receive, reservations
from shipments.models import Incident
from tests.interleave import Player, in_turn, outcomes
from tests.licensing.test_amendments import replaced
from tests.make import seen
from tests.rewind import Rewound
from tests.shipments.test_bulk_races import world
from tests.shipments.test_races import dsn

__all__ = ["world"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
KG = 1000
LAWFUL = {(True, 1), (False, 0)}  # suspended before it was heard of: an incident; else none


@pytest.fixture
def player(transactional_db):
    with Player(2, **dsn()).lasting() as player:
        yield player


@pytest.fixture
def scene(world):
    """Both verbs; whether the cause was opened before customs was heard, and how many incidents that opened."""
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 10 * KG)
    new = replaced(world, license, 80)
    version = seen(new.ref)
    standing.clock()
    rewound = Rewound()
    rewound.clock_from(legal_now())
    message = world.message(shipment.ref, "declared", declared_at=legal_now() + timedelta(minutes=5))

    def suspended():
        licenses.suspend(new.ref, seen=version, reason="Inspection", by=world.ministry.decider)

    def declared():
        receive(message, by=world.customs)

    def played(player, choose):
        rewound.back()
        made = player.play([suspended, declared], choose)
        if any(lane.wrong for lane in player.lanes):
            return made, ("stuck",)
        heard = lines_of(shipment).get(verb="declare").at
        return made, (Suspension.objects.get().opened_at < heard, Incident.objects.count())

    yield played
    rewound.end()


def test_what_is_declared_knows_each_cause_that_is_older(scene, player):
    assert {scene(player, in_turn(*order))[1] for order in ((0, 1), (1, 0))} == LAWFUL
    assert set(outcomes(scene, player, 20)) <= LAWFUL


def test_twin_its_successor_is_not_held(scene, player, monkeypatch):
    monkeypatch.setattr(reservations, "_lock_after", lambda license: None)
    assert (True, 0) in outcomes(scene, player, 40)
