"""A company is stopped, or punished by the end of a license, while what lets it file for annual ones is granted or
renewed, in every order of their round trips: it may not file afterwards."""

from datetime import timedelta

import pytest

from core.errors import DomainError
from core.legal_time import legal_now, legal_today
from exporters.models import Qualification, qualified_on
from licensing.actions import revocations, standing
from shipments.actions import qualifications
from tests import make
from tests.interleave import Player, in_turn, outcomes
from tests.make import annual_seen, seen
from tests.rewind import Rewound
from tests.shipments.test_bulk_races import world
from tests.shipments.test_races import dsn

__all__ = ["world"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def player(transactional_db):
    with Player(2, **dsn()).lasting() as player:
        yield player


def barred(world, pk):
    """It asked; that it is barred waits for the second officer."""
    make.stopped(world)
    make.reinstated(world)
    qualifications.ask(seen=annual_seen(pk), by=world.exporter)
    make.bar_proposed(world)
    version = seen(pk)
    return "grant", lambda by: standing.bar(pk, seen=version, by=by)


def ending(pk):
    """In its last days."""
    Qualification.objects.filter(pk=pk).update(last_day=legal_today() + timedelta(days=30))


def suspended(world, pk):
    ending(pk)
    said = {"seen": seen(pk), "number": "7", "provision": "p", "reason": "x"}
    return "renew", lambda by: standing.suspend(pk, **said, by=by)


def punished(world, pk):
    ending(pk)
    license = world.license(kilograms=100)
    make.end_proposed(world, license, **make.heard())
    version = seen(license.ref)
    return "renew", lambda by: revocations.revoke(license.ref, seen=version, by=by)


LAWFUL = {  # what both were told, where it stands, and whether it may file today
    barred: {("done", "done", "lapsed", False), ("done", "exporter-not-active", "asked", False)},
    suspended: {("done", "done", "lapsed", False), ("done", "wrong-state", "lapsed", False)},
    punished: {("done", "done", "lapsed", False), ("done", "wrong-state", "lapsed", False)},
}


@pytest.fixture
def scene(world, request):
    m, pk = world.ministry, world.exporter.organization_id
    name, stop = request.param(world, pk)
    standing.clock()
    answers, rewound, version = ["", ""], Rewound(), annual_seen(pk)
    rewound.clock_from(legal_now())

    def told(lane, verb):
        def done():
            try:
                verb()
                answers[lane] = "done"
            except DomainError as refusal:
                answers[lane] = refusal.code

        return done

    def says_yes():
        getattr(qualifications, name)(pk, seen=version, papers_seen=True, by=m.decider)

    def played(player, choose):
        rewound.back()
        made = player.play([told(0, lambda: stop(m.other_decider)), told(1, says_yes)], choose)
        row = Qualification.objects.get(pk=pk)
        good = qualified_on(legal_today(), last_day=row.last_day)
        stuck = any(lane.wrong for lane in player.lanes)
        return made, ("stuck",) if stuck else (*answers, row.state, good)

    played.lawful = LAWFUL[request.param]
    yield played
    rewound.end()


EACH = pytest.mark.parametrize("scene", [barred, suspended, punished], indirect=True)


@EACH
def test_whoever_is_stopped_meanwhile_may_not_file_for_annual_licenses(scene, player):
    assert {scene(player, in_turn(*order))[1] for order in ((0, 1), (1, 0))} == scene.lawful
    assert set(outcomes(scene, player, 20)) <= scene.lawful


@EACH
def test_twin_nobody_holds_what_is_granted_and_it_is_good_or_stuck(scene, player, monkeypatch):
    monkeypatch.setattr(qualifications, "lock", lambda rows, **named: rows.get(**named))
    assert not set(outcomes(scene, player, 40)) <= scene.lawful
